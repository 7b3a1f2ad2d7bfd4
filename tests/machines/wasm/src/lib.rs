//! What the modules share: the host's ear, and the end.
#![no_std]

use core::fmt::{self, Write};
use core::panic::PanicInfo;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Takes text out of the module's memory.
    fn write(start: *const u8, len: usize);
}

/// Takes text.
pub struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the host only reads the text, during the call.
        unsafe { write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    core::arch::wasm32::unreachable()
}
