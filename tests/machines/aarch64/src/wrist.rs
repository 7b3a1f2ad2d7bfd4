//! Personalises the wrist model on a Cortex-A53 without an operating system.

#![no_std]
#![no_main]

use flatmin::backend::Portable;
use flatmin_wrist::board::{Board, Nothing};
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::pieces::{Grain, Watched};
use flatmin_wrist::report::Text;
use flatmin_wrist::session::{self, Start};
use machine_aarch64::{Host, Timer, assert_ieee_arithmetic};
use semihosting::{println, process};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    assert_ieee_arithmetic();
    #[cfg(not(flatmin_canary))]
    let backend = Portable;
    #[cfg(flatmin_canary)]
    let backend = flatmin_parity::canary::WrongNoise(Portable);
    let (mut memory, mut flash) = (Memory::NEW, RamFlash::NEW);
    let mut turns = Watched::new(|| (Timer::now() * Timer::PER_TICK) as u32, || {});
    let board =
        Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns: &mut turns, report: &mut Text(Host) };
    let result = session::run(board, backend, &mut memory, Grain::FINE, Start::Confirmed);
    if let Err(error) = result {
        println!("the session stopped: {error}");
    }
    println!("at most {} instructions without a feed of the watchdog", turns.longest());
    let well = result.is_ok_and(|result| result.stored) && !turns.has_bitten();
    process::exit(i32::from(!well))
}
