//! Kernels, the backends that run them, and the loops inside.

use core::ops::{Add, Mul, Range, Sub};
use flatmin::backend::{Approx, Backend, Bytes, Cpu, Isa, Micromath, Normals, Op, Portable, Sliced};
use flatmin::error::Quantity;
use flatmin::kernel::{Fill, Hyperparameters, Map, Reduce, Update};
use flatmin::kernels::{
    self, Clip, Copy, Dot, Lerp, NonFinite, Offset, Perturb, Pull, Reperturb, SaveAscend, SaveOffset, Scale,
    SqNorm, StepAdam, StepMomentum, StepNesterov, StepSgd,
};
use flatmin::lanes::{Array, LANES, Lanes, Plain};
use flatmin::layout::{Groups, Segment, Sharing, filters, params};
use flatmin::loops::{self, FillLoop, MapLoop, UpdateLoop};
use flatmin::noise::{Draw, Noise};
use flatmin::reduce::{self, Arity, Partial, Rows};
use flatmin::residual::Way;
use flatmin::restore::{Backup, Field, Residual, Restore};
use flatmin::rng::{Key, Seed, TILE};

/// Vectors of lengths unknown and unequal.
pub struct Vectors<'a> {
    w: &'a mut [f32],
    s: &'a mut [f32],
    t: &'a mut [f32],
    x: &'a [f32],
    y: &'a [f32],
    groups: Groups<'a>,
}

/// One element.
fn map<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(kernel: K, x: f32) -> f32 {
    let mut sum = x;
    let coef = Map::coef(&kernel, [x; S]);
    Hyperparameters::words(kernel, &mut |word| sum += word as f32);
    <K as Map<S, O, I>>::apply(coef, [x; O], [x; I]).iter().sum::<f32>() + sum
}

fn update<K: Update<ST>, const ST: usize>(kernel: K, x: f32, n: u32) -> f32 {
    let mut sum = x;
    let kernel = Update::forget(kernel, n);
    Hyperparameters::words(kernel, &mut |word| sum += word as f32);
    let (w, state) = <K as Update<ST>>::apply(Update::coef(&kernel), x, x, [x; ST]);
    w + state.iter().sum::<f32>() + sum
}

fn fill<K: Fill<O, I>, const O: usize, const I: usize>(
    kernel: K,
    x: f32,
    n: u32,
    out: &mut [f32; TILE],
) -> f32 {
    Fill::tile(&kernel, n, out);
    let mut key = Fill::gaussian(&kernel).map_or(0, |key| key.step);
    Hyperparameters::words(kernel, &mut |word| key ^= word);
    <K as Fill<O, I>>::apply(Fill::scale(&kernel, x, n), [x; O], [x; I]).iter().sum::<f32>() + key as f32
}

/// Everything that a backend does.
fn on<B: Backend<Vector = [f32], Scalar = f32>>(
    b: &mut B,
    v: Vectors<'_>,
    k: f32,
    n: u32,
    key: Key,
    way: Way,
) -> f32 {
    let Vectors { w, s, t, x, y, groups } = v;
    Backend::open(b);
    Backend::map(b, Clip { max_norm: k }, [&k], [&mut *w], []);
    Backend::map(b, Copy {}, [], [&mut *w], [x]);
    Backend::map(b, Lerp { weight: k }, [], [&mut *w], [x]);
    Backend::map(b, Offset {}, [], [&mut *w], [x, y]);
    Backend::map(b, SaveAscend { rho: k, eps: k }, [&k], [&mut *w, s], [x]);
    Backend::map(b, SaveOffset {}, [], [&mut *w, s], [x]);
    Backend::map(b, Scale { factor: k }, [], [&mut *w], []);
    Backend::fill(b, Perturb { gamma: k, rms: n, key }, groups, x, [&mut *w, s], []);
    Backend::fill(b, Pull { scale: k }, groups, x, [&mut *w], [x, y]);
    Backend::fill(b, Reperturb { gamma: k, rms: n, key }, groups, x, [&mut *w], [x]);
    let adam = StepAdam { lr: k, beta1: k, beta2: k, eps: k, l2: k, decay: k, updates: n };
    Backend::update(b, adam, w, None, x, [s, t]);
    let momentum = StepMomentum { lr: k, momentum: k, dampening: k, weight_decay: k, updates: n };
    Backend::update(b, momentum, w, Some(y), x, [&mut *s]);
    let nesterov = StepNesterov { lr: k, momentum: k, dampening: k, weight_decay: k, updates: n };
    Backend::update(b, nesterov, w, Some(y), x, [&mut *s]);
    Backend::update(b, StepSgd { lr: k, weight_decay: k }, w, Some(y), x, []);
    Backend::reduce_groups(b, SqNorm {}, groups, w, t);
    let sums = [Backend::reduce(b, Dot {}, [x, y]), Backend::reduce(b, NonFinite {}, [x])];
    let done = Backend::residual(b, way, Perturb { gamma: k, rms: n, key }, groups, x, w, s).is_ok();
    let good = Backend::check(b, &k, Quantity::Loss).is_ok() && Backend::is_settled(b) && done;
    let sum = sums.iter().fold(0.0, |sum, value| sum + Backend::read(b, value));
    sum + Backend::refused(b) as f32 + Backend::len(b, w) as f32 + f32::from(u8::from(good))
}

