//! Methods, optimizers, gates and averages, and the loops that drive them.

use crate::board::Wire;
use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Approx, Backend, Cpu, Isa, Micromath, Portable, Progress, Sliced};
use flatmin::drive::{Deadline, Piece, settle, step, step_sliced};
use flatmin::gate::{Gate, Gated};
use flatmin::gates::{Bernoulli, Coin};
use flatmin::hal::{Pace, PhasePin};
use flatmin::hash;
use flatmin::layout::{Kind, Segment};
use flatmin::method::{Batch, Clock, Eval, Method, Next, Request};
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::optimizer::Optimizer;
use flatmin::optimizers::{self, Adam, AdamW, Anchored, Clipped, Coupled, Decay, Decoupled, Moments, Sgd};
use flatmin::residual::{len, usual_len};
use flatmin::rng::Seed;
use flatmin::schedule::{Cosine, Linear};
use flatmin::state::{State, Words};

/// An objective that does something with all of its arguments.
pub fn objective(w: &[f32], g: &mut [f32], request: Request) -> Result<f32, ()> {
    let keep = if request.accumulate { 1.0 } else { 0.0 };
    g.iter_mut().zip(w).for_each(|(g, w)| *g = keep * *g + w);
    Ok(w.first().copied().unwrap_or(0.0))
}

/// A step.
fn steps<M: Method<Portable>>(method: M, w: &mut [f32], g: &mut [f32], clock: &Clock) -> u32 {
    steps_on(Portable, method, w, g, clock)
}

fn steps_on<B: Isa, M: Method<B>>(
    mut b: B,
    mut method: M,
    w: &mut [f32],
    g: &mut [f32],
    clock: &Clock,
) -> u32 {
    let loss = step(&mut method, &mut b, w, g, clock, objective);
    hash::state::<B, _>(w, &method) ^ loss.map_or(0, f32::to_bits) ^ settle(&mut b, &mut method)
}

/// The same in slices, ended early.
fn pieces<M: Method<Sliced<Portable>>>(mut method: M, w: &mut [f32], g: &mut [f32], clock: &Clock) -> u32 {
    let mut sliced = Sliced::new(Portable, clock.step as usize);
    let begun = Sliced::begin(&mut sliced, &mut method, w, clock);
    let resumed = Sliced::resume(&mut sliced, &mut method, w, Eval { g, loss: clock.lr });
    let aborted = Sliced::abort(&mut sliced, &mut method, w, clock, Eval { g, loss: clock.lr });
    u32::from(begun.is_ok()) + u32::from(resumed.is_ok()) + u32::from(aborted == Progress::Pending)
}

/// The calls of a method in any order, as a caller with a loop of its own may make them.
fn by_hand<M: Method<Portable>>(
    method: &mut M,
    w: &mut [f32],
    g: &mut [f32],
    clock: &Clock,
    order: &[u8],
) -> u32 {
    let b = &mut Portable;
    for call in order {
        let loss = clock.lr;
        let _ = match call {
            0 => Method::begin(method, b, w, clock),
            1 => Method::resume(method, b, w, Eval { g, loss }),
            2 => Method::plain(method, b, w, Eval { g, loss }, clock),
            _ => Ok(Next::Done),
        };
        if *call == 3 {
            Method::abort(method, b, w);
        }
    }
    let ready = Method::ready(method, b, w.len(), clock).is_ok();
    u32::from(ready) + Method::clean(method, w).map_or(0, <[f32]>::len) as u32 + state::<Portable, M>(method)
}

/// What is stored and put back.
fn state<B: Backend<Vector = [f32]>, S: State<B>>(state: &mut S) -> u32 {
    let mut words = [0; 64];
    let mut slots = words.iter_mut();
    let scalars = State::scalars(state);
    Words::put(scalars, &mut |word| {
        if let Some(slot) = slots.next() {
            *slot = word
        }
    });
    let mut stored = words.into_iter();
    let read = <S::Scalars as Words>::take(&mut || stored.next().unwrap_or(0));
    State::set_scalars(state, read);
    State::forget(state, 3);
    let mut n = 0;
    State::visit(state, &mut |vector| n += vector.len());
    State::visit_mut(state, &mut |vector| n += vector.len());
    n as u32
}

