//! Personalises the wrist model: everything but this board is in `flatmin-wrist`.
//!
//! On a real board, replace what is marked `board:`.

#![no_std]
#![no_main]

use core::panic::PanicInfo;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS};
// board: `defmt_rtt`
#[cfg(not(flatmin_silent))]
use defmt_semihosting as _;
use firmware_cortex_m::{Instructions, exit, not_ieee_arithmetic, program_end, stack_used};
use flatmin::backend::Portable;
use flatmin_wrist::board::{Board, Nothing, Pulses};
use flatmin_wrist::choice::{Memory, NAME, RAM};
use flatmin_wrist::flash::{self, RamFlash};
use flatmin_wrist::pieces::{Grain, Watched};
use flatmin_wrist::report::Defmt;
use flatmin_wrist::say;
use flatmin_wrist::session::{self, Start};

/// What is left of the RAM for the stack; whether that is enough is measured.
const STACK: usize = RAM - size_of::<Memory>();

#[entry]
fn main() -> ! {
    if let Some((register, value)) = not_ieee_arithmetic() {
        say!("{=str} = {=u32:08x}: only with bits 22 to 25 clear are bits the host's", register, value);
        exit(EXIT_FAILURE)
    }
    // A save erases what lies there: never the program.
    if !flash::is_behind(program_end()) {
        say!(
            "the program ends at {=usize:08x}, behind flatmin_wrist::flash::START {=u32:08x}",
            program_end(),
            flash::START
        );
        exit(EXIT_FAILURE)
    }
    // `singleton!` hands out a static buffer once: no stack is needed for it, and no unsafe.
    let memory = cortex_m::singleton!(: Memory = Memory::NEW);
    // board: the flash driver of your HAL, and `START` in `flatmin_wrist::flash`: a 0 there erases this program
    let flash = cortex_m::singleton!(: RamFlash = RamFlash::NEW);
    // board: any counter that runs up, such as DWT.CYCCNT, or the HAL's monotonic timer
    let clock = Instructions::start();
    let (Some(memory), Some(flash), Some(clock)) = (memory, flash, clock) else { exit(EXIT_FAILURE) };
    #[cfg(not(flatmin_canary))]
    let backend = Portable;
    #[cfg(flatmin_canary)]
    let backend = flatmin_parity::canary::WrongNoise(Portable);

    // board: feed the watchdog here
    let mut turns = Watched::new(|| clock.now(), || {});
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
    let (memory, stack) = (size_of::<Memory>(), stack_used());
    say!("row memory:{=str} {=usize}", NAME, memory);
    say!("row stack:{=str} {=usize}", NAME, stack);
    say!("{=usize} of {=usize} bytes of RAM", memory + stack, RAM);
    match result {
        Err(error) => say!("the session stopped: {}", error),
        Ok(_) if turns.has_bitten() => {
            say!("the watchdog bites: {=u32} instructions without a feed", longest);
        }
        Ok(_) if stack > STACK => say!("the stack leaves its {=usize} bytes", STACK),
        Ok(result) if result.stored => exit(EXIT_SUCCESS),
        Ok(_) => {}
    }
    exit(EXIT_FAILURE)
}

/// Says where, and not what: that would take 3 KB.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Some(place) = info.location() {
        say!("panic at {=str}:{=u32}", place.file(), place.line());
    }
    exit(EXIT_FAILURE)
}
