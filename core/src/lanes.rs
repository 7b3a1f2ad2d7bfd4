//! Explicit vector registers for reductions, where auto-vectorisation is unreliable.
//!
//! A reduction keeps 32 accumulators. A register type covers all 32 in one pass over a block or a part of them in
//! several passes; either way lane j sees the same additions in the same order, so the bits are the same.

use core::ops::{Add, Mul, Sub};

#[cfg(all(flatmin_turns, target_arch = "arm"))]
pub(crate) mod arm;
mod array;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use array::{Array, Plain};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::Ymm;

/// Accumulators of every reduction.
pub const LANES: usize = 32;

/// Whether code is to be small rather than fast: see `build.rs`.
pub(crate) const SMALL: bool =
    cfg!(all(any(target_arch = "arm", target_arch = "riscv32"), not(flatmin_turns)));
/// Whether floats are computed by a small core's hardware, one at a time.
pub(crate) const SCALAR: bool = cfg!(any(
    all(target_arch = "arm", target_abi = "eabihf"),
    all(target_arch = "riscv32", target_feature = "f")
));

/// A register (or a few) of adjacent lanes.
pub trait Lanes: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// Passes that cover all 32 lanes.
    const PASSES: usize;
    /// The lanes of pass `pass` of a row.
    fn load(row: &[f32; LANES], pass: usize) -> Self;
    /// Writes them back.
    fn store(self, row: &mut [f32; LANES], pass: usize);
}
