//! The two-dimensional convolution.

use core::marker::PhantomData;
use core::ops::Range;

use super::activation::Activation;
use super::conv1d::{outputs, readers};
use super::layer::{CHUNK, Layer, Params, Work, row, row_mut};
use super::linear::{self, Pull};
use super::params::Tensor;
use super::scope::{All, Scope};

/// `y[p][q][o] = bias[o] + sum over t, u, c of w[o][t][u][c] * x[p * STRIDE + t][q * STRIDE + u][c]`: a
/// *valid* convolution (cross-correlation) of `H` rows by `W` columns of `CIN` channels by `COUT` filters of
/// `K` by `K` taps.
///
/// Data are row-major with the channels last, `[row][column][channel]`, and so are the taps of a filter: a
/// window of `x` is `K` contiguous slices. Outputs: [`ROWS`](Self::ROWS)` = (H - K) / STRIDE + 1` rows of
/// [`COLUMNS`](Self::COLUMNS)` = (W - K) / STRIDE + 1`.
///
/// Frameworks that keep channels first (`[channel][row][column]`) number the same weights differently: when
/// a model is imported, the axes of a filter are turned from `[c][t][u]` to `[t][u][c]`, and the inputs of a
/// dense layer above from `[o][p][q]` to `[p][q][o]`. Nothing is turned at run time.
///
/// Parameters: `COUT * K * K * CIN` weights, then `COUT` biases; `S` says which of them train. Units: one
/// output position in `forward` and `gradient`, one input position in `input_gradient`. Cost:
/// `ROWS * COLUMNS * COUT * K * K * CIN` multiply-adds a stage.
///
/// ```
/// use flatmin::nn::{Conv2d, Dense, Network, Relu, seq};
/// type Net = seq!(Conv2d<1, 28, 28, 3, 2, 8>, Relu<1352>, Conv2d<8, 13, 13, 3, 2, 16>, Relu<576>, Dense<576, 10>);
/// assert_eq!((Net::IN, Net::TRAINABLE, Net::MACS), (784, 7_018, 59_400));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv2d<
    const CIN: usize,
    const H: usize,
    const W: usize,
    const K: usize,
    const STRIDE: usize,
    const COUT: usize,
    S = All,
>(PhantomData<S>);

impl<
    const CIN: usize,
    const H: usize,
    const W: usize,
    const K: usize,
    const STRIDE: usize,
    const COUT: usize,
    S,
> Conv2d<CIN, H, W, K, STRIDE, COUT, S>
{
    /// Output rows.
    pub const ROWS: usize = outputs(H, K, STRIDE);
    /// Output columns.
    pub const COLUMNS: usize = outputs(W, K, STRIDE);
    /// Output positions.
    const POSITIONS: usize = Self::ROWS * Self::COLUMNS;
    /// Floats in one row of a window.
    const SPAN: usize = K * CIN;
    /// Floats in a window, which are the weights of one filter.
    const FAN_IN: usize = K * Self::SPAN;

    /// The rows of the window of output position `p`, each with its place in a filter.
    #[inline]
    fn window(x: &[f32], p: usize) -> impl Iterator<Item = (usize, &[f32])> {
        let (row, column) = (p / Self::COLUMNS * STRIDE, p % Self::COLUMNS * STRIDE);
        x.chunks_exact(W * CIN)
            .skip(row)
            .take(K)
            .filter_map(move |x| x.get(column * CIN..)?.get(..Self::SPAN))
            .enumerate()
            .map(|(t, x)| (t * Self::SPAN, x))
    }
}

impl<
    const CIN: usize,
    const H: usize,
    const W: usize,
    const K: usize,
    const STRIDE: usize,
    const COUT: usize,
    S: Scope,
> Layer for Conv2d<CIN, H, W, K, STRIDE, COUT, S>
{
    const INPUTS: usize = H * W * CIN;
    const OUTPUTS: usize = Self::POSITIONS * COUT;
    const TENSORS: &'static [Tensor] = &linear::tensors::<S>(COUT, Self::FAN_IN);
    const FORWARD: Work = Work::even(Self::POSITIONS, COUT * Self::FAN_IN);
    const GRADIENT: Work = linear::gradient_work::<S>(Self::POSITIONS, Self::FAN_IN, COUT);
    const INPUT_GRADIENT: Work = Work {
        units: H * W,
        largest: K.div_ceil(STRIDE) * K.div_ceil(STRIDE) * COUT * CIN,
        macs: Self::POSITIONS * COUT * Self::FAN_IN,
    };

    #[inline]
    fn forward(units: Range<usize>, params: Params<'_>, x: &[f32], y: &mut [f32]) {
        let Some((w, bias)) = params.tensors::<S>(COUT * Self::FAN_IN) else { return };
        for p in units {
            let Some(y) = row_mut::<COUT>(y, p) else { return };
            y.iter_mut().zip(bias).for_each(|(y, bias)| *y = *bias);
            for (first, x) in Self::window(x, p) {
                linear::add_product(w, Self::FAN_IN, first, x, y);
            }
        }
    }

    #[inline]
    fn gradient(units: Range<usize>, x: &[f32], dy: &[f32], g: &mut [f32]) {
        let weights = if S::WEIGHTS { COUT * Self::FAN_IN } else { 0 };
        let Some((w, bias)) = g.split_at_mut_checked(weights) else { return };
        for p in units {
            let Some(dy) = row::<COUT>(dy, p) else { return };
            if S::WEIGHTS {
                for (first, x) in Self::window(x, p) {
                    linear::add_outer(dy, x, Self::FAN_IN, first, w);
                }
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
        for i in units {
            let Some(x) = row_mut::<CIN>(x, i) else { return };
            let (line, column) = (i / W, i % W);
            let columns = readers(column, K, STRIDE, Self::COLUMNS);
            for (block, x) in x.chunks_mut(CHUNK).enumerate() {
                let mut dx = Pull::new();
                for p in readers(line, K, STRIDE, Self::ROWS) {
                    for q in columns.clone() {
                        let Some(dy) = row::<COUT>(dy, p * Self::COLUMNS + q) else { continue };
                        let (t, u) = (line - p * STRIDE, column - q * STRIDE);
                        let tap = (t * K + u) * CIN + block * CHUNK;
                        dx.add(w, Self::FAN_IN, tap, x.len(), dy);
                    }
                }
                dx.store(x, below);
            }
        }
    }
}
