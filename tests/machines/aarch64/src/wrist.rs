//! Personalises the wrist model on a Cortex-A53 without an operating system.

#![no_std]
#![no_main]

use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use flatmin::backend::Portable;
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::personalise::Grain;
use flatmin_wrist::pieces::Watched;
use flatmin_wrist::report::{Event, Report, Row};
use flatmin_wrist::session::{self, Board};
use machine_aarch64::{Timer, assert_ieee_arithmetic};
use semihosting::{println, process};

/// A board of which nothing is wanted.
struct Nothing;

impl DelayNs for Nothing {
    fn delay_ns(&mut self, _: u32) {}
}

impl ErrorType for Nothing {
    type Error = Infallible;
}

impl OutputPin for Nothing {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Says everything as text.
struct Text;

impl Report for Text {
    fn row(&mut self, row: Row) {
        println!("{row}");
    }

    fn event(&mut self, event: Event) {
        println!("{event}");
    }
}

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
        Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns: &mut turns, report: &mut Text };
    let result = session::run(board, backend, &mut memory, Grain::FINE);
    if let Err(error) = result {
        println!("the session stopped: {error}");
    }
    println!("at most {} instructions without a feed of the watchdog", turns.longest());
    let well = result.is_ok_and(|result| result.stored) && !turns.has_bitten();
    process::exit(i32::from(!well))
}
