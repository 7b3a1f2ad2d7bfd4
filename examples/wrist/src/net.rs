//! The network, and what trains of it.

use core::borrow::BorrowMut;
use flatmin::layout::{Segment, filters};
use flatmin::nn::{self, Bias, Conv1d, Dense, Frozen, MeanTime, Network, Relu};
use flatmin::residual::usual_len;

/// What lies below the last layer.
type Below<Lower> = nn::seq!(
    Conv1d<CHANNELS, FRAMES, 5, 2, 16, Lower>,
    Relu<480>,
    Conv1d<16, 30, 5, 2, 16, Lower>,
    Relu<208>,
    MeanTime<13, 16>
);
/// Two convolutions, the mean over time and a dense layer: 1,911 weights.
type Of<Lower, Upper> = nn::seq!(Below<Lower>, Dense<16, CLASSES, Upper>);
/// The last layer alone.
pub type Head = Dense<16, CLASSES>;
/// What lies below it, frozen.
pub type Body = Below<Frozen>;
/// Everything trains.
pub type All = Of<nn::All, nn::All>;
/// The last layer trains.
pub type Last = Of<Frozen, nn::All>;
/// The biases train.
pub type Biases = Of<Bias, Bias>;

/// Acceleration and angular rate along three axes.
pub const CHANNELS: usize = 6;
/// Frames of a window: 2.56 s at 25 Hz.
pub const FRAMES: usize = 64;
/// Values of a window.
pub const WINDOW: usize = FRAMES * CHANNELS;
/// Exercises.
pub const CLASSES: usize = 7;

/// A vector of fixed length.
pub trait Vector: BorrowMut<[f32]> + 'static {
    /// Full of zeros.
    const ZEROS: Self;
}

impl<const N: usize> Vector for [f32; N] {
    const ZEROS: Self = [0.0; N];
}

/// A network with its memory: what cannot be written as `[f32; N::TRAINABLE]` in generic code.
pub trait Model: Network + 'static {
    /// What trains.
    const NAME: &'static str;
    /// The layout of what trains.
    const LAYOUT: &'static [Segment];
    /// As long as what trains.
    type Weights: Vector;
    /// As long as what does not.
    type Frozen: Vector;
    /// A value a filter.
    type Filters: Vector;
    /// What restores weights without a copy; see [`flatmin::residual`].
    type Residual: Vector;
    /// The activations.
    type Acts: Vector;
}

macro_rules! model {
    ($net:ty, $name:literal) => {
        impl Model for $net {
            const NAME: &'static str = $name;
            const LAYOUT: &'static [Segment] = &nn::segments::<Self, { <Self as Network>::SEGMENTS }>();
            type Weights = [f32; <Self as Network>::TRAINABLE];
            type Frozen = [f32; <Self as Network>::FROZEN];
            type Filters = [f32; filters(&nn::segments::<Self, { <Self as Network>::SEGMENTS }>())];
            type Residual = [f32; usual_len(<Self as Network>::TRAINABLE)];
            type Acts = [f32; <Self as Network>::ACTS];
        }
    };
}

model!(All, "all");
model!(Last, "last");
model!(Biases, "bias");

const _: () = assert!(All::PARAMS == 1_911 && Last::TRAINABLE == 119 && Biases::TRAINABLE == 39);
