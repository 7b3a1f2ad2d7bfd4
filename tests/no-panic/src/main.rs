//! Links only if no panic can be reached from the functions listed below. See README.md.

#![no_std]
#![no_main]

mod board;

use board::{Flash, Wire};
use core::hint::black_box;
use core::panic::PanicInfo;

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Approx, Backend, Isa, Micromath, Portable, Sliced};
use flatmin::blob::{Blob, Contents, layout_hash};
use flatmin::checkpoint::{self, Position, Region, Snapshot, Store};
use flatmin::drive::{Deadline, settle, step, step_sliced};
use flatmin::gate::Gated;
use flatmin::gates::Bernoulli;
use flatmin::hal::{Pace, PhasePin};
use flatmin::layout::{Groups, Kind, Segment, Sharing, filters, params};
use flatmin::method::{Clock, Eval, Method};
use flatmin::methods::{LpfSgd, Plain, Sam};
use flatmin::nn::{
    self, Conv1d, Conv2d, Dense, Evaluation, Frozen, MaxPool2d, MeanTime, Network, Relu, Tanh, Target,
};
use flatmin::optimizers;
use flatmin::optimizers::{Adam, AdamW, Anchored, Clipped, Sgd};
use flatmin::residual::{len, usual_len};
use flatmin::rng::{self, Draws, Key, Stream, TILE};
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin::tune::replay_buffer::Class;
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{
    self, CrossValidation, Divergence, Features, Guard, Outcome, ReplayBuffer, Rule, Samples, Score, Scores,
    Trust,
};
use flatmin::{hash, kernels, loops, math, reduce, registry};

type Net = nn::seq!(Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Tanh<208>, MeanTime<13, 16>, Dense<16, 7>);

type Body = nn::seq!(Conv1d<6, 64, 5, 2, 16, Frozen>, Relu<480>, MeanTime<30, 16>);

type Image = nn::seq!(Conv2d<1, 28, 28, 3, 2, 8>, Relu<1352>, MaxPool2d<13, 13, 8, 2, 3>, Conv2d<8, 4, 4, 3, 1, 5>, Tanh<20>, Dense<20, 10>);

