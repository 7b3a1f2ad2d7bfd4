//! The fully connected layer.

use core::marker::PhantomData;
use core::ops::Range;

use super::activation::Activation;
use super::layer::{CHUNK, Layer, Params, Work};
use super::linear::{self, Pull};
use super::params::Tensor;
use super::scope::{All, Scope};

/// `y[o] = bias[o] + sum over i of w[o][i] * x[i]`: `I` inputs, `O` outputs, `w` row-major `[O][I]`.
///
/// Parameters: `O * I` weights, then `O` biases; `S` says which of them train. Units: one output in
/// `forward` and `gradient`, [`CHUNK`] inputs in `input_gradient`. Cost: `I * O` multiply-adds a stage.
#[derive(Clone, Copy, Debug)]
pub struct Dense<const I: usize, const O: usize, S = All>(PhantomData<S>);

impl<const I: usize, const O: usize, S: Scope> Layer for Dense<I, O, S> {
    const INPUTS: usize = I;
    const OUTPUTS: usize = O;
    const TENSORS: &'static [Tensor] = &linear::tensors::<S>(O, I);
    const FORWARD: Work = Work::even(O, I);
    const GRADIENT: Work = linear::gradient_work::<S>(O, I, 1);
    const INPUT_GRADIENT: Work =
        Work { units: I.div_ceil(CHUNK), largest: if I < CHUNK { I * O } else { CHUNK * O }, macs: I * O };

    #[inline]
    fn forward(units: Range<usize>, params: Params<'_>, x: &[f32], y: &mut [f32]) {
        if let Some((w, bias)) = params.tensors::<S>(I * O)
            && let Some(w) = w.get(units.start * I..units.end * I)
            && let Some(bias) = bias.get(units.clone())
            && let Some(y) = y.get_mut(units)
        {
            linear::affine(w, bias, x, y);
        }
    }

    #[inline]
    fn gradient(units: Range<usize>, x: &[f32], dy: &[f32], g: &mut [f32]) {
        let Some((w, bias)) = g.split_at_mut_checked(if S::WEIGHTS { I * O } else { 0 }) else { return };
        let Some(dy) = dy.get(units.clone()) else { return };
        if S::WEIGHTS
            && let Some(w) = w.get_mut(units.start * I..units.end * I)
        {
            linear::add_outer(dy, x, I, 0, w);
        }
        if S::BIAS
            && let Some(bias) = bias.get_mut(units)
        {
            linear::add(dy, bias);
        }
    }

    #[inline]
    fn input_gradient(units: Range<usize>, params: Params<'_>, dy: &[f32], x: &mut [f32], below: Activation) {
        let Some((w, _)) = params.tensors::<S>(I * O) else { return };
        for (unit, x) in x.chunks_mut(CHUNK).enumerate().take(units.end).skip(units.start) {
            let mut dx = Pull::new();
            dx.add(w, I, unit * CHUNK, x.len(), dy);
            dx.store(x, below);
        }
    }
}
