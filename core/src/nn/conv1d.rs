//! The one-dimensional convolution.

use core::marker::PhantomData;
use core::ops::Range;

use super::activation::Activation;
use super::layer::{CHUNK, Layer, Params, Work, row, row_mut};
use super::linear::{self, Pull};
use super::params::Tensor;
use super::scope::{All, Scope};

/// `y[p][o] = bias[o] + sum over t, c of w[o][t][c] * x[p * STRIDE + t][c]`: a *valid* convolution
/// (cross-correlation) of `LEN` time steps with `CIN` channels by `COUT` filters of `K` taps.
///
/// Data are time-major, `[time][channel]`, and so are the taps of a filter: a window of `x` is one
/// contiguous slice. Output positions: [`POSITIONS`](Self::POSITIONS)` = (LEN - K) / STRIDE + 1`.
///
/// Parameters: `COUT * K * CIN` weights, then `COUT` biases; `S` says which of them train. Units: one
/// output position in `forward` and `gradient`, one time step in `input_gradient`. Cost:
/// `POSITIONS * COUT * K * CIN` multiply-adds a stage.
#[derive(Clone, Copy, Debug)]
pub struct Conv1d<
    const CIN: usize,
    const LEN: usize,
    const K: usize,
    const STRIDE: usize,
    const COUT: usize,
    S = All,
>(PhantomData<S>);

impl<const CIN: usize, const LEN: usize, const K: usize, const STRIDE: usize, const COUT: usize, S>
    Conv1d<CIN, LEN, K, STRIDE, COUT, S>
{
    /// Output time steps.
    pub const POSITIONS: usize = outputs(LEN, K, STRIDE);
    /// Floats in a window, which are the weights of one filter.
    const FAN_IN: usize = K * CIN;

    /// The input of output position `p`.
    fn window(x: &[f32], p: usize) -> Option<&[f32]> {
        x.get(p * STRIDE * CIN..)?.get(..Self::FAN_IN)
    }
}

/// Outputs along an axis of `len` inputs, of windows of `k`.
pub(super) const fn outputs(len: usize, k: usize, stride: usize) -> usize {
    assert!(0 < k && k <= len, "a window must fit into the input");
    assert!(stride > 0, "the stride must not be 0");
    (len - k) / stride + 1
}

/// The outputs, of `outputs` along an axis, whose windows of `k` hold input `i`.
#[inline]
pub(super) fn readers(i: usize, k: usize, stride: usize, outputs: usize) -> Range<usize> {
    let stride = stride.max(1);
    let first = (i + 1).saturating_sub(k).div_ceil(stride);
    first..(i / stride + 1).min(outputs)
}

impl<const CIN: usize, const LEN: usize, const K: usize, const STRIDE: usize, const COUT: usize, S: Scope>
    Layer for Conv1d<CIN, LEN, K, STRIDE, COUT, S>
{
    const INPUTS: usize = LEN * CIN;
    const OUTPUTS: usize = Self::POSITIONS * COUT;
    const TENSORS: &'static [Tensor] = &linear::tensors::<S>(COUT, Self::FAN_IN);
    const FORWARD: Work = Work::even(Self::POSITIONS, COUT * Self::FAN_IN);
    const GRADIENT: Work = linear::gradient_work::<S>(Self::POSITIONS, Self::FAN_IN, COUT);
    const INPUT_GRADIENT: Work = Work {
        units: LEN,
        largest: K.div_ceil(STRIDE) * COUT * CIN,
        macs: Self::POSITIONS * COUT * Self::FAN_IN,
    };

    #[inline]
    fn forward(units: Range<usize>, params: Params<'_>, x: &[f32], y: &mut [f32]) {
        let Some((w, bias)) = params.tensors::<S>(COUT * Self::FAN_IN) else { return };
        for p in units {
            if let (Some(x), Some(y)) = (Self::window(x, p), row_mut::<COUT>(y, p)) {
                linear::affine(w, bias, x, y);
            }
        }
    }

    #[inline]
    fn gradient(units: Range<usize>, x: &[f32], dy: &[f32], g: &mut [f32]) {
        let weights = if S::WEIGHTS { COUT * Self::FAN_IN } else { 0 };
        let Some((w, bias)) = g.split_at_mut_checked(weights) else { return };
        for p in units {
            let (Some(x), Some(dy)) = (Self::window(x, p), row::<COUT>(dy, p)) else { return };
            if S::WEIGHTS {
                linear::add_outer(dy, x, Self::FAN_IN, 0, w);
            }
            if S::BIAS {
                linear::add(dy, bias);
            }
        }
    }

    /// In gather form: each input sums what its readers send back, so it is written once.
    #[inline]
    fn input_gradient(units: Range<usize>, params: Params<'_>, dy: &[f32], x: &mut [f32], below: Activation) {
        let Some((w, _)) = params.tensors::<S>(COUT * Self::FAN_IN) else { return };
        for t in units {
            let Some(x) = row_mut::<CIN>(x, t) else { return };
            for (block, x) in x.chunks_mut(CHUNK).enumerate() {
                let mut dx = Pull::new();
                for p in readers(t, K, STRIDE, Self::POSITIONS) {
                    let tap = (t - p * STRIDE) * CIN + block * CHUNK;
                    if let Some(dy) = row::<COUT>(dy, p) {
                        dx.add(w, Self::FAN_IN, tap, x.len(), dy);
                    }
                }
                dx.store(x, below);
            }
        }
    }
}
