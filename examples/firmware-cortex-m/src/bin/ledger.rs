//! The ledger: prints how many instructions everything takes, for `flatmin-sim mcu --ledger check`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use firmware_cortex_m::{SysTick, exit};
use flatmin::backend::Portable;
use flatmin_parity::ledger::{self, Memory};

#[entry]
fn main() -> ! {
    let memory = cortex_m::singleton!(: Memory = Memory::new());
    let (Some(memory), Some(mut watch)) = (memory, SysTick::start()) else { exit(EXIT_FAILURE) };
    match ledger::run(&mut Portable, &mut watch, memory, &mut |row| hprintln!("{}", row)) {
        Ok(()) => exit(EXIT_SUCCESS),
        Err(error) => {
            hprintln!("a step was refused: {}", error);
            exit(EXIT_FAILURE)
        }
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    firmware_cortex_m::stop(info)
}
