//! The mean over time.

use core::ops::Range;

use super::activation::Activation;
use super::layer::{CHUNK, Layer, Params, Work, row_mut};
use super::params::Tensor;

/// `y[c] = (sum over t of x[t][c]) * (1 / LEN)`: the mean over `LEN` time steps of `C` channels,
/// data time-major.
///
/// The sum starts at +0, t ascending; `1 / LEN` is one rounded constant, so no target divides. Units:
/// [`CHUNK`] channels in `forward`, one time step in `input_gradient`. Cost: `LEN * C` additions.
#[derive(Clone, Copy, Debug)]
pub struct MeanTime<const LEN: usize, const C: usize>;

impl<const LEN: usize, const C: usize> MeanTime<LEN, C> {
    const SCALE: f32 = {
        assert!(LEN > 0 && C > 0, "a mean needs an input");
        1.0 / LEN as f32
    };
}

impl<const LEN: usize, const C: usize> Layer for MeanTime<LEN, C> {
    const INPUTS: usize = LEN * C;
    const OUTPUTS: usize = C;
    const TENSORS: &'static [Tensor] = &[];
    const FORWARD: Work =
        Work { units: C.div_ceil(CHUNK), largest: LEN * if C < CHUNK { C } else { CHUNK }, macs: 0 };
    const GRADIENT: Work = Work::NONE;
    const INPUT_GRADIENT: Work = Work { units: LEN, largest: C, macs: 0 };

    #[inline]
    fn forward(units: Range<usize>, _: Params<'_>, x: &[f32], y: &mut [f32]) {
        let (from, to) = (units.start * CHUNK, C.min(units.end * CHUNK));
        let Some(y) = y.get_mut(from..to) else { return };
        y.fill(0.0);
        for x in x.chunks_exact(C) {
            y.iter_mut().zip(x.get(from..to).unwrap_or_default()).for_each(|(y, x)| *y += *x);
        }
        y.iter_mut().for_each(|y| *y *= Self::SCALE);
    }

    fn gradient(_: Range<usize>, _: &[f32], _: &[f32], _: &mut [f32]) {}

    #[inline]
    fn input_gradient(units: Range<usize>, _: Params<'_>, dy: &[f32], x: &mut [f32], below: Activation) {
        for t in units {
            let Some(x) = row_mut::<C>(x, t) else { return };
            below.backward_each(x, dy.iter().map(|dy| *dy * Self::SCALE));
        }
    }
}
