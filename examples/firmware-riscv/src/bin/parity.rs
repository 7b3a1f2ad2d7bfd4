//! The parity suite: prints what this machine computes, for `flatmin-sim mcu` to compare.
//!
//! Output and exit status go through semihosting, which QEMU and debuggers understand.

#![no_std]
#![no_main]

use flatmin::backend::Portable;
use flatmin_parity::Stopwatch;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};
use riscv::register::minstret;
use riscv_rt::entry;
use semihosting::{println, process};

/// The counter of retired instructions.
struct Retired;

impl Stopwatch for Retired {
    fn time(&mut self, work: &mut dyn FnMut()) -> u64 {
        let start = minstret::read64();
        work();
        minstret::read64() - start
    }
}

#[entry]
fn main() -> ! {
    assert_ieee_arithmetic();
    #[cfg(not(flatmin_canary))]
    let mut backend = Portable;
    #[cfg(flatmin_canary)]
    let mut backend = flatmin_parity::canary::Canary(Portable);
    // 42 KB: a chip with less stack takes a static.
    let mut pool = Pool::<KERNEL_LEN>::new();
    let done = suite::run(&mut backend, &mut Retired, &mut pool, &mut |row| println!("{row}"));
    if let Err(error) = done {
        println!("a step was refused: {error}");
    }
    process::exit(i32::from(done.is_err()))
}

/// Halts if floats are rounded in another way than to nearest: the only thing that RISC-V lets a program change.
#[cfg(target_feature = "f")]
fn assert_ieee_arithmetic() {
    let mode: u32;
    // SAFETY: reads a register and has no other effect.
    unsafe { core::arch::asm!("frrm {}", out(reg) mode, options(nomem, nostack)) };
    assert!(
        mode == 0,
        "frm = {mode}: start-up code has changed the rounding mode; flatmin computes the same bits as on the host only with 0"
    );
}

#[cfg(not(target_feature = "f"))]
fn assert_ieee_arithmetic() {}
