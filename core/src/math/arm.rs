//! Square root by instruction on Cortex-M with a hardware float ABI.
#![allow(unsafe_code, reason = "stable Rust reaches vsqrt only by inline assembly")]

/// The assembler's `sreg` class wants double precision on this target, so the value travels through core registers.
#[inline(always)]
pub(super) fn sqrt(x: f32) -> f32 {
    let root: u32;
    // SAFETY: the eabihf ABI implies a single-precision FPU; nothing but s15 is touched (and flags that nobody reads).
    unsafe {
        core::arch::asm!(
            "vmov s15, {x}", "vsqrt.f32 s15, s15", "vmov {x}, s15",
            x = inlateout(reg) x.to_bits() => root, out("s15") _,
            options(pure, nomem, nostack)
        );
    }
    f32::from_bits(root)
}
