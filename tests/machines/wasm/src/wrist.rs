//! Personalises the wrist model as a WebAssembly module: exports `run`, imports `write`.

#![no_std]
#![no_main]

use core::fmt::Write;
use flatmin::backend::Portable;
use flatmin_wrist::board::{Board, Nothing};
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::pieces::{Grain, Unwatched};
use flatmin_wrist::report::Text;
use flatmin_wrist::session::{self, Start};
use machine_wasm::Host;

/// Runs the session; 0 if it came to its end.
#[unsafe(no_mangle)]
extern "C" fn run() -> u32 {
    #[cfg(not(flatmin_canary))]
    let backend = Portable;
    #[cfg(flatmin_canary)]
    let backend = flatmin_parity::canary::WrongNoise(Portable);
    let (mut memory, mut flash) = (Memory::NEW, RamFlash::NEW);
    let turns = &mut Unwatched;
    let board = Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns, report: &mut Text(Host) };
    let result = session::run(board, backend, &mut memory, Grain::FINE, Start::Confirmed);
    if let Err(error) = result {
        let _ = writeln!(Host, "the session stopped: {error}");
    }
    u32::from(!result.is_ok_and(|result| result.stored))
}
