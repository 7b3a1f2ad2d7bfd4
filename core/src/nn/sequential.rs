//! Networks: one layer after the other.

use core::marker::PhantomData;
use core::ops::Range;

use super::activation::Activation;
use super::layer::{Layer, Work};
use super::memory::{Memory, Place};
use super::params::Tensors;
use super::pass::Stage;

/// A network: a single [`Layer`], or a [`Seq`] of a network and one more layer.
///
/// All shapes and costs are constants of the type; `[0.0; Net::ACTS]` is a buffer.
pub trait Network {
    /// Floats in a sample.
    const IN: usize;
    /// Floats in the output: the number of classes.
    const OUT: usize;
    /// Number of layers.
    const LAYERS: usize;
    /// All parameters, in order.
    const TENSORS: Tensors;
    /// Floats in the trainable vector.
    const TRAINABLE: usize = Self::TENSORS.floats(true);
    /// Floats in the frozen vector.
    const FROZEN: usize = Self::TENSORS.floats(false);
    /// Floats in both.
    const PARAMS: usize = Self::TRAINABLE + Self::FROZEN;
    /// Tensors in the trainable vector, see [`segments`](super::segments).
    const SEGMENTS: usize = Self::TENSORS.count(true);
    /// Whether anything trains.
    const TRAINS: bool = Self::TRAINABLE > 0;
    /// Floats of activations.
    const ACTS: usize;
    /// Floats of activations that must outlive the forward pass.
    const LIVE: usize;
    /// Where the output lies in the activations.
    const OUTPUT: Place;
    /// The function applied in place to the output.
    const ACTIVATION: Activation;
    /// Units of one gradient: forward, the loss (one unit), backward.
    const UNITS: usize;
    /// Cost of the largest unit, in multiply-adds (an element operation counts as one).
    const MAX_UNIT: usize;
    /// Multiply-adds of the forward pass.
    const MACS: usize;
    /// Multiply-adds of the backward pass.
    const BACKWARD_MACS: usize;

    /// Number of units of a stage of a layer.
    fn units(stage: Stage, layer: usize) -> usize;

