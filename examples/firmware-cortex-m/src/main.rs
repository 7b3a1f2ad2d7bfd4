//! flatmin on a Cortex-M: 20 SAM steps of a small network, and the hash of what they end with.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;

use firmware_cortex_m::{assert_ieee_arithmetic, exit};
use flatmin::backend::Portable;
use problem::{Memory, STEPS, train};

mod problem;

#[entry]
fn main() -> ! {
    assert_ieee_arithmetic();

    hprintln!(
        "flatmin {} on a Cortex-M: {} SAM steps, {} bytes",
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

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    firmware_cortex_m::stop(info)
}
