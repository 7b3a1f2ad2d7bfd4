//! Links only if no panic can be reached from the functions listed in these modules. See README.md.

#![no_std]
#![no_main]
// What is in no list proves nothing.
#![deny(unused)]

use core::hint::black_box;
use core::panic::PanicInfo;

/// Exports each function, and lists them all in `FUNCTIONS` so that the linker keeps them.
macro_rules! must_not_panic {
    ($($(#[$attribute:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)+) => {
        $(
            $(#[$attribute])*
            #[unsafe(export_name = concat!("no_panic_", stringify!($name)))]
            #[inline(never)]
            fn $name($($argument: $type),*) $(-> $result)? $body
        )+

        pub static FUNCTIONS: &[crate::Function] =
            &[$($(#[$attribute])* crate::Function($name as *const ())),+];
    };
}

mod blob;
mod board;
mod checkpoint;
mod kernels;
mod layout;
mod networks;
mod numbers;
mod reports;
mod steps;
mod tune;
mod waiting;

/// The address of a function.
#[repr(transparent)]
struct Function(#[allow(dead_code, reason = "only its presence matters")] *const ());

// SAFETY: the address is never used.
unsafe impl Sync for Function {}

#[cfg(feature = "canary")]
mod canary {
    must_not_panic! {
        fn canary(values: &[f32], index: usize) -> f32 {
            values[index]
        }
    }
}

/// Where the linker starts to look for what is needed. Never run.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box([
        blob::FUNCTIONS,
        checkpoint::FUNCTIONS,
        kernels::FUNCTIONS,
        layout::FUNCTIONS,
        networks::FUNCTIONS,
        numbers::FUNCTIONS,
        reports::FUNCTIONS,
        steps::FUNCTIONS,
        tune::FUNCTIONS,
        waiting::FUNCTIONS,
        #[cfg(feature = "canary")]
        canary::FUNCTIONS,
    ]);
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
