use super::{Isa, Op};
use crate::kernel::Fill;
use crate::rng::{Key, TILE, words};
use micromath::F32Ext;

/// Another backend with cheap noise, for cores without an FPU. **Not bit-equal to any other backend**, and not a Gaussian
/// to more than two digits: what it costs and saves stands in `docs/approx.md`.
///
/// Everything but the noise of [`LpfSgd`](crate::methods::LpfSgd) is the inner backend's, bit for bit; the noise has the
/// same key, so it is as reproducible, and equal on every machine. It is never chosen for you: only code that names this
/// type gets it.
///
/// ```
/// use flatmin::{backend::{Approx, Portable, Sliced}, drive::step};
/// let whole = Approx::new(Portable);
/// let in_pieces = Sliced::new(Approx::new(Portable), 64);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Approx<B>(B);

impl<B: Isa> Approx<B> {
    /// `inner` with cheap noise.
    pub const fn new(inner: B) -> Self {
        Self(inner)
    }
}

impl<B: Isa> Isa for Approx<B> {
    const NAME: &'static str = "approx";

    #[inline(always)]
    fn enter<O: Op>(self, op: O) -> O::Output {
        self.0.enter(op)
    }

    #[inline(always)]
    fn tile<K: Fill<O, I>, const O: usize, const I: usize>(kernel: &K, tile: u32) -> [f32; TILE] {
        match kernel.gaussian() {
            Some(key) => normals(tile, key),
            None => kernel.tile(tile),
        }
    }
}

/// What makes the variance 1: the square of `micromath`'s root is 1.0759 times its argument in the mean.
const FLAT: f32 = 1.0;

/// As [`rng::normals`](crate::rng::normals), of the same words, with `micromath`'s logarithm, root and cosine.
#[inline(always)]
pub fn normals(tile: u32, key: Key) -> [f32; TILE] {
    let [a, b, c, d] = words(tile, key);
    let mut out = [0.0; TILE];
    let (rows, _) = out.as_chunks_mut::<{ TILE / 4 }>();
    if let [x, y, z, t] = rows {
        for (((x, y), a), b) in x.iter_mut().zip(y).zip(a).zip(b) {
            (*x, *y) = pair(a, b);
        }
        for (((z, t), c), d) in z.iter_mut().zip(t).zip(c).zip(d) {
            (*z, *t) = pair(c, d);
        }
    }
    out
}

/// Box-Muller on two random words.
#[inline(always)]
fn pair(a: u32, b: u32) -> (f32, f32) {
    let u = ((a >> 8) + 1) as f32 * (1.0 / 16_777_216.0);
    let radius = F32Ext::sqrt(-2.0 * FLAT * F32Ext::ln(u));
    // The angle in [-pi, pi).
    let angle = (b as i32 >> 8) as f32 * (core::f32::consts::TAU / 16_777_216.0);
    (radius * F32Ext::cos(angle), radius * F32Ext::sin(angle))
}
