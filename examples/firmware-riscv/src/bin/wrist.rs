//! Personalises the wrist model: everything but this board is in `flatmin-wrist`.
//!
//! On a real board, replace what is marked `board:`.

#![no_std]
#![no_main]

use core::panic::PanicInfo;
// board: `defmt_rtt`
#[cfg(not(flatmin_silent))]
use defmt_semihosting as _;
use firmware_riscv::{Retired, not_ieee_arithmetic, program_end};
use flatmin::backend::Portable;
use flatmin_wrist::board::{Board, Nothing, Pulses};
use flatmin_wrist::choice::{Memory, NAME};
use flatmin_wrist::flash::{self, RamFlash};
use flatmin_wrist::pieces::{Grain, Watched};
use flatmin_wrist::report::Defmt;
use flatmin_wrist::say;
use flatmin_wrist::session::{self, Start};
use riscv::singleton;
use riscv_rt::entry;
use semihosting::process::exit;

#[entry]
fn main() -> ! {
    if let Some((register, value)) = not_ieee_arithmetic() {
        say!("{=str} = {=u32:08x}: only with 0 are bits the host's", register, value);
        exit(1)
    }
    // A save erases what lies there: never the program.
    if !flash::is_behind(program_end()) {
        say!(
            "the program ends at {=usize:08x}, behind flatmin_wrist::flash::START {=u32:08x}",
            program_end(),
            flash::START
        );
        exit(1)
    }
    // `singleton!` hands out a static buffer once: no stack is needed for it, and no unsafe.
    let memory = singleton!(: Memory = Memory::NEW);
    // board: the flash driver of your HAL, and `START` in `flatmin_wrist::flash`: a 0 there erases this program
    let flash = singleton!(: RamFlash = RamFlash::NEW);
    let (Some(memory), Some(flash)) = (memory, flash) else { exit(1) };
    #[cfg(not(flatmin_canary))]
    let backend = Portable;
    #[cfg(flatmin_canary)]
    let backend = flatmin_parity::canary::WrongNoise(Portable);

    // board: any counter that runs up, and feed the watchdog
    let mut turns = Watched::new(Retired::now, || {});
    // board: the timer of your HAL. In the emulator the IMU is ready when it is asked again.
    let delay = Nothing;
    // board: an output pin of your HAL. Here its rising edges are counted.
    let mut led = Pulses::default();
    let board = Board { delay, pin: &mut led, flash, turns: &mut turns, report: &mut Defmt };
    // board: `Start::Shipped` when the person wants to label again, by a button say
    let result = session::run(board, backend, memory, Grain::FINE, Start::Confirmed);
    let (longest, part) = (turns.longest(), turns.longest_part());
    say!("row feed:{=str} {=u32}", NAME, longest);
    say!("row part:{=str} {=u32}", NAME, part);
    say!("{=u32} phases on the pin", led.0);
    match result {
        Err(error) => say!("the session stopped: {}", error),
        Ok(_) if turns.has_bitten() => {
            say!("the watchdog bites: {=u32} instructions without a feed", longest);
        }
        Ok(result) if result.stored => exit(0),
        Ok(_) => {}
    }
    exit(1)
}

/// Says where, and not what: that would take 3 KB.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        say!("panic at {=str}:{=u32}", place.file(), place.line());
    }
    exit(1)
}
