//! The parity suite on a Cortex-A53 without an operating system.

#![no_std]
#![no_main]

use flatmin::backend::Portable;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};
use machine_aarch64::{Timer, assert_ieee_arithmetic};
use semihosting::{println, process};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    assert_ieee_arithmetic();
    #[cfg(not(flatmin_canary))]
    let mut backend = Portable;
    #[cfg(flatmin_canary)]
    let mut backend = flatmin_parity::canary::Canary(Portable);
    let mut pool = Pool::<KERNEL_LEN>::new();
    let done = suite::run(&mut backend, &mut Timer, &mut pool, &mut |row| println!("{row}"));
    if let Err(error) = done {
        println!("a step was refused: {error}");
    }
    process::exit(i32::from(done.is_err()))
}
