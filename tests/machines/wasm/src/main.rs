//! The parity suite for `run.mjs`: exports `run`, imports `write`.

#![no_std]
#![no_main]

use core::fmt::Write;
use flatmin::backend::Portable;
use flatmin_parity::NoStopwatch;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};
use machine_wasm::Host;

/// Runs the suite; 0 if no step was refused.
#[unsafe(no_mangle)]
extern "C" fn run() -> u32 {
    #[cfg(not(flatmin_canary))]
    let mut backend = Portable;
    #[cfg(flatmin_canary)]
    let mut backend = flatmin_parity::canary::Canary(Portable);
    let mut pool = Pool::<KERNEL_LEN>::new();
    let done = suite::run(&mut backend, &mut NoStopwatch, &mut pool, &mut |row| {
        // The host takes everything.
        let _ = writeln!(Host, "{row}");
    });
    u32::from(done.is_err())
}
