#![allow(unsafe_code, reason = "enters code compiled for AVX2")]

use super::{Isa, Op};
use crate::lanes::Ymm;

cpufeatures::new!(detected, "avx2");

/// x86-64 with AVX2. A value is a proof that the CPU has it.
///
/// Vectors may start anywhere. In cache, those that start on a multiple of 32 bytes (64 to be sure) are a tenth to a
/// fifth faster than what an allocator gives, which is often a multiple of 16 only.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The backend, if this CPU has AVX2 (and the system saves its registers).
    pub fn detect() -> Option<Self> {
        detected::get().then_some(Self(()))
    }
}

#[target_feature(enable = "avx2")]
fn run<O: Op>(op: O) -> O::Output {
    op.run::<Ymm>()
}

impl Isa for Avx2 {
    const NAME: &'static str = "avx2";

    #[inline(always)]
    fn enter<O: Op>(self, op: O) -> O::Output {
        // SAFETY: a value of this type exists only after `detect` found AVX2.
        unsafe { run(op) }
    }
}
