//! Personalises the wrist model as a WebAssembly module: exports `run`, imports `write`.

#![no_std]
#![no_main]

use core::convert::Infallible;
use core::fmt::Write;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use flatmin::backend::Portable;
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::personalise::Grain;
use flatmin_wrist::pieces::Unwatched;
use flatmin_wrist::report::{Event, Report, Row};
use flatmin_wrist::session::{self, Board};
use machine_wasm::Host;

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
        // The host takes everything.
        let _ = writeln!(Host, "{row}");
    }

    fn event(&mut self, event: Event) {
        // The host takes everything.
        let _ = writeln!(Host, "{event}");
    }
}

/// Runs the session; 0 if it came to its end.
#[unsafe(no_mangle)]
extern "C" fn run() -> u32 {
    #[cfg(not(flatmin_canary))]
    let backend = Portable;
    #[cfg(flatmin_canary)]
    let backend = flatmin_parity::canary::WrongNoise(Portable);
    let (mut memory, mut flash) = (Memory::NEW, RamFlash::NEW);
    let turns = &mut Unwatched;
    let board = Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns, report: &mut Text };
    let result = session::run(board, backend, &mut memory, Grain::FINE);
    if let Err(error) = result {
        let _ = writeln!(Host, "the session stopped: {error}");
    }
    u32::from(!result.is_ok_and(|result| result.stored))
}
