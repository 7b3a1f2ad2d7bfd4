//! The networks that the simulator trains, behind one object-safe trait.
//!
//! All are `core` network types, so what is trained here is what firmware trains: same bits, same memory, same
//! multiply-accumulates.

mod digits;
mod fmnist;
mod init;
mod network;
mod workspace;
mod wrist;

pub use init::initial;
pub use workspace::{Example, Lesson, Workspace, answer};

use crate::finetune::Scope;
use flatmin::backend::Cpu;
use flatmin::bill::Shape;
use flatmin::layout::Segment;
use flatmin::nn::{self, Target};
use flatmin_gpu::nn::Layer;

/// Which network is personalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Net {
    /// An MLP 64-32-10 for 8x8 digits: 2,410 weights.
    Digits,
    /// A 1D-CNN for 64 frames of 6 channels: two convolutions of 16 filters (5 taps, stride 2), the mean over time
    /// and 7 outputs; 1,911 weights.
    Wrist,
}

/// A network that a device may train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    /// [`Net::Wrist`].
    Wrist,
    /// [`Net::Digits`].
    Digits,
    /// The CNN of [`fmnist`].
    Fmnist,
}

impl Trained {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Wrist, Self::Digits, Self::Fmnist];

    /// Its name on the command line and in the ledger: that of its module.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wrist => "wrist",
            Self::Digits => "digits",
            Self::Fmnist => "fmnist",
        }
    }

    /// The network of which `scope` trains.
    pub fn model(self, scope: Scope) -> &'static dyn Model {
        match self {
            Self::Wrist => model(Net::Wrist, scope),
            Self::Digits => model(Net::Digits, scope),
            Self::Fmnist => fmnist_of(scope),
        }
    }
}

/// Memory and work of a network under a scope, and its evaluation on one sample.
///
/// A full vector holds all parameters in layer order, weights before bias. [`split`](Model::split) cuts it into the
/// vector that trains (`w`) and the one that may stay in flash (`frozen`).
pub trait Model: Sync {
    /// Its name, such as `digits MLP`.
    fn name(&self) -> &'static str;
    /// Floats of an input.
    fn inputs(&self) -> usize;
    /// Number of classes.
    fn classes(&self) -> usize;
    /// Floats of the full vector.
    fn params(&self) -> usize;
    /// Floats of the vector that trains.
    fn trainable(&self) -> usize;
    /// Layout of the vector that trains.
    fn segments(&self) -> &'static [Segment];
    /// Multiply-accumulates of one sample's gradient: those of the forward pass, of the weight gradients and of the
    /// input gradients down to the lowest layer that trains. Bias additions, activation functions, the mean over
    /// time and the softmax are not counted.
    fn macs(&self) -> u64;
    /// Floats of activations; gradients of activations are written over them.
    fn activations(&self) -> usize;
    /// What memory needs to know of it.
    fn shape(&self) -> Shape;

    /// Its frozen layers and the rest, where nothing below the lowest trainable layer trains and there is something to keep:
    /// what [`Features`](flatmin::tune::Features) of a sample are, and what trains on them.
    fn halves(&self) -> Option<Halves>;

    /// Its layers, as a GPU takes them.
    fn layers(&self) -> Vec<Layer>;
    /// CRC-32 of the shape, whatever the scope: what a model blob must carry.
    fn layout_hash(&self) -> u32;

    /// The loss of input `x` against `target`; adds `scale` times its gradient to `g`.
    ///
    /// # Errors
    /// When a slice has the wrong length or the target does not fit.
    fn gradient(
        &self,
        cpu: Cpu,
        x: &[f32],
        target: Target<'_>,
        scale: f32,
        memory: Memory<'_>,
    ) -> Result<f32, nn::Error>;

    /// The logits of input `x`, which lie in `acts`.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    fn logits<'a>(
        &self,
        cpu: Cpu,
        x: &[f32],
        w: &[f32],
        frozen: &[f32],
        acts: &'a mut [f32],
    ) -> Result<&'a [f32], nn::Error>;

    /// Cuts a full vector into `(w, frozen)`.
    ///
    /// # Errors
    /// When the vector has the wrong length.
    fn split(&self, full: &[f32]) -> Result<(Vec<f32>, Vec<f32>), nn::Error>;

    /// Puts `w` and `frozen` together again.
    ///
    /// # Errors
    /// When a vector has the wrong length.
    fn merge(&self, w: &[f32], frozen: &[f32]) -> Result<Vec<f32>, nn::Error>;
}

/// A network in two: bits of the whole are those of `head` after `body`.
#[derive(Clone, Copy)]
pub struct Halves {
    /// The frozen layers.
    pub body: &'static dyn Body,
    /// The layers above them; all that trains, and in the same vector.
    pub head: &'static dyn Model,
}

/// Frozen layers at the input of a network.
pub trait Body: Sync {
    /// Floats that it says of a sample.
    fn values(&self) -> usize;
    /// Multiply-accumulates for one sample, counted as those of a [`Model`].
    fn macs(&self) -> u64;
    /// What it says of input `x`.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    fn features(&self, x: &[f32], frozen: &[f32]) -> Result<Vec<f32>, nn::Error>;
}

/// What a caller lends for a gradient.
#[derive(Debug)]
pub struct Memory<'a> {
    /// Weights that train.
    pub w: &'a [f32],
    /// Weights that do not.
    pub frozen: &'a [f32],
    /// Activations.
    pub acts: &'a mut [f32],
    /// The gradient, which is added to.
    pub g: &'a mut [f32],
}

/// The CNN for Fashion-MNIST, 28x28: convolutions of 8 and 16 filters (3 by 3 taps, stride 2) and 10 outputs; all of its
/// 7,018 weights train.
pub fn fmnist() -> &'static dyn Model {
    fmnist_of(Scope::All)
}

/// The same network, of which `scope` trains.
pub fn fmnist_of(scope: Scope) -> &'static dyn Model {
    match scope {
        Scope::All => &fmnist::ALL,
        Scope::Last => &fmnist::LAST,
        Scope::Bias => &fmnist::BIAS,
    }
}

/// A network for Fashion-MNIST that is worth a GPU: 784-2048-1024-10 with ReLU, 3,716,106 weights.
pub fn fmnist_mlp() -> &'static dyn Model {
    &fmnist::MLP
}

/// The network of which `scope` trains.
pub fn model(net: Net, scope: Scope) -> &'static dyn Model {
    match (net, scope) {
        (Net::Digits, Scope::All) => &digits::ALL,
        (Net::Digits, Scope::Last) => &digits::LAST,
        (Net::Digits, Scope::Bias) => &digits::BIAS,
        (Net::Wrist, Scope::All) => &wrist::ALL,
        (Net::Wrist, Scope::Last) => &wrist::LAST,
        (Net::Wrist, Scope::Bias) => &wrist::BIAS,
    }
}
