use super::{Isa, Op};
use crate::kernel::Fill;
use crate::rng::{Key, LANES, TILE, block};
use core::marker::PhantomData;

/// Another backend with cheap noise, for cores without an FPU. **Not bit-equal to any other backend**, and its noise only
/// resembles a Gaussian: what that saves and costs is measured in `docs/approx.md`.
///
/// Everything but the noise of [`LpfSgd`](crate::methods::LpfSgd) is the inner backend's, bit for bit. The noise is a
/// pure function of the same key, so it is as reproducible, and equal on every machine. It is never chosen for you: only
/// code that names this type gets it.
///
/// ```
/// use flatmin::backend::{Approx, Portable, Sliced};
/// let whole = Approx::new(Portable);
/// let in_pieces = Sliced::new(Approx::new(Portable), 64);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Approx<B, Z = Bytes>(B, PhantomData<Z>);

impl<B: Isa> Approx<B> {
    /// `inner` with noise of [`Bytes`].
    pub const fn new(inner: B) -> Self {
        Self(inner, PhantomData)
    }
}

impl<B: Isa, Z: Normals> Approx<B, Z> {
    /// `inner` with noise of `Z`.
    pub const fn with(inner: B) -> Self {
        Self(inner, PhantomData)
    }
}

impl<B: Isa, Z: Normals> Isa for Approx<B, Z> {
    const NAME: &'static str = "approx";

    #[inline(always)]
    fn enter<O: Op>(self, op: O) -> O::Output {
        self.0.enter(op)
    }

    #[inline(always)]
    fn tile<K: Fill<O, I>, const O: usize, const I: usize>(kernel: &K, tile: u32, out: &mut [f32; TILE]) {
        match kernel.gaussian() {
            Some(key) => Z::write_normals(tile, key, out),
            None => kernel.tile(tile, out),
        }
    }
}

/// A way to turn the random words of a tile into values that pass for standard normal ones.
pub trait Normals: Copy {
    /// Its name, as printed in tables.
    const NAME: &'static str;
    /// As [`rng::write_normals`](crate::rng::write_normals), of the same words.
    fn write_normals(tile: u32, key: Key, out: &mut [f32; TILE]);
}

/// The sum of the four bytes of one random word, with mean 0 and variance 1: no root, no logarithm, one conversion and one
/// multiplication. At most 3.45 in magnitude; fourth moment 2.7 instead of 3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Normals for Bytes {
    const NAME: &'static str = "bytes";

    #[inline(always)]
    fn write_normals(tile: u32, key: Key, out: &mut [f32; TILE]) {
        let (rows, _) = out.as_chunks_mut::<LANES>();
        if let [x, y, z, t] = rows {
            for lane in 0..LANES {
                [x[lane], y[lane], z[lane], t[lane]] = block(tile, lane, key).map(bytes);
            }
        }
    }
}

/// `(b0 + b1 + b2 + b3 - 510) / sqrt(4 (256^2 - 1) / 12)`.
#[inline(always)]
fn bytes(word: u32) -> f32 {
    // Two sums of two, then one of four: no carry crosses into a neighbour.
    let pairs = (word & 0x00ff_00ff) + (word >> 8 & 0x00ff_00ff);
    let sum = (pairs & 0xffff) + (pairs >> 16);
    (sum as i32 - 510) as f32 * 6.765_875e-3
}

/// Box-Muller with `micromath`'s logarithm and square root (feature `micromath`). Its tails are a Gaussian's, its errors
/// are larger than those of [`Bytes`], and it saves far less.
#[cfg(feature = "micromath")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Micromath;

#[cfg(feature = "micromath")]
impl Normals for Micromath {
    const NAME: &'static str = "micromath";

    #[inline(always)]
    fn write_normals(tile: u32, key: Key, out: &mut [f32; TILE]) {
        let (rows, _) = out.as_chunks_mut::<LANES>();
        if let [x, y, z, t] = rows {
            for lane in 0..LANES {
                let [a, b, c, d] = block(tile, lane, key);
                (x[lane], y[lane]) = pair(a, b);
                (z[lane], t[lane]) = pair(c, d);
            }
        }
    }
}

/// Two values of two random words. `micromath` has an approximate sine and cosine too, but without an FPU they cost more
/// than ours, which start from an integer angle.
#[cfg(feature = "micromath")]
#[inline(always)]
fn pair(a: u32, b: u32) -> (f32, f32) {
    use micromath::F32Ext;
    // Not -2: root and logarithm are off such that the variance would be 1.121.
    const FACTOR: f32 = -1.783_5;
    let u = ((a >> 8) + 1) as f32 * (1.0 / 16_777_216.0);
    let radius = F32Ext::sqrt(FACTOR * F32Ext::ln(u));
    let (sin, cos) = crate::math::sincos_turn(b);
    (radius * cos, radius * sin)
}
