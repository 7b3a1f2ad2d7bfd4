//! Links only if no panic can be reached from the functions listed below. See README.md.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Backend, Portable, Sliced};
use flatmin::drive::step;
use flatmin::gate::Gated;
use flatmin::gates::Bernoulli;
use flatmin::layout::{Groups, Segment, Sharing};
use flatmin::method::{Clock, Eval, Method};
use flatmin::methods::{LpfSgd, Plain, Sam};
use flatmin::nn::{self, Conv1d, Conv2d, Dense, Evaluation, MaxPool2d, MeanTime, Network, Relu, Tanh};
use flatmin::optimizers::{Adam, AdamW, Clipped, Sgd};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin::{hash, kernels};

type Net = nn::seq!(Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Tanh<208>, MeanTime<13, 16>, Dense<16, 7>);

type Image = nn::seq!(Conv2d<1, 28, 28, 3, 2, 8>, Relu<1352>, MaxPool2d<13, 13, 8, 2, 3>, Conv2d<8, 4, 4, 3, 1, 5>, Tanh<20>, Dense<20, 10>);

/// A few steps with an objective that does something with all of its arguments.
fn steps<M: Method<Portable>>(mut method: M, w: &mut [f32], g: &mut [f32], clock: &Clock) -> u32 {
    let objective = |w: &[f32], g: &mut [f32], request: flatmin::method::Request| {
        let keep = if request.accumulate { 1.0 } else { 0.0 };
        g.iter_mut().zip(w).for_each(|(g, w)| *g = keep * *g + w);
        Ok::<f32, ()>(w.first().copied().unwrap_or(0.0))
    };
    let loss = step(&mut method, &mut Portable, w, g, clock, objective);
    hash::state::<Portable, _>(w, &method) ^ loss.map_or(0, f32::to_bits)
}

/// The same in slices, ended early.
fn pieces<M: Method<Sliced<Portable>>>(mut method: M, w: &mut [f32], g: &mut [f32], clock: &Clock) -> u32 {
    let mut sliced = Sliced::new(Portable, clock.step as usize);
    let begun = sliced.begin(&mut method, w, clock);
    let resumed = sliced.resume(&mut method, w, Eval { g, loss: clock.lr });
    sliced.abort(&mut method, w, clock, Eval { g, loss: clock.lr });
    u32::from(begun.is_ok()) + u32::from(resumed.is_ok())
}

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
    fn plain(w: &mut [f32], g: &mut [f32], clock: &Clock) -> u32 {
        steps(Plain::new(Clipped::new(1.0, Sgd::new().weight_decay(0.1))), w, g, clock)
    }

    fn sam(w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], clock: &Clock) -> u32 {
        let base = Sgd::new().momentum(0.9, &mut *a).dampening(0.1).nesterov();
        steps(Sam::new(base, &mut *b).rho(Cosine { from: 0.1, to: 0.2 }), w, g, clock)
    }

    fn rst(w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32], clock: &Clock) -> u32 {
        let gate = Bernoulli::new(7).p(Linear { from: 0.0, to: 1.0 });
        steps(Gated::new(gate, Sam::new(Adam::new(&mut *a, &mut *b), &mut *c)), w, g, clock)
    }

    fn lpf_sgd(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32], d: &mut [f32],
        clock: &Clock, segments: &[Segment],
    ) -> u32 {
        steps(LpfSgd::new(AdamW::new(&mut *a, &mut *b), segments, &mut *c, &mut *d, 7), w, g, clock)
    }

    fn sliced(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32], d: &mut [f32],
        clock: &Clock, segments: &[Segment],
    ) -> u32 {
        let lpf = LpfSgd::new(Sgd::new().momentum(0.9, &mut *a), segments, &mut *c, &mut *d, 7);
        let lpf = pieces(lpf, w, g, clock);
        lpf + pieces(Sam::new(Adam::new(&mut *a, &mut *b), &mut *c), w, g, clock)
    }

    fn averages(w: &[f32], a: &mut [f32], b: &mut [f32]) -> bool {
        let (mut swa, mut ema) = (Swa::new(&mut *a), Ema::new(&mut *b));
        let ok = [swa.observe(&mut Portable, w), swa.observe(&mut Portable, w), ema.observe(&mut Portable, w), ema.observe(&mut Portable, w)];
        ok.iter().all(Result::is_ok)
    }

    fn reductions(x: &[f32], y: &[f32], out: &mut [f32], segments: &[Segment]) -> f32 {
        Portable.reduce_groups(kernels::SqNorm {}, Groups { segments, sharing: Sharing::Row }, x, out);
        Portable.reduce(kernels::Dot {}, [x, y])
    }

    fn draws(items: &mut [u32], n: u32, seed: u64) -> f32 {
        let mut draws = Draws::new(Key::new(seed, Stream::Shuffle, n));
        draws.shuffle(items);
        draws.below(n) as f32 + draws.normal() + draws.unit()
    }

    fn schedules(step: u32, total: u32, x: f32) -> f32 {
        let then = Anneal { from: x, to: 0.0, until: x };
        WarmUp { from: x, steps: total, then }.at(step, total) + SwaRate { lr: x, swa_lr: x, start: total }.at(step, total)
    }

    fn gradient(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        nn::gradient::<Net>(x, label, 0.5, w, &[], acts, g).unwrap_or(0.0)
    }

    fn evaluation(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32], units: usize) -> bool {
        Evaluation::<Net>::gradient(x, label, 0.5, w, &[], acts, g).is_ok_and(|mut e| e.poll(units).is_ready())
    }

    fn image_gradient(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        nn::gradient::<Image>(x, label, 0.5, w, &[], acts, g).unwrap_or(0.0)
    }

    fn image_evaluation(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32], units: usize) -> bool {
        Evaluation::<Image>::gradient(x, label, 0.5, w, &[], acts, g).is_ok_and(|mut e| e.poll(units).is_ready())
    }

    fn split(full: &[f32], w: &mut [f32], frozen: &mut [f32]) -> bool {
        nn::split::<Net>(full, w, frozen).is_ok() && Net::LAYERS > 0
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
