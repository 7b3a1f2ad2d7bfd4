//! What the images share: a panic handler that nothing reaches.
#![no_std]

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The address of a function, so that the linker keeps it.
#[repr(transparent)]
pub struct Function(pub *const ());

// SAFETY: the address is never used.
unsafe impl Sync for Function {}