/// An optimizer without a method.
fn bare<O: Optimizer<Portable>>(
    optimizer: &mut O,
    w: &mut [f32],
    saved: &[f32],
    g: &mut [f32],
    clock: &Clock,
) -> bool {
    Optimizer::update(optimizer, &mut Portable, w, Some(saved), g, clock);
    Optimizer::update(optimizer, &mut Portable, w, None, g, clock);
    Optimizer::ready(optimizer, &Portable, w.len(), clock).is_ok()
}

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

    fn lpf_sgd_residual(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32], d: &mut [f32],
        clock: &Clock, segments: &[Segment],
    ) -> u32 {
        steps(LpfSgd::new(AdamW::new(&mut *a, &mut *b), segments, &mut *c, &mut *d, 7).residual(), w, g, clock)
    }

    fn sliced_residual(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], c: &mut [f32], d: &mut [f32], clock: &Clock, segments: &[Segment],
    ) -> u32 {
        let lpf = LpfSgd::new(Sgd::new().momentum(0.9, &mut *a), segments, &mut *c, &mut *d, 7).residual();
        pieces(lpf, w, g, clock) + len(w.len(), a.len()) as u32 + usual_len(w.len()) as u32
    }

    fn approx(w: &mut [f32], g: &mut [f32], c: &mut [f32], d: &mut [f32], clock: &Clock, segments: &[Segment]) -> u32 {
        let lpf = LpfSgd::new(Sgd::new(), segments, &mut *c, &mut *d, 7);
        let bytes = steps_on(Approx::new(Portable), lpf, w, g, clock);
        let lpf = LpfSgd::new(Sgd::new(), segments, &mut *c, &mut *d, 7).residual();
        bytes ^ steps_on(Approx::<_, Micromath>::with(Portable), lpf, w, g, clock)
    }

    fn in_time(w: &mut [f32], g: &mut [f32], a: &mut [f32], clock: &Clock, wire: &mut u32, now: fn() -> u32) -> u32 {
        let mut method = PhasePin::new(Sam::new(Sgd::new(), &mut *a), Wire(wire));
        let mut sliced = Sliced::new(Portable, clock.step as usize);
        let mut deadline = Deadline::new(now, clock.total);
        let begun = deadline.run(|| Sliced::begin(&mut sliced, &mut method, w, clock)).is_ok();
        let aborted = Sliced::abort(&mut sliced, &mut method, w, clock, Eval { g, loss: clock.lr });
        let begun = begun || aborted == Progress::Pending;
        let (method, Wire(wire)) = method.into_parts();
        let (mut method, mut pace) = (method, Pace::new(Wire(wire), clock.total));
        let done = step_sliced(&mut method, &mut sliced, w, g, clock, objective, || pace.wait());
        u32::from(begun) + u32::from(done.is_ok()) + deadline.longest()
    }

    fn anchored(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], factory: &[f32], strengths: &[f32], clock: &Clock,
        segments: &[Segment],
    ) -> u32 {
        steps(Sam::new(Anchored::new(factory, segments, strengths, Sgd::new()), &mut *a), w, g, clock)
    }

    fn strengths(segments: &[Segment], x: f32, slots: &mut [f32]) -> bool {
        optimizers::strengths(segments, |kind| if kind == Kind::Bias { 0.0 } else { x }, slots).is_ok()
    }

    fn averages(w: &[f32], a: &mut [f32], b: &mut [f32], clock: &Clock) -> bool {
        let (mut swa, mut ema) = (Swa::new(&mut *a), Ema::new(&mut *b));
        let mut swa = |b: &mut Portable| swa.observe(b, w, clock);
        let mut ema = |b: &mut Portable| ema.observe(b, w, clock);
        let ok = [swa(&mut Portable), swa(&mut Portable), ema(&mut Portable), ema(&mut Portable)];
        ok.iter().all(Result::is_ok)
    }

    fn calls_in_any_order(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32], clock: &Clock, order: &[u8],
    ) -> u32 {
        let plain = by_hand(&mut Plain::new(AdamW::new(&mut *a, &mut *b)), w, g, clock, order);
        let sam = by_hand(&mut Sam::new(Sgd::default().momentum(0.9, &mut *a), &mut *c).eps(clock.lr), w, g, clock, order);
        let gated = Gated::new(Bernoulli::new(7), Sam::new(Sgd::new(), &mut *c));
        plain ^ sam ^ by_hand(&mut { gated }, w, g, clock, order)
    }

    fn lpf_sgd_in_any_order(
        w: &mut [f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], clock: &Clock, order: &[u8],
        segments: &[Segment], parts: u16, seed: Seed,
    ) -> u32 {
        let lpf = LpfSgd::new(Sgd::new(), segments, &mut *a, &mut *b, 7).parts(parts).noise(seed);
        let mut lpf = lpf.gamma(clock.lr, FilterScale::FilterNorm);
        by_hand(&mut lpf, w, g, clock, order) ^ by_hand(&mut lpf.residual(), w, g, clock, order)
    }

    fn optimizers_alone(
        w: &mut [f32], saved: &[f32], g: &mut [f32], a: &mut [f32], b: &mut [f32], factory: &[f32], strengths: &[f32],
        clock: &Clock, segments: &[Segment], x: f32,
    ) -> bool {
        let adam = Moments::betas(Adam::new(&mut *a, &mut *b), x, x);
        let mut adam = Moments::weight_decay(Moments::eps(adam, x), x);
        let one = bare(&mut adam, w, saved, g, clock);
        let two = bare(&mut Sgd::new().momentum(x, &mut *a).nesterov(), w, saved, g, clock);
        let anchored = Anchored::new(factory, segments, strengths, Sgd::new()).scale(x);
        let [l2, decay] = if one { Coupled::split(x) } else { Decoupled::split(x) };
        bare(&mut Clipped::new(x, anchored), w, saved, g, clock) && two && l2 > decay
    }

    fn decays(x: f32) -> [f32; 2] {
        let [l2, _] = <Coupled as Decay>::split(x);
        let [_, decay] = <Decoupled as Decay>::split(x);
        [l2, decay]
    }

    fn on_the_cpu(w: &mut [f32], g: &mut [f32], a: &mut [f32], clock: &Clock) -> u32 {
        let name = Cpu::detect().name().len() as u32;
        name ^ steps_on(Cpu::default(), Sam::new(Sgd::new(), &mut *a), w, g, clock)
    }

    fn gates(p: f32, clock: &Clock, seed: Seed) -> bool {
        let mut gate = Bernoulli::new(7).p(p).coin(seed);
        let mut coin = seed;
        let opens = Gate::<Portable>::opens(&mut gate, clock);
        opens == Ok(true) && Coin::toss(&mut coin, p, clock.step) && state::<Portable, _>(&mut gate) > 0
    }

    fn requests(batch: Batch, len: usize) -> bool {
        let range = batch.range(len);
        Next::gradient(batch) == Next::accumulate(batch) || batch.is_fresh() || range.end > len
    }

    fn means(w: &[f32], a: &mut [f32], b: &mut [f32], clock: &Clock, x: f32) -> usize {
        let (mut swa, mut ema) = (Swa::new(&mut *a), Ema::new(&mut *b).decay(x));
        let _ = Average::observe(&mut swa, &mut Portable, w, clock);
        let _ = Average::observe(&mut ema, &mut Portable, w, clock);
        let words = state::<Portable, _>(&mut swa) + state::<Portable, _>(&mut ema);
        let found = Average::<Portable>::mean(&swa).is_some() || Average::<Portable>::mean(&ema).is_some();
        swa.count() as usize + words as usize + usize::from(found)
    }

    fn both(a: &mut [f32], b: &mut [f32]) -> u32 {
        state::<Portable, _>(&mut (Swa::new(&mut *a), (Ema::new(&mut *b), ())))
    }

    fn answers(progress: Progress, poll: core::task::Poll<f32>) -> bool {
        Piece::is_pending(&progress) || Piece::is_pending(&poll) || Piece::is_pending(&Ok::<_, ()>(progress))
    }
}
