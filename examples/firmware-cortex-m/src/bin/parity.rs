//! The parity suite: prints what this machine computes, for `flatmin-sim mcu` to compare.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use firmware_cortex_m::{SysTick, assert_ieee_arithmetic, exit};
use flatmin::backend::Portable;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};

#[entry]
fn main() -> ! {
    #[cfg(all(flatmin_flush_to_zero, target_abi = "eabihf"))]
    spoil_arithmetic();
    assert_ieee_arithmetic();
    #[cfg(not(flatmin_canary))]
    let mut backend = Portable;
    #[cfg(flatmin_canary)]
    let mut backend = flatmin_parity::canary::Canary(Portable);
    let pool = cortex_m::singleton!(: Pool<KERNEL_LEN> = Pool::new());
    let (Some(pool), Some(mut watch)) = (pool, SysTick::start()) else { exit(EXIT_FAILURE) };
    match suite::run(&mut backend, &mut watch, pool, &mut |row| hprintln!("{}", row)) {
        Ok(()) => exit(EXIT_SUCCESS),
        Err(error) => {
            hprintln!("a step was refused: {}", error);
            exit(EXIT_FAILURE)
        }
    }
}

/// What careless start-up code does, to show that the check sees it.
#[cfg(all(flatmin_flush_to_zero, target_abi = "eabihf"))]
fn spoil_arithmetic() {
    use cortex_m::register::fpscr;
    let mut register = fpscr::read();
    register.set_fz(true);
    // SAFETY: changes how floats are rounded, which nobody has relied on yet.
    unsafe { fpscr::write(register) };
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    firmware_cortex_m::stop(info)
}
