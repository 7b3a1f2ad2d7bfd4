//! What a layer is.

use core::ops::Range;

use super::activation::Activation;
use super::params::Tensor;
use super::scope::Scope;

/// Elements in one unit of element-wise work, and inputs in one unit of a dense input gradient.
pub const CHUNK: usize = 16;

/// The work of one stage of a layer, cut into units that are never split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Number of units.
    pub units: usize,
    /// Cost of the largest unit in multiply-adds, an element operation counting as one.
    pub largest: usize,
    /// Multiply-adds of all units together; element operations count as none.
    pub macs: usize,
}

impl Work {
    /// Nothing to do.
    pub const NONE: Self = Self { units: 0, largest: 0, macs: 0 };

    /// `units` equal units of `largest` multiply-adds.
    #[must_use]
    pub const fn even(units: usize, largest: usize) -> Self {
        Self { units, largest, macs: units * largest }
    }

    /// Element operations on `len` elements in units of [`CHUNK`].
    #[must_use]
    pub const fn elementwise(len: usize) -> Self {
        Self { units: len.div_ceil(CHUNK), largest: if len < CHUNK { len } else { CHUNK }, macs: 0 }
    }
}

/// A layer's share of the trainable and of the frozen vector, each in the order of
/// [`TENSORS`](Layer::TENSORS).
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    /// Trainable tensors.
    pub w: &'a [f32],
    /// Frozen tensors.
    pub frozen: &'a [f32],
}

impl<'a> Params<'a> {
    /// Weights (the first `weights` floats of the layer) and bias, wherever scope `S` keeps them.
    #[inline]
    #[must_use]
    pub fn tensors<S: Scope>(self, weights: usize) -> Option<(&'a [f32], &'a [f32])> {
        match (S::WEIGHTS, S::BIAS) {
            (true, true) => self.w.split_at_checked(weights),
            (true, false) => Some((self.w, self.frozen)),
            (false, true) => Some((self.frozen, self.w)),
            (false, false) => self.frozen.split_at_checked(weights),
        }
    }
}

/// A layer: shapes and costs as constants, three stages over slices.
///
/// Each stage does a range of its units; any partition of `0..units`, done in ascending order, gives
/// the bits of one call. Slices have the lengths given by the constants; a stage that is handed
/// anything else leaves its output incomplete, but never panics.
///
/// A layer whose [`ACTIVATION`](Self::ACTIVATION) is not [`Activation::Identity`] works in place: its
/// `forward` finds the input in `y` and an empty `x`, and it has no backward stages, because the next
/// layer applies the derivative when it writes its input gradient.
pub trait Layer {
    /// Floats read.
    const INPUTS: usize;
    /// Floats written.
    const OUTPUTS: usize;
    /// Parameters in order, weights before bias.
    const TENSORS: &'static [Tensor];
    /// The function that the layer applies in place.
    const ACTIVATION: Activation = Activation::Identity;
    /// Work of [`forward`](Self::forward).
    const FORWARD: Work;
    /// Work of [`gradient`](Self::gradient), [`Work::NONE`] for a layer that does not train.
    const GRADIENT: Work;
    /// Work of [`input_gradient`](Self::input_gradient).
    const INPUT_GRADIENT: Work;

    /// Computes the outputs of `units`.
    fn forward(units: Range<usize>, params: Params<'_>, x: &[f32], y: &mut [f32]);

    /// Adds the parameter gradients of `units` to `g`, which is ordered as the trainable tensors.
    fn gradient(units: Range<usize>, x: &[f32], dy: &[f32], g: &mut [f32]);

    /// Overwrites the inputs of `units` by their gradients, multiplied by the derivative of the
    /// activation `below`, whose output `x` is.
    fn input_gradient(units: Range<usize>, params: Params<'_>, dy: &[f32], x: &mut [f32], below: Activation);
}

/// Row `i` of rows of `N` floats.
#[inline]
pub(super) fn row<const N: usize>(x: &[f32], i: usize) -> Option<&[f32; N]> {
    x.get(i * N..)?.first_chunk()
}

/// Row `i` of rows of `N` floats, to write.
#[inline]
pub(super) fn row_mut<const N: usize>(x: &mut [f32], i: usize) -> Option<&mut [f32; N]> {
    x.get_mut(i * N..)?.first_chunk_mut()
}
