//! Square root by instruction.
#![allow(unsafe_code, reason = "an instruction without a safe function in core")]

use core::arch::x86_64::{_mm_cvtss_f32, _mm_set_ss, _mm_sqrt_ss};

/// LLVM sees `llvm.sqrt`, so loops over this vectorise.
#[inline(always)]
pub(super) fn sqrt(x: f32) -> f32 {
    // SAFETY: SSE is part of x86-64.
    unsafe { _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))) }
}
