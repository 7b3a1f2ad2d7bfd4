//! The phase machine of SAM over momentum SGD with its kernels.

#![no_std]
#![no_main]

use core::hint::black_box;
use flatmin::Error;
use flatmin::backend::Portable;
use flatmin::method::{Clock, Eval, Method, Next};
use flatmin::methods::Sam;
use flatmin::optimizers::{Momentum, Sgd};
use flatmin_flash::Function;

type Vector = &'static mut [f32];
type Tuner = Sam<Sgd<Momentum<Vector>>, Vector>;

fn begin(sam: &mut Tuner, w: &mut [f32], clock: &Clock) -> Result<Next, Error> {
    sam.begin(&mut Portable, w, clock)
}

fn resume(sam: &mut Tuner, w: &mut [f32], g: &mut [f32], loss: f32) -> Result<Next, Error> {
    sam.resume(&mut Portable, w, Eval { g, loss })
}

fn abort(sam: &mut Tuner, w: &mut [f32]) {
    sam.abort(&mut Portable, w);
}

static FUNCTIONS: [Function; 3] =
    [Function(begin as *const ()), Function(resume as *const ()), Function(abort as *const ())];

/// Where the linker starts to look for what is needed. Never run.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box(&FUNCTIONS);
    loop {
        core::hint::spin_loop();
    }
}
