//! Links only if no panic can be reached from the functions listed below. See README.md.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use flatmin as _;

/// Exports each function, and lists them all in `FUNCTIONS` so that the linker keeps them.
macro_rules! must_not_panic {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)+) => {
        $(
            $(#[$attribute])*
            #[unsafe(export_name = concat!("no_panic_", stringify!($name)))]
            #[inline(never)]
            fn $name($($argument: $type),*) $(-> $result)? $body
        )+

        static FUNCTIONS: &[Function] = &[$($(#[$attribute])* Function($name as *const ())),+];
    };
}

/// The address of a function.
#[repr(transparent)]
struct Function(#[allow(dead_code, reason = "only its presence matters")] *const ());

// SAFETY: the address is never used.
unsafe impl Sync for Function {}

// Anything may be passed to these: an argument is a value that the compiler knows nothing about.
// A function that takes slices must take them all as arguments, of lengths unknown and unequal.
must_not_panic! {
    fn sqrt(x: f32) -> f32 {
        libm::sqrtf(x)
    }

    #[cfg(feature = "canary")]
    fn canary(values: &[f32], index: usize) -> f32 {
        values[index]
    }
}

/// Where the linker starts to look for what is needed. Never run.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box(FUNCTIONS);
    loop {
        core::hint::spin_loop();
    }
}

unsafe extern "C" {
    /// Defined nowhere.
    safe fn panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    panic_is_reachable()
}
