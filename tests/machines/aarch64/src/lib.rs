//! What the images share: start-up code, the host's ear, the check of the floating-point unit, a counter of instructions.
#![no_std]

use core::arch::{asm, global_asm};
use core::fmt::{self, Write};
use flatmin_parity::Stopwatch;
use semihosting::print;

// A stack, and the floating-point unit for exception level 1. The emulator has zeroed the memory.
global_asm!(
    ".section .init, \"ax\"",
    ".globl _start",
    "_start:",
    "ldr x0, =stack_top",
    "mov sp, x0",
    "mov x0, #(3 << 20)",
    "msr cpacr_el1, x0",
    "isb",
    "bl main",
    "b .",
);

/// Takes text.
pub struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}

/// The generic timer: 62.5 MHz, so with `-icount shift=0` a tick is 16 instructions.
pub struct Timer;

impl Timer {
    /// Instructions a tick.
    pub const PER_TICK: u64 = 16;

    /// Ticks so far.
    pub fn now() -> u64 {
        let ticks: u64;
        // SAFETY: reads a register and has no other effect.
        unsafe { asm!("isb", "mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
        ticks
    }
}

impl Stopwatch for Timer {
    fn time(&mut self, work: &mut dyn FnMut()) -> u64 {
        let start = Self::now();
        work();
        (Self::now() - start) * Self::PER_TICK
    }
}

/// Halts unless floats are those of IEEE 754, rounded to nearest.
pub fn assert_ieee_arithmetic() {
    let fpcr: u64;
    // SAFETY: reads a register and has no other effect.
    unsafe { asm!("mrs {}, fpcr", out(reg) fpcr, options(nomem, nostack)) };
    assert!(
        fpcr & (0b1111 << 22) == 0,
        "FPCR = {fpcr:#x}: flush-to-zero, default NaN or another rounding mode is on"
    );
}
