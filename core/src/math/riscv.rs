//! Square root by instruction on RISC-V with the F extension.
#![allow(unsafe_code, reason = "stable Rust reaches fsqrt.s only by inline assembly")]

#[inline(always)]
pub(super) fn sqrt(x: f32) -> f32 {
    let root: f32;
    // SAFETY: the target has the F extension; nothing but the result is written (and flags that nobody reads).
    unsafe {
        core::arch::asm!("fsqrt.s {root}, {x}", root = lateout(freg) root, x = in(freg) x, options(pure, nomem, nostack));
    }
    root
}
