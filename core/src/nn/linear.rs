//! The loops that [`Dense`](super::Dense), [`Conv1d`](super::Conv1d) and [`Conv2d`](super::Conv2d) share.
//!
//! Each sum has one written order; only independent sums are interleaved. Rows of `w` and `g` are `n`
//! floats, or `x.len()` where no `n` is given. Iterators end at the shorter side, so no loop keeps a bounds
//! check.

use super::activation::Activation;
use super::layer::{CHUNK, Work};
use super::params::Tensor;
use super::scope::Scope;
use crate::layout::Kind;

/// Rows computed together: their additions hide each other's latency, and a Cortex-M has just
/// enough registers to address them.
const ROWS: usize = 4;

/// The two tensors of a layer with `filters` outputs (a position).
pub(super) const fn tensors<S: Scope>(filters: usize, fan_in: usize) -> [Tensor; 2] {
    [Tensor::new(filters, fan_in, Kind::Weight, S::WEIGHTS), Tensor::new(filters, 1, Kind::Bias, S::BIAS)]
}

/// Parameter gradients in `units` units of `rows` filters each, by what trains.
pub(super) const fn gradient_work<S: Scope>(units: usize, fan_in: usize, rows: usize) -> Work {
    if S::WEIGHTS {
        Work::even(units, rows * fan_in)
    } else if S::BIAS {
        Work { units, largest: rows, macs: 0 }
    } else {
        Work::NONE
    }
}

/// `y[r] = bias[r] + sum of w[r][k] * x[k]`, k ascending.
pub(super) fn affine(w: &[f32], bias: &[f32], x: &[f32], y: &mut [f32]) {
    let n = x.len().max(1);
    let (y, y_rest) = y.as_chunks_mut::<ROWS>();
    let (bias, bias_rest) = bias.as_chunks::<ROWS>();
    let (w, w_rest) = w.split_at_checked(y.len() * ROWS * n).unwrap_or_default();
    for ((y, bias), w) in y.iter_mut().zip(bias).zip(w.chunks_exact(ROWS * n)) {
        *y = four_rows(w.chunks_exact(n), *bias, x);
    }
    for ((y, bias), w) in y_rest.iter_mut().zip(bias_rest).zip(w_rest.chunks_exact(n)) {
        *y = w.iter().zip(x).fold(*bias, |sum, (w, x)| sum + *w * *x);
    }
}

/// `y[r] += w[r][first + k] * x[k]`, k ascending: a further part of the sums of [`affine`].
pub(super) fn add_product<'a>(w: &'a [f32], n: usize, first: usize, x: &[f32], y: &mut [f32]) {
    let n = n.max(1);
    let part = |w: &'a [f32]| w.get(first..).unwrap_or_default();
    let (y, y_rest) = y.as_chunks_mut::<ROWS>();
    let (w, w_rest) = w.split_at_checked(y.len() * ROWS * n).unwrap_or_default();
    for (y, w) in y.iter_mut().zip(w.chunks_exact(ROWS * n)) {
        *y = four_rows(w.chunks_exact(n).map(part), *y, x);
    }
    for (y, w) in y_rest.iter_mut().zip(w_rest.chunks_exact(n)) {
        *y = part(w).iter().zip(x).fold(*y, |sum, (w, x)| sum + *w * *x);
    }
}

/// Sums of four rows at once.
#[inline]
fn four_rows<'a>(mut rows: impl Iterator<Item = &'a [f32]>, start: [f32; ROWS], x: &[f32]) -> [f32; ROWS] {
    let mut row = || rows.next().unwrap_or_default();
    let [mut a, mut b, mut c, mut d] = start;
    for ((((x, wa), wb), wc), wd) in x.iter().zip(row()).zip(row()).zip(row()).zip(row()) {
        a += *wa * *x;
        b += *wb * *x;
        c += *wc * *x;
        d += *wd * *x;
    }
    [a, b, c, d]
}

/// `g[r][first + k] += dy[r] * x[k]`. Rows whose `dy` is 0, common below a ReLU, are skipped: for finite
/// `x` that leaves the same bits, as a sum that began at +0 never becomes -0.
// Once for all layers where code must be small.
#[cfg_attr(flatmin_small, inline(never))]
pub(super) fn add_outer(dy: &[f32], x: &[f32], n: usize, first: usize, g: &mut [f32]) {
    for (g, dy) in g.chunks_exact_mut(n.max(1)).zip(dy) {
        if *dy != 0.0
            && let Some(g) = g.get_mut(first..)
        {
            g.iter_mut().zip(x).for_each(|(g, x)| *g += *dy * *x);
        }
    }
}

/// `g[r] += dy[r]`.
pub(super) fn add(dy: &[f32], g: &mut [f32]) {
    g.iter_mut().zip(dy).for_each(|(g, dy)| *g += *dy);
}

/// Input gradients of at most [`CHUNK`] neighbouring inputs, summed on the stack, because the inputs
/// themselves are needed (by the activation below) until the sum is complete.
pub(super) struct Pull {
    sum: [f32; CHUNK],
}

impl Pull {
    /// Sums of +0.
    pub(super) fn new() -> Self {
        Self { sum: [0.0; CHUNK] }
    }

    /// `sum[i] += w[r][first + i] * dy[r]`, r ascending; rows of `w` are `n` floats.
    pub(super) fn add(&mut self, w: &[f32], n: usize, first: usize, len: usize, dy: &[f32]) {
        let rows = w.chunks_exact(n.max(1)).zip(dy);
        if len == CHUNK {
            // The common case has a constant length, so the sums stay in registers.
            let mut sum = self.sum;
            for (w, dy) in rows {
                if let Some(w) = w.get(first..).and_then(|w| w.first_chunk::<CHUNK>()) {
                    sum.iter_mut().zip(w).for_each(|(sum, w)| *sum += *w * *dy);
                }
            }
            self.sum = sum;
        } else {
            for (w, dy) in rows {
                if let Some(w) = w.get(first..) {
                    self.sum.iter_mut().take(len).zip(w).for_each(|(sum, w)| *sum += *w * *dy);
                }
            }
        }
    }

    /// Overwrites the inputs by their gradients.
    pub(super) fn store(self, x: &mut [f32], below: Activation) {
        below.backward(x, &self.sum);
    }
}