/// An objective that does something with all of its arguments.
fn objective(w: &[f32], g: &mut [f32], request: flatmin::method::Request) -> Result<f32, ()> {
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
        let begun = deadline.run(|| sliced.begin(&mut method, w, clock)).is_ok();
        sliced.abort(&mut method, w, clock, Eval { g, loss: clock.lr });
        let (method, Wire(wire)) = method.into_parts();
        let (mut method, mut pace) = (method, Pace::new(Wire(wire), clock.total));
        let done = step_sliced(&mut method, &mut sliced, w, g, clock, objective, || pace.wait());
        u32::from(begun) + u32::from(done.is_ok()) + deadline.longest()
    }

    fn checkpoint(
        bytes: &mut [u8], region: &[u32; 2], w: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32],
        position: &Position, segments: &[Segment],
    ) -> u32 {
        let [start, slot] = *region;
        let Ok(mut store) = Store::new(Flash(bytes), Region::new(start, slot)) else { return 1 };
        let mut method = Sam::new(Sgd::new().momentum(0.9, &mut *a), &mut *b);
        let mut swa = Swa::new(&mut *c);
        let opened = store.open().finish().is_ok();
        let saved = Snapshot::new(&Portable, segments, w, &method, &swa, *position).is_ok_and(|snapshot| {
            store.save(snapshot.tag(slot)).is_ok_and(|task| task.finish().is_ok())
        });
        let confirmed = store.confirm().is_ok_and(|task| task.finish().is_ok());
        let undone = store.undo().is_ok_and(|task| task.finish().is_ok());
        let dropped = store.roll_back().is_ok_and(|task| task.finish().is_ok());
        let loaded = checkpoint::Target::new(&mut Portable, segments, w, &mut method, &mut swa).is_ok_and(|target| {
            store.load(target).is_ok_and(|task| task.finish().is_ok())
        });
        let candidate = checkpoint::Target::new(&mut Portable, segments, w, &mut method, &mut swa).is_ok_and(|target| {
            store.load_candidate(target).is_ok_and(|task| task.finish().is_ok())
        });
        let found = store.current().map_or(0, |header| header.step) + store.slots().len() as u32;
        [opened, saved, confirmed, undone, dropped, loaded, candidate].iter().fold(found, |sum, ok| sum + u32::from(*ok))
    }

    fn unused_by_methods(w: &mut [f32], saved: &mut [f32], e: &[f32], values: &[f32], segments: &[Segment]) -> f32 {
        Portable.map(kernels::SaveOffset {}, [], [&mut *w, saved], [e]);
        Portable.map(kernels::Offset {}, [], [&mut *w], [e, e]);
        let groups = Groups { segments, sharing: Sharing::Row };
        loops::fill_groups(kernels::Pull { scale: 0.5 }, groups, values, [w], [e, e], 0..e.len());
        let sum = reduce::sum::<flatmin::lanes::Plain, _, 1>(kernels::SqNorm {}, [e]);
        sum + (params(segments) + filters(segments)) as f32
    }

    fn functions(tile: u32, key: &Key, x: f32, out: &mut [f32; TILE]) -> f32 {
        let words = rng::words(tile, *key);
        let normals = rng::normals(tile, *key);
        rng::write_normals(tile, *key, out);
        let [a, b, c, d] = rng::philox([tile; 4], [tile; 2]);
        let (sin, cos) = math::sincos_turn(a);
        let pair = rng::box_muller(b, c);
        let sum: f32 = words.as_flattened().iter().zip(normals).map(|(word, z)| *word as f32 * z).sum();
        sum + math::ln(x) + math::sqrt(x) + sin + cos + pair.0 + rng::unit(d)
    }

    fn names(bytes: &[u8]) -> bool {
        let known = core::str::from_utf8(bytes).is_ok_and(|name| registry::find(name).is_some());
        known && layout_hash::<Net>() > 0
    }

    fn averages(w: &[f32], a: &mut [f32], b: &mut [f32], clock: &Clock) -> bool {
        let (mut swa, mut ema) = (Swa::new(&mut *a), Ema::new(&mut *b));
        let mut swa = |b: &mut Portable| swa.observe(b, w, clock);
        let mut ema = |b: &mut Portable| ema.observe(b, w, clock);
        let ok = [swa(&mut Portable), swa(&mut Portable), ema(&mut Portable), ema(&mut Portable)];
        ok.iter().all(Result::is_ok)
    }

    fn reductions(x: &[f32], y: &[f32], out: &mut [f32], segments: &[Segment]) -> f32 {
        Portable.reduce_groups(kernels::SqNorm {}, Groups { segments, sharing: Sharing::Row }, x, out);
        Portable.reduce(kernels::Dot {}, [x, y])
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

    fn guard(w: &mut [f32], kept: &mut [f32], factory: &[f32], logits: &[f32], label: usize, rule: &Rule) -> bool {
        let mut scores = Scores::default();
        let mut guard = Guard::new(*rule, scores, &mut *kept);
        scores.new.add(logits, label);
        let watch = Divergence::new(label as u32);
        guard.heed(watch.answers(&scores.new, &scores.old));
        let observed = guard.observe::<Portable>(&mut Portable, w, scores);
        let finished = guard.finish::<Portable>(&mut Portable, w, factory);
        observed.is_ok() && finished.is_ok() && guard.undo::<Portable>(&mut Portable, w, factory).is_ok()
    }

    fn trust(sums: &mut [f32], logits: &[f32], labels: &[u8], i: usize, folds: usize) -> f32 {
        let mut trust = Trust::new(sums);
        trust.add(tune::fold(labels, i, folds), logits, i);
        trust.of(i)
    }

    fn cross_validation(table: &mut [Scores], scores: &Scores, epoch: usize, rule: &Rule) -> bool {
        let mut validation = CrossValidation::new(table);
        validation.record(epoch, *scores);
        validation.decide(rule) == Outcome::RolledBack
    }

    fn wise_ft(w: &mut [f32], factory: &[f32], tuned: &[f32], scores: &Scores, steps: u32) -> f32 {
        let mut search = WiseFt::new(Rule::default(), *scores, steps);
        while let Some(alpha) = search.next() {
            let _ = interpolate::<Portable>(&mut Portable, w, factory, tuned, alpha);
            search.observe(*scores);
        }
        search.alpha()
    }

    fn divergence(loss: f32, right: u32, total: u32, classes: u32) -> bool {
        let mut watch = Divergence::new(classes);
        watch.epoch(loss).is_some() || watch.answers(&Score { right, total, loss }, &Score { right: total, total, loss }).is_some()
    }

    fn replay_buffer(
        dim: usize, values: &mut [i8], labels: &mut [u8], classes: &mut [Class], scale: &[f32], x: &mut [f32],
        label: u8, i: usize,
    ) -> bool {
        let draws = Draws::new(Key::new(1, Stream::Replay, 0));
        ReplayBuffer::new(dim, values, labels, classes, scale, draws).is_ok_and(|mut buffer| {
            let offered = buffer.offer(x, label).is_ok();
            offered && buffer.samples().read(i, x).is_some()
        })
    }

    fn herding(
        dim: usize, features: &[f32], labels: &[u8], class: u8, scratch: &mut [f32], chosen: &mut [u32],
    ) -> bool {
        tune::replay_buffer::herding(dim, features, labels, class, scratch, chosen).is_ok()
    }

    fn features(values: &mut [f32], labels: &mut [u8], x: &mut [f32], frozen: &[f32], acts: &mut [f32], i: usize) -> bool {
        let mut features = Features::<Body>::new(values, labels);
        features.push(x, 3, frozen, acts).is_ok() && features.samples().read(i, x).is_some()
    }

    fn blob(bytes: &[u8], x: &mut [f32], i: usize) -> bool {
        Blob::parse(bytes).and_then(|blob| blob.of::<Net>()).is_ok_and(|blob| {
            blob.standardise(x);
            let read = blob.replay().read(i, x).is_some() && blob.validation().read(i, x).is_some();
            read && blob.logits(i).is_some() && blob.weights().len() > i
        })
    }

    fn write_blob(
        mean: &[f32], sd: &[f32], weights: &[f32], logits: &[f32], values: &[i8], labels: &[u8], scale: &[f32],
        sizes: &[usize; 2], out: &mut [[u8; 4]],
    ) -> bool {
        let [classes, dim] = *sizes;
        let samples = Samples::new(dim, values, labels, scale).unwrap_or_default();
        let (replay, validation) = (samples, samples);
        let contents = Contents { layout: 1, classes, left_out: 2, mean, sd, weights, replay, logits, validation };
        let mut out = out.iter_mut();
        contents.write(&mut |word| if let Some(slot) = out.next() { *slot = word }).is_ok()
    }

    fn losses(z: &mut [f32], teacher: &[f32], label: usize, q: f32) -> bool {
        let doubtful = Target::Doubtful { label, q }.gradient(z, 0.5);
        let taught = Target::Teacher { logits: teacher, temperature: q }.gradient(z, 0.5);
        doubtful.is_some() && taught.is_some()
    }

    fn plain_losses(z: &mut [f32], teacher: &[f32], label: usize, q: f32) -> f32 {
        let values = [nn::cross_entropy(z, label), nn::generalised_cross_entropy(z, label, q), nn::distillation(z, teacher, q)];
        let gradients = [
            nn::cross_entropy_gradient(z, label, q),
            nn::generalised_cross_entropy_gradient(z, label, q, q),
            nn::distillation_gradient(z, teacher, q, q),
        ];
        values.into_iter().chain(gradients).flatten().sum()
    }

    fn samples(x: &[f32], label: usize, w: &[f32], acts: &mut [f32], g: &mut [f32]) -> f32 {
        let target = Target::Doubtful { label, q: 0.5 };
        let taught = nn::gradient_to::<Net>(x, target, 0.5, w, &[], acts, g).unwrap_or(0.0);
        let seen = nn::forward::<Net>(x, w, &[], acts).map_or(0, <[f32]>::len);
        let loss = nn::loss::<Net>(x, label, w, &[], acts).unwrap_or(0.0);
        taught + loss + seen as f32 + nn::logits::<Net>(acts).first().copied().unwrap_or(0.0)
    }

    fn merge(full: &mut [f32], w: &[f32], frozen: &[f32], right: u32, total: u32) -> bool {
        nn::merge::<Net>(w, frozen, full).is_ok() && tune::at_chance(right, total, full.len() as u32)
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