/// The noise of LPF-SGD, and both ways to take it back.
fn noise<R: Restore<Portable, Seed>>(seed: &mut Seed, v: Vectors<'_>, draw: Draw, was: Option<Draw>) -> bool {
    let (Vectors { w, s, x, groups, .. }, b) = (v, &mut Portable);
    let ready = <R as Restore<Portable, Seed>>::ready(b, w.len(), s).is_ok();
    let field = Field { noise: &mut *seed, groups, sq_norms: x };
    let done = <R as Restore<Portable, Seed>>::perturb(b, field, was, draw, w, s).is_ok();
    let field = Field { noise: &mut *seed, groups, sq_norms: x };
    <R as Restore<Portable, Seed>>::undo(b, field, draw, w, s);
    <R as Restore<Portable, Seed>>::copy(s).is_some() && ready && done
}

/// A caller's own operation.
struct Sum<'a>(&'a [f32; LANES], usize);

impl Op for Sum<'_> {
    type Output = f32;

    fn run<V: Lanes>(self) -> f32 {
        let mut row = [0.0; LANES];
        let v = <V as Lanes>::load(self.0, self.1);
        Lanes::store(v + v * v - v, &mut row, self.1);
        row.iter().sum()
    }
}

must_not_panic! {
    fn unused_by_methods(w: &mut [f32], saved: &mut [f32], e: &[f32], values: &[f32], segments: &[Segment]) -> f32 {
        Portable.map(kernels::SaveOffset {}, [], [&mut *w, saved], [e]);
        Portable.map(kernels::Offset {}, [], [&mut *w], [e, e]);
        let groups = Groups { segments, sharing: Sharing::Row };
        loops::fill_groups(kernels::Pull { scale: 0.5 }, groups, values, [w], [e, e], 0..e.len());
        let sum = reduce::sum::<flatmin::lanes::Plain, _, 1>(kernels::SqNorm {}, [e]);
        sum + (params(segments) + filters(segments)) as f32
    }

    fn reductions(x: &[f32], y: &[f32], out: &mut [f32], segments: &[Segment]) -> f32 {
        Portable.reduce_groups(kernels::SqNorm {}, Groups { segments, sharing: Sharing::Row }, x, out);
        Portable.reduce(kernels::Dot {}, [x, y])
    }

    fn elements(x: f32, n: u32) -> f32 {
        let adam = StepAdam { lr: x, beta1: x, beta2: x, eps: x, l2: x, decay: x, updates: n };
        let momentum = StepMomentum { lr: x, momentum: x, dampening: x, weight_decay: x, updates: n };
        let nesterov = StepNesterov { lr: x, momentum: x, dampening: x, weight_decay: x, updates: n };
        let maps = map(Clip { max_norm: x }, x) + map(SaveAscend { rho: x, eps: x }, x) + map(Lerp { weight: x }, x);
        let copies = map(Copy {}, x) + map(Offset {}, x) + map(SaveOffset {}, x) + map(Scale { factor: x }, x);
        let steps = update(adam, x, n) + update(momentum, x, n) + update(nesterov, x, n);
        maps + copies + steps + update(StepSgd { lr: x, weight_decay: x }, x, n)
    }

    fn tiles(x: f32, n: u32, key: &Key, out: &mut [f32; TILE]) -> f32 {
        Bytes::write_normals(n, *key, out);
        Micromath::write_normals(n, *key, out);
        let perturb = Perturb { gamma: x, rms: n, key: *key };
        <Portable as Isa>::tile::<_, 2, 0>(&perturb, n, out);
        let reperturb = Reperturb { gamma: x, rms: n, key: *key };
        <Approx<Portable> as Isa>::tile::<_, 1, 1>(&reperturb, n, out);
        fill(perturb, x, n, out) + fill(reperturb, x, n, out) + fill(Pull { scale: x }, x, n, out)
    }

    fn portable(
        w: &mut [f32], s: &mut [f32], t: &mut [f32], x: &[f32], y: &[f32], groups: Groups<'_>, k: f32, n: u32,
        key: &Key, way: Way,
    ) -> f32 {
        on(&mut Portable, Vectors { w, s, t, x, y, groups }, k, n, *key, way)
    }

    fn sliced_backend(
        w: &mut [f32], s: &mut [f32], t: &mut [f32], x: &[f32], y: &[f32], groups: Groups<'_>, k: f32, n: u32,
        key: &Key, way: Way,
    ) -> f32 {
        on(&mut Sliced::new(Portable, n as usize), Vectors { w, s, t, x, y, groups }, k, n, *key, way)
    }

    fn detected(
        w: &mut [f32], s: &mut [f32], t: &mut [f32], x: &[f32], y: &[f32], groups: Groups<'_>, k: f32, n: u32,
        key: &Key, way: Way,
    ) -> f32 {
        on(&mut Cpu::detect(), Vectors { w, s, t, x, y, groups }, k, n, *key, way)
    }

    fn normals_of_approx(
        w: &mut [f32], s: &mut [f32], t: &mut [f32], x: &[f32], y: &[f32], groups: Groups<'_>, k: f32, n: u32,
        key: &Key, way: Way,
    ) -> f32 {
        let z = <Bytes as Normals>::NAME.len() as f32;
        z + on(&mut Approx::<_, Micromath>::with(Portable), Vectors { w, s, t, x, y, groups }, k, n, *key, way)
    }

    fn operations(row: &[f32; LANES], pass: usize) -> f32 {
        Isa::enter(Portable, Sum(row, pass)) + Op::run::<Plain>(Sum(row, pass)) + Op::run::<Array<4>>(Sum(row, pass))
    }

    fn lanes(row: &mut [f32; LANES], pass: usize) {
        let a = <Array<8> as Lanes>::load(row, pass);
        let b = Array::<8>::add(Array::<8>::mul(a, a), Array::<8>::sub(a, a));
        Lanes::store(b, row, pass);
    }

    fn map_loops(w: &mut [f32], s: &mut [f32], x: &[f32], y: &[f32], k: f32) {
        <Arity as MapLoop<1, 2>>::map::<Offset, 0>(Offset {}.coef([]), [&mut *w], [x, y]);
        <Arity as MapLoop<2, 1>>::map::<SaveAscend, 1>(SaveAscend { rho: k, eps: k }.coef([k]), [w, s], [x]);
    }

    fn fill_loops(
        w: &mut [f32], s: &mut [f32], x: &[f32], y: &[f32], k: f32, noise: &[f32], range: &Range<usize>,
    ) -> usize {
        <Arity as FillLoop<1, 2>>::fill::<Pull>(k, noise, [&mut *w], [x, y]);
        <Arity as FillLoop<2, 0>>::fill::<Perturb>(k, noise, [&mut *w, &mut *s], []);
        let (mut out, ins) = ([w, s], [x]);
        let ([w, s], [x]) = <Arity as FillLoop<2, 1>>::cut(&mut out, &ins, range.clone());
        w.len() + s.len() + x.len()
    }

    fn runs(
        w: &mut [f32], x: &[f32], y: &[f32], values: &[f32], groups: Groups<'_>, range: &Range<usize>, k: f32,
    ) {
        loops::fill_groups(Pull { scale: k }, groups, values, [w], [x, y], range.clone());
    }

    fn update_loops(w: &mut [f32], saved: &[f32], g: &[f32], s: &mut [f32], t: &mut [f32], k: f32, n: u32) {
        let adam = StepAdam { lr: k, beta1: k, beta2: k, eps: k, l2: k, decay: k, updates: n };
        <Arity as UpdateLoop<2>>::update::<StepAdam>(adam.coef(), w, Some(saved), g, [s, t]);
        let sgd = StepSgd { lr: k, weight_decay: k };
        <Arity as UpdateLoop<0>>::update::<StepSgd>(sgd.coef(), w, None, g, []);
        let (w, saved, g) = (w.as_chunks_mut().0, saved.as_chunks().0, g.as_chunks().0);
        <Arity as UpdateLoop<0>>::turns::<StepSgd>(sgd.coef(), w, Some(saved), g, []);
        <StepSgd as Update<0>>::turns(sgd.coef(), w, Some(saved), g, []);
        let momentum = StepMomentum { lr: k, momentum: k, dampening: k, weight_decay: k, updates: n };
        <StepMomentum as Update<1>>::turns(momentum.coef(), w, Some(saved), g, [s.as_chunks_mut().0]);
    }

    fn sums(
        x: &[f32], y: &[f32], sums: &mut [f32; LANES], singles: &mut [f32], range: &Range<usize>, k: f32,
    ) -> f32 {
        <Arity as Rows<2>>::rows::<Plain, Dot>(Dot {}, sums, [x.as_chunks().0, y.as_chunks().0]);
        Reduce::rows::<Plain>(NonFinite {}, sums, [x.as_chunks().0]);
        Reduce::rows::<Plain>(SqNorm {}, sums, [x.as_chunks().0]);
        <Arity as Rows<2>>::singles::<Dot>(Dot {}, singles, [x, y]);
        let row = <Plain as Lanes>::load(sums, x.len());
        Lanes::store(Reduce::term(&SqNorm {}, [row]) + Reduce::term(&NonFinite {}, [row]), sums, y.len());
        <Arity as Rows<1>>::lane::<SqNorm>(SqNorm {}, k, range.clone(), [x])
    }

    fn partial_sums(partial: &mut Partial, x: &[f32], y: &[f32]) -> f32 {
        partial.feed::<Plain, Dot, 2>(Dot {}, [x, y]);
        let mut other = if x.is_empty() { Partial::new() } else { Partial::default() };
        other.feed::<Plain, SqNorm, 1>(SqNorm {}, [y]);
        partial.finish() + other.finish()
    }

    fn noises(
        seed: &mut Seed, w: &mut [f32], s: &mut [f32], t: &mut [f32], x: &[f32], groups: Groups<'_>, draw: &Draw,
        way: Way,
    ) -> bool {
        Noise::perturb(seed, &mut Portable, *draw, groups, x, w, s);
        Noise::reperturb(seed, &mut Portable, *draw, groups, x, w, s);
        Noise::residual(seed, &mut Portable, way, *draw, groups, x, w, t).is_ok()
    }

    fn backup(
        seed: &mut Seed, w: &mut [f32], s: &mut [f32], x: &[f32], groups: Groups<'_>, draw: &Draw, was: Option<Draw>,
    ) -> bool {
        noise::<Backup>(seed, Vectors { w, s, t: &mut [], x, y: &[], groups }, *draw, was)
    }

    fn residual(
        seed: &mut Seed, w: &mut [f32], s: &mut [f32], x: &[f32], groups: Groups<'_>, draw: &Draw, was: Option<Draw>,
    ) -> bool {
        noise::<Residual>(seed, Vectors { w, s, t: &mut [], x, y: &[], groups }, *draw, was)
    }
}
