//! What the images share: the check of the floating-point unit, and the counter of instructions.
#![no_std]

use flatmin_parity::Stopwatch;
use riscv::register::minstret;

/// The counter of retired instructions.
pub struct Retired;

impl Retired {
    /// Its lower half, which wraps around at 2^32.
    #[inline(never)]
    pub fn now() -> u32 {
        minstret::read64() as u32
    }
}

impl Stopwatch for Retired {
    fn time(&mut self, work: &mut dyn FnMut()) -> u64 {
        let start = minstret::read64();
        work();
        minstret::read64() - start
    }
}

/// The rounding mode, if it is another one than to nearest: the only thing that RISC-V lets a program change.
#[cfg(target_feature = "f")]
pub fn not_ieee_arithmetic() -> Option<(&'static str, u32)> {
    let mode: u32;
    // SAFETY: reads a register and has no other effect.
    unsafe { core::arch::asm!("frrm {}", out(reg) mode, options(nomem, nostack)) };
    (mode != 0).then_some(("frm", mode))
}

/// Without an FPU there is nothing to check.
#[cfg(not(target_feature = "f"))]
pub fn not_ieee_arithmetic() -> Option<(&'static str, u32)> {
    None
}

/// Halts if floats are rounded in another way than to nearest.
pub fn assert_ieee_arithmetic() {
    if let Some((register, mode)) = not_ieee_arithmetic() {
        panic!(
            "{register} = {mode}: start-up code has changed the rounding mode; flatmin computes the same bits as on the host only with 0"
        );
    }
}

unsafe extern "C" {
    /// From the linker script: where the initial values of the statics lie in flash, behind everything else.
    static __sidata: u8;
    /// Where they go to in RAM.
    static __sdata: u8;
    /// And where they end there.
    static __edata: u8;
}

/// The address behind the program in flash.
#[must_use]
pub fn program_end() -> usize {
    let [load, start, end] =
        [&raw const __sidata, &raw const __sdata, &raw const __edata].map(|at| at as usize);
    load + (end - start)
}