    /// Does some units of a stage of a layer.
    fn run(stage: Stage, layer: usize, units: Range<usize>, memory: &mut Memory<'_>);
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl<L: Layer> Network for L {
    const IN: usize = {
        assert!(L::ACTIVATION.is_identity(), "an activation works in place on a layer before it");
        L::INPUTS
    };
    const OUT: usize = L::OUTPUTS;
    const LAYERS: usize = 1;
    const TENSORS: Tensors = Tensors::NONE.then(L::TENSORS);
    const ACTS: usize = L::OUTPUTS;
    const LIVE: usize = L::OUTPUTS;
    const OUTPUT: Place = Place::first(L::OUTPUTS);
    const ACTIVATION: Activation = L::ACTIVATION;
    const UNITS: usize = L::FORWARD.units + 1 + L::GRADIENT.units;
    const MAX_UNIT: usize = max(L::OUTPUTS, max(L::FORWARD.largest, L::GRADIENT.largest));
    const MACS: usize = L::FORWARD.macs;
    const BACKWARD_MACS: usize = L::GRADIENT.macs;

    #[inline]
    fn units(stage: Stage, _: usize) -> usize {
        match stage {
            Stage::Forward => L::FORWARD.units,
            Stage::Gradient => L::GRADIENT.units,
            _ => 0,
        }
    }

    #[inline]
    fn run(stage: Stage, _: usize, units: Range<usize>, m: &mut Memory<'_>) {
        let Some(params) = m.params(0..Self::TRAINABLE, 0..Self::FROZEN) else { return };
        let Some(y) = Self::OUTPUT.of_mut(m.acts) else { return };
        match stage {
            Stage::Forward => L::forward(units, params, m.x, y),
            Stage::Gradient if L::GRADIENT.units > 0 => {
                if let Some(g) = m.g.get_mut(..Self::TRAINABLE) {
                    L::gradient(units, m.x, y, g);
                }
            }
            _ => {}
        }
    }
}

/// Network `A`, then layer `B`. Write [`seq!`](crate::nn::seq) instead of nesting by hand.
///
/// Shapes are checked when the program is compiled:
///
/// ```compile_fail,E0080
/// use flatmin::nn::{Dense, Network, seq};
/// type Net = seq!(Dense<4, 8>, Dense<9, 3>); // layer shapes do not meet
/// const OUT: usize = Net::OUT;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seq<A, B>(PhantomData<(A, B)>);

impl<A: Network, B: Layer> Seq<A, B> {
    /// `B` overwrites the output of `A` by its own.
    const IN_PLACE: bool = !B::ACTIVATION.is_identity();
    /// The work of the input gradient of `B`, which is wanted only if `A` trains.
    const INPUT_GRADIENT: Work = if A::TRAINS { B::INPUT_GRADIENT } else { Work::NONE };
}

impl<A: Network, B: Layer> Network for Seq<A, B> {
    const IN: usize = A::IN;
    const OUT: usize = {
        assert!(A::OUT == B::INPUTS, "layer shapes do not meet");
        B::OUTPUTS
    };
    const LAYERS: usize = A::LAYERS + 1;
    const TENSORS: Tensors = A::TENSORS.then(B::TENSORS);
    const ACTS: usize = max(A::ACTS, Self::LIVE);
    const LIVE: usize = match (Self::IN_PLACE, A::TRAINS) {
        (true, _) => A::LIVE,
        (false, true) => A::LIVE + B::OUTPUTS,
        (false, false) => A::OUT + B::OUTPUTS,
    };
    const OUTPUT: Place = match (Self::IN_PLACE, A::TRAINS) {
        (true, _) => A::OUTPUT,
        (false, true) => A::OUTPUT.beside(B::OUTPUTS),
        (false, false) => A::OUTPUT.opposite(B::OUTPUTS),
    };
    const ACTIVATION: Activation = {
        assert!(
            A::ACTIVATION.is_identity() || B::ACTIVATION.is_identity(),
            "of two activations in a row the first could not be differentiated"
        );
        B::ACTIVATION
    };
    const UNITS: usize = A::UNITS + B::FORWARD.units + B::GRADIENT.units + Self::INPUT_GRADIENT.units;
    const MAX_UNIT: usize = max(
        max(max(A::MAX_UNIT, B::OUTPUTS), B::FORWARD.largest),
        max(B::GRADIENT.largest, Self::INPUT_GRADIENT.largest),
    );
    const MACS: usize = A::MACS + B::FORWARD.macs;
    const BACKWARD_MACS: usize = A::BACKWARD_MACS + B::GRADIENT.macs + Self::INPUT_GRADIENT.macs;

    #[inline]
    fn units(stage: Stage, layer: usize) -> usize {
        match stage {
            _ if layer < A::LAYERS => A::units(stage, layer),
            Stage::Forward => B::FORWARD.units,
            Stage::Gradient => B::GRADIENT.units,
            Stage::InputGradient => Self::INPUT_GRADIENT.units,
            Stage::Loss | Stage::Done => 0,
        }
    }

    #[inline]
    fn run(stage: Stage, layer: usize, units: Range<usize>, m: &mut Memory<'_>) {
        if layer < A::LAYERS {
            return A::run(stage, layer, units, m);
        }
        let Some(params) = m.params(A::TRAINABLE..Self::TRAINABLE, A::FROZEN..Self::FROZEN) else { return };
        if Self::IN_PLACE {
            if let (Stage::Forward, Some(y)) = (stage, Self::OUTPUT.of_mut(m.acts)) {
                B::forward(units, params, &[], y);
            }
            return;
        }
        let Some((x, y)) = A::OUTPUT.pair(Self::OUTPUT, m.acts) else { return };
        match stage {
            Stage::Forward => B::forward(units, params, x, y),
            Stage::Gradient if B::GRADIENT.units > 0 => {
                if let Some(g) = m.g.get_mut(A::TRAINABLE..Self::TRAINABLE) {
                    B::gradient(units, x, y, g);
                }
            }
            Stage::InputGradient if A::TRAINS => B::input_gradient(units, params, y, x, A::ACTIVATION),
            _ => {}
        }
    }
}

/// The type of a network from the types of its layers, first layer first.
///
/// ```
/// use flatmin::nn::{Dense, Network, Relu, seq};
/// type Net = seq!(Dense<64, 32>, Relu<32>, Dense<32, 10>);
/// assert_eq!((Net::IN, Net::OUT, Net::TRAINABLE, Net::ACTS), (64, 10, 2410, 42));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __nn_seq {
    ($net:ty $(,)?) => { $net };
    ($a:ty, $b:ty $(, $more:ty)* $(,)?) => { $crate::nn::seq!($crate::nn::Seq<$a, $b> $(, $more)*) };
}
