//! The parity suite: prints what this machine computes, for `flatmin-sim mcu` to compare.
//!
//! Output and exit status go through semihosting, which QEMU and debuggers understand.

#![no_std]
#![no_main]

use firmware_riscv::{Retired, assert_ieee_arithmetic};
use flatmin::backend::Portable;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};
use riscv_rt::entry;
use semihosting::{println, process};

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

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(1)
}
