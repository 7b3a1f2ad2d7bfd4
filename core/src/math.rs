//! Scalar functions with the same bits on every target: only `+ - * /`, square root and bit operations.
//!
//! `sqrt` is correctly rounded everywhere: by instruction where there is one, else by `libm`. `ln` and
//! `sincos_turn` are short polynomials that a loop can vectorise; everything that runs once a call uses `libm`.

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
#[path = "math/arm.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "math/x86.rs"]
mod arch;
#[cfg(all(any(target_arch = "riscv32", target_arch = "riscv64"), target_feature = "f"))]
#[path = "math/riscv.rs"]
mod arch;
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "arm", target_abi = "eabihf"),
    all(any(target_arch = "riscv32", target_arch = "riscv64"), target_feature = "f"),
)))]
mod arch {
    // By instruction on AArch64 (libm's feature `arch`), in software elsewhere.
    #[inline(always)]
    pub(super) fn sqrt(x: f32) -> f32 {
        libm::sqrtf(x)
    }
}

/// The correctly rounded square root.
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    arch::sqrt(x)
}

/// `a` if `c`, else `b`; spelled as a function so that loops select instead of branching.
#[inline(always)]
pub(crate) fn select(c: bool, a: f32, b: f32) -> f32 {
    if c { a } else { b }
}

/// The natural logarithm of a positive normal number, within 0.83 ULP.
///
/// Range reduction to `[sqrt(1/2), sqrt(2))`, then the degree-9 polynomial of Cephes' `logf` by Horner's rule.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let offset = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = ((offset as i32) >> 23) as f32;
    let f = f32::from_bits((offset & 0x007f_ffff).wrapping_add(SQRT_HALF)) - 1.0;
    let square = f * f;
    let mut p = 7.037_683_6e-2_f32;
    p = p * f - 1.151_461e-1;
    p = p * f + 1.167_699_9e-1;
    p = p * f - 1.242_014_1e-1;
    p = p * f + 1.424_932_3e-1;
    p = p * f - 1.666_805_7e-1;
    p = p * f + 2.000_071_5e-1;
    p = p * f - 2.499_999_4e-1;
    p = p * f + 0.333_333_3;
    // ln 2 in two parts: the first is exact in few bits, so its product with the exponent is exact too.
    let low = p * f * square + exponent * -2.121_944_4e-4 - 0.5 * square;
    f + low + exponent * 0.693_359_4
}

/// `(sin, cos)` of the angle `2 pi * turn / 2^32`, within 1.7e-7 (the six lowest bits of `turn` are dropped: up to 0.93e-7
/// of it).
///
/// The angle is an integer, so range reduction is exact and costs two operations.
#[inline(always)]
pub fn sincos_turn(turn: u32) -> (f32, f32) {
    // The nearest multiple of a quarter turn, and the signed rest in [-2^29, 2^29).
    let quadrant = turn.wrapping_add(0x2000_0000) >> 30;
    let rest = turn.wrapping_sub(quadrant << 30) as i32;
    // 24 bits convert exactly; one constant keeps it one rounding whatever a compiler merges.
    let a = (rest >> 6) as f32 * (core::f32::consts::TAU / 67_108_864.0);
    let z = a * a;
    let s = ((-1.951_529_6e-4_f32 * z + 8.332_161e-3) * z - 1.666_665_5e-1) * z * a + a;
    let c = (((2.443_315_7e-5_f32 * z - 1.388_731_6e-3) * z + 4.166_664_6e-2) * z - 0.5) * z + 1.0;
    let odd = quadrant & 1 != 0;
    let sin = f32::from_bits(select(odd, c, s).to_bits() ^ ((quadrant & 2) << 30));
    let cos = f32::from_bits(select(odd, s, c).to_bits() ^ ((quadrant.wrapping_add(1) & 2) << 30));
    (sin, cos)
}
