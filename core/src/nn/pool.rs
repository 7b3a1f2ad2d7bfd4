//! The maximum over windows of an image.

use core::ops::Range;

use super::activation::Activation;
use super::conv1d::outputs;
use super::layer::{CHUNK, Layer, Params, Work, row, row_mut};
use super::params::Tensor;

/// `y[p][q][c] = max over t, u of x[p * STRIDE + t][q * STRIDE + u][c]`: the maximum over *valid* windows of
/// `K` by `K` positions, `H` rows by `W` columns of `C` channels, channels last as in
/// [`Conv2d`](super::Conv2d).
///
/// The gradient goes to the *first* maximum of a window, rows before columns, as in PyTorch; every other
/// input gets 0, and so do inputs that no window reads. +0 and -0 are equal. A NaN in a window is its
/// maximum.
///
/// Windows must not overlap (`STRIDE >= K`, checked when the program is compiled): the backward pass finds
/// the maxima again in the inputs that it is about to overwrite, so nothing is stored for it.
///
/// Units: one output position in `forward`, the `STRIDE * STRIDE` inputs of a window and of the gap behind
/// it in `input_gradient`. Cost: one comparison an input a stage.
///
/// ```
/// use flatmin::nn::{Conv2d, Dense, MaxPool2d, Network, Relu, seq};
/// type Net = seq!(Conv2d<1, 28, 28, 3, 1, 8>, MaxPool2d<26, 26, 8, 2>, Relu<1352>, Dense<1352, 10>);
/// assert_eq!(Net::ACTS, 26 * 26 * 8 + 13 * 13 * 8 + 10);
/// ```
///
/// ```compile_fail,E0080
/// use flatmin::nn::{MaxPool2d, Network};
/// const ACTS: usize = MaxPool2d::<26, 26, 8, 3, 2>::ACTS; // windows overlap
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d<const H: usize, const W: usize, const C: usize, const K: usize, const STRIDE: usize = K>;

impl<const H: usize, const W: usize, const C: usize, const K: usize, const STRIDE: usize>
    MaxPool2d<H, W, C, K, STRIDE>
{
    /// Output rows.
    pub const ROWS: usize = {
        assert!(STRIDE >= K, "windows must not overlap");
        outputs(H, K, STRIDE)
    };
    /// Output columns.
    pub const COLUMNS: usize = outputs(W, K, STRIDE);
    /// Cells of `STRIDE` by `STRIDE` inputs in a row of cells; the last may be cut, or have no window.
    const CELL_COLUMNS: usize = W.div_ceil(STRIDE);
    const CELLS: usize = H.div_ceil(STRIDE) * Self::CELL_COLUMNS;

    /// The floats in `x` of the input `(row, column)` of a cell, if it lies in the image.
    fn input(cell: (usize, usize), row: usize, column: usize) -> Option<Range<usize>> {
        let (row, column) = (cell.0 * STRIDE + row, cell.1 * STRIDE + column);
        let first = (row * W + column) * C;
        (row < H && column < W).then_some(first..first + C)
    }

    /// The inputs of the window of a cell, rows before columns.
    fn window(x: &[f32], cell: (usize, usize)) -> impl Iterator<Item = &[f32]> {
        (0..K * K).filter_map(move |tap| x.get(Self::input(cell, tap / K, tap % K)?))
    }

    /// Hands the gradients `dy` of a window, in at most [`CHUNK`] channels from `first` on, to its maxima.
    fn route(cell: (usize, usize), first: usize, dy: &[f32], x: &mut [f32], below: Activation) {
        let mut best = Best::new();
        for x in Self::window(x, cell) {
            best.meet(x.get(first..).unwrap_or_default());
        }
        for row in 0..STRIDE {
            for column in 0..STRIDE {
                let tap = if row < K && column < K { row * K + column } else { usize::MAX };
                let x = Self::input(cell, row, column).and_then(|range| x.get_mut(range));
                if let Some(x) = x.and_then(|x| x.get_mut(first..)) {
                    below.backward(x, &best.gradient(tap, dy));
                }
            }
        }
    }
}

impl<const H: usize, const W: usize, const C: usize, const K: usize, const STRIDE: usize> Layer
    for MaxPool2d<H, W, C, K, STRIDE>
{
    const INPUTS: usize = H * W * C;
    const OUTPUTS: usize = Self::ROWS * Self::COLUMNS * C;
    const TENSORS: &'static [Tensor] = &[];
    const FORWARD: Work = Work { units: Self::ROWS * Self::COLUMNS, largest: K * K * C, macs: 0 };
    const GRADIENT: Work = Work::NONE;
    const INPUT_GRADIENT: Work = Work { units: Self::CELLS, largest: (K * K + STRIDE * STRIDE) * C, macs: 0 };

    #[inline]
    fn forward(units: Range<usize>, _: Params<'_>, x: &[f32], y: &mut [f32]) {
        for p in units {
            let Some(y) = row_mut::<C>(y, p) else { return };
            let mut window = Self::window(x, (p / Self::COLUMNS, p % Self::COLUMNS));
            y.iter_mut().zip(window.next().unwrap_or_default()).for_each(|(y, x)| *y = *x);
            for x in window {
                y.iter_mut().zip(x).for_each(|(y, x)| *y = if beats(*x, *y) { *x } else { *y });
            }
        }
    }

    fn gradient(_: Range<usize>, _: &[f32], _: &[f32], _: &mut [f32]) {}

    #[inline]
    fn input_gradient(units: Range<usize>, _: Params<'_>, dy: &[f32], x: &mut [f32], below: Activation) {
        for unit in units {
            let cell = (unit / Self::CELL_COLUMNS, unit % Self::CELL_COLUMNS);
            let p = cell.0 * Self::COLUMNS + cell.1;
            let has_window = cell.0 < Self::ROWS && cell.1 < Self::COLUMNS;
            let dy = if has_window { row::<C>(dy, p) } else { None };
            for first in (0..C).step_by(CHUNK) {
                let dy = dy.and_then(|dy| dy.get(first..));
                Self::route(cell, first, dy.unwrap_or_default(), x, below);
            }
        }
    }
}

/// Whether `x` takes the place of an earlier maximum.
fn beats(x: f32, max: f32) -> bool {
    x > max || x.is_nan()
}

/// The maxima of at most [`CHUNK`] channels over the taps of a window, and where they are.
struct Best {
    value: [f32; CHUNK],
    tap: [usize; CHUNK],
    met: usize,
}

impl Best {
    fn new() -> Self {
        Self { value: [0.0; CHUNK], tap: [0; CHUNK], met: 0 }
    }

    /// Takes in the inputs of the next tap.
    fn meet(&mut self, x: &[f32]) {
        for ((value, tap), x) in self.value.iter_mut().zip(&mut self.tap).zip(x) {
            if self.met == 0 || beats(*x, *value) {
                (*value, *tap) = (*x, self.met);
            }
        }
        self.met += 1;
    }

    /// The gradients of the inputs of `tap`; 0 where there is no `dy`.
    fn gradient(&self, tap: usize, dy: &[f32]) -> [f32; CHUNK] {
        let mut dx = [0.0; CHUNK];
        for ((dx, best), dy) in dx.iter_mut().zip(&self.tap).zip(dy) {
            *dx = if *best == tap { *dy } else { 0.0 };
        }
        dx
    }
}
