//! The parity suite for `run.mjs`: exports `run`, imports `write`.

#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use flatmin::backend::Portable;
use flatmin_parity::NoStopwatch;
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Takes text out of the module's memory.
    fn write(start: *const u8, len: usize);
}

struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the host only reads the text, during the call.
        unsafe { write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// Runs the suite; 0 if no step was refused.
#[unsafe(no_mangle)]
extern "C" fn run() -> u32 {
    #[cfg(not(flatmin_canary))]
    let mut backend = Portable;
    #[cfg(flatmin_canary)]
    let mut backend = flatmin_parity::canary::Canary(Portable);
    let mut pool = Pool::<KERNEL_LEN>::new();
    let done = suite::run(&mut backend, &mut NoStopwatch, &mut pool, &mut |row| {
        // The host takes everything.
        let _ = writeln!(Host, "{row}");
    });
    u32::from(done.is_err())
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    core::arch::wasm32::unreachable()
}
