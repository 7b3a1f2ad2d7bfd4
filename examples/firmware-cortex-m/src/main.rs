//! flatmin on a Cortex-M4F.
//!
//! Output and exit status go through semihosting, which QEMU and debuggers understand; a board that
//! runs on its own needs another way to speak (see README.md).

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m::peripheral::FPU;
use cortex_m::register::fpscr;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::{hprint, hprintln};

use flatmin::backend::Portable;
use problem::{Memory, STEPS, train};

mod problem;

/// Bits of FPSCR (and FPDSCR) that change the result of arithmetic: flush-to-zero, default NaN, rounding mode.
const NOT_IEEE: u32 = 1 << 24 | 1 << 25 | 0b11 << 22;

/// Halts if the floating-point unit was told to compute something else than IEEE 754 in
/// round-to-nearest. Training would still work, but not with the bits that the host computes.
///
/// FPSCR holds for the code that runs now; FPDSCR is what each new context (an interrupt, a task of
/// an RTOS) starts with.
fn assert_ieee_arithmetic() {
    let fpscr = fpscr::read().bits();
    // SAFETY: FPDSCR is readable at any time in privileged mode, and reading it changes nothing.
    let fpdscr = unsafe { (*FPU::PTR).fpdscr.read() };
    for (name, value) in [("FPSCR", fpscr), ("FPDSCR", fpdscr)] {
        assert!(
            value & NOT_IEEE == 0,
            "{name} = {value:#010x}: start-up code has switched on {}{}{}. flatmin computes the same bits as on the \
             host only with bits 22 to 25 clear.",
            if value & 1 << 24 != 0 { "[flush-to-zero]" } else { "" },
            if value & 1 << 25 != 0 { "[default NaN]" } else { "" },
            if value & 0b11 << 22 != 0 { "[another rounding mode]" } else { "" },
        );
    }
}

#[entry]
fn main() -> ! {
    assert_ieee_arithmetic();

    hprintln!(
        "flatmin {} on Cortex-M4F: {} SAM steps, {} bytes",
        env!("CARGO_PKG_VERSION"),
        STEPS,
        size_of::<Memory>()
    );
    // `singleton!` hands out a static buffer once: no stack is needed for it, and no unsafe.
    let Some(memory) = cortex_m::singleton!(: Memory = Memory::new()) else { exit(EXIT_FAILURE) };
    match train(&mut Portable, memory, |step, loss| hprintln!("step {:2}  loss {:.6}", step, loss)) {
        Ok(hash) => hprintln!("hash {:08x}", hash),
        Err(error) => {
            hprintln!("training stopped: {}", error);
            exit(EXIT_FAILURE)
        }
    }
    exit(EXIT_SUCCESS)
}

/// Ends the emulation with `status`; under a debugger, stops there.
fn exit(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    hprint!("firmware stopped: ");
    if let Some(place) = info.location() {
        hprint!("{}:{}: ", place.file(), place.line());
    }
    hprintln!("{}", info.message());
    exit(EXIT_FAILURE)
}
