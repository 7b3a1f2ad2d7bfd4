//! Every kernel that SAM over momentum SGD calls.

#![no_std]
#![no_main]

use core::hint::black_box;
use flatmin::backend::{Backend, Portable};
use flatmin::kernels::{Copy, NonFinite, SaveAscend, SqNorm, StepMomentum};
use flatmin_flash::Function;

fn non_finite(g: &[f32]) -> f32 {
    Portable.reduce(NonFinite {}, [g])
}

fn sq_norm(g: &[f32]) -> f32 {
    Portable.reduce(SqNorm {}, [g])
}

fn save_ascend(kernel: &SaveAscend, sq_norm: &f32, w: &mut [f32], saved: &mut [f32], g: &[f32]) {
    Portable.map(*kernel, [sq_norm], [w, saved], [g]);
}

fn copy(w: &mut [f32], saved: &[f32]) {
    Portable.map(Copy {}, [], [w], [saved]);
}

fn step_momentum(
    kernel: &StepMomentum,
    w: &mut [f32],
    saved: Option<&[f32]>,
    g: &[f32],
    velocity: &mut [f32],
) {
    Portable.update(*kernel, w, saved, g, [velocity]);
}

static FUNCTIONS: [Function; 5] = [
    Function(non_finite as *const ()),
    Function(sq_norm as *const ()),
    Function(save_ascend as *const ()),
    Function(copy as *const ()),
    Function(step_momentum as *const ()),
];

/// Where the linker starts to look for what is needed. Never run.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box(&FUNCTIONS);
    loop {
        core::hint::spin_loop();
    }
}
