//! What the images share: the check of the floating-point unit, the way out, a stopwatch.
//!
//! Output and exit status go through semihosting, which QEMU and debuggers understand; a board that runs on its own
//! needs another way to speak (see README.md).
#![no_std]

mod arithmetic;
mod stack;
mod stopwatch;

pub use arithmetic::{assert_ieee_arithmetic, not_ieee_arithmetic};
pub use stack::stack_used;
pub use stopwatch::{Instructions, SysTick};

use core::panic::PanicInfo;
use cortex_m_semihosting::debug::{self, ExitStatus};
use cortex_m_semihosting::{hprint, hprintln};

/// Ends the emulation with `status`; under a debugger, stops there.
pub fn exit(status: ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}

/// What the panic handlers do that can afford 3 KB of formatting.
pub fn stop(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    hprint!("firmware stopped: ");
    if let Some(place) = info.location() {
        hprint!("{}:{}: ", place.file(), place.line());
    }
    hprintln!("{}", info.message());
    exit(debug::EXIT_FAILURE)
}

unsafe extern "C" {
    /// From the linker script: where the initial values of the statics lie in flash, behind everything else.
    static __sidata: u8;
    /// Where they go to in RAM.
    static __sdata: u8;
    /// And where they end there.
    static __edata: u8;
}

/// The address behind the program in flash.
#[must_use]
pub fn program_end() -> usize {
    let [load, start, end] =
        [&raw const __sidata, &raw const __sdata, &raw const __edata].map(|at| at as usize);
    load + (end - start)
}
