//! The phase machine of every registered method: one result however it is driven, and clean weights whatever goes wrong.

use flatmin::backend::{Backend, Cpu, Portable, Progress, Sliced};
use flatmin::drive::{StepError, step, step_async};
use flatmin::error::{Error, Quantity};
use flatmin::hash;
use flatmin::kernels::SqNorm;
use flatmin::layout::{Groups, Kind, Segment, Sharing, filters, params};
use flatmin::method::{Batch, Clock, Eval, Method, Next, Request};
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::optimizers::{Adam, Sgd};
use flatmin::rng::{Key, Seed, Stream, TILE, normals};
use flatmin::schedule::Schedule;
use flatmin::state::State;
use flatmin_sim::compose::{MethodSpec, Parts, Receive, Spec, compose};
use flatmin_tests::compare::same_bits;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const NET: &[Segment] = &[
    Segment { filters: 5, fan_in: 12, kind: Kind::Weight },
    Segment { filters: 5, fan_in: 1, kind: Kind::Bias },
    Segment { filters: 3, fan_in: 5, kind: Kind::Weight },
    Segment { filters: 3, fan_in: 1, kind: Kind::Bias },
];
const N: usize = params(NET);
const STEPS: u32 = 4;
const SEED: u64 = 7;

fn start() -> Vec<f32> {
    (0..N).map(|i| ((i * 37 % 101) as f32 - 50.0) / 64.0).collect()
}

fn clock(t: u32) -> Clock {
    Clock { step: t, total: STEPS, lr: 0.05 }
}

/// A loss with curvature that differs by weight and by part of the batch.
fn objective(w: &[f32], g: &mut [f32], request: Request) -> f32 {
    let shift = match request.batch {
        Batch::Part { index, .. } => 0.1 * index as f32,
        _ => 0.0,
    };
    let mut loss = 0.0;
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        let d = w - 0.3 + shift;
        let slope = (1 + i % 7) as f32 * 0.2 * d + 0.05 * d * d;
        *g = if request.accumulate { *g + slope } else { slope };
        loss += d * d;
    }
    loss
}

fn with<B, R>(spec: &Spec, receive: R) -> R::Output
where
    B: Backend<Vector = [f32]> + 'static,
    R: Receive<B>,
{
    let zeros = |n| vec![0.0_f32; n];
    let parts = Parts { segments: NET, zeros, noise: Seed(SEED), coin: Seed(SEED) };
    compose::<B, Vec<f32>, _, _, _, _>(spec, parts, receive)
}

/// Runs `body` with a method of every sample.
macro_rules! every_method {
    ($backend:ty, |$method:ident, $spec:ident| $body:block) => {{
        struct Visit(Spec);
        impl Receive<$backend> for Visit {
            type Output = ();
            #[allow(unused_mut, unused_variables, reason = "not every body needs both")]
            fn receive<M: Method<$backend> + 'static>(self, mut $method: M) {
                let $spec = self.0;
                $body
            }
        }
        for spec in Spec::samples() {
            with::<$backend, _>(&spec, Visit(spec));
        }
    }};
}

fn finish<M: Method<Cpu>>(method: &mut M, w: &mut [f32], from: u32) -> u32 {
    let mut g = vec![0.0; N];
    for t in from..STEPS {
        step(method, &mut Cpu::detect(), w, &mut g[..], &clock(t), |w, g, r| {
            Ok::<f32, ()>(objective(w, g, r))
        })
        .unwrap();
    }
    hash::state::<Cpu, _>(w, method)
}

struct Reference;
impl Receive<Cpu> for Reference {
    type Output = u32;
    fn receive<M: Method<Cpu> + 'static>(self, mut method: M) -> u32 {
        finish(&mut method, &mut start(), 0)
    }
}

fn reference(spec: &Spec) -> u32 {
    with::<Cpu, _>(spec, Reference)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Waits once.
async fn pause() {
    let mut waited = false;
    std::future::poll_fn(
        |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

#[test]
fn explicit_phases_have_the_bits_of_step() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
        for t in 0..STEPS {
            let mut next = method.begin(&mut b, &mut w, &clock(t)).unwrap();
            while let Next::Gradient(request) = next {
                let loss = objective(&w, &mut g, request);
                next = method.resume(&mut b, &mut w, Eval { g: &mut g[..], loss }).unwrap();
            }
        }
        assert_eq!(hash::state::<Cpu, _>(&w, &method), reference(&spec), "{}", spec.name());
    });
}

#[test]
fn step_async_has_the_bits_of_step() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
        for t in 0..STEPS {
            let clock = clock(t);
            let step = step_async(&mut method, &mut b, &mut w[..], &mut g[..], &clock, async |w, g, r| {
                pause().await;
                Ok::<f32, ()>(objective(w, g, r))
            });
            block_on(step).unwrap();
        }
        assert_eq!(hash::state::<Cpu, _>(&w, &method), reference(&spec), "{}", spec.name());
    });
}

#[test]
fn slices_of_any_size_have_the_bits_of_step() {
    every_method!(Sliced<Cpu>, |method, spec| {
        let before = method.scalars();
        for k in [1, 2, 7, 64, 100_000] {
            // Method state other than scalars starts at zero, as when composed.
            method.set_scalars(before);
            State::visit_mut(&mut method, &mut |v: &mut [f32]| v.fill(0.0));
            let (mut w, mut g) = (start(), vec![0.0; N]);
            let mut sliced = Sliced::new(Cpu::detect(), k);
            for t in 0..STEPS {
                let mut next = loop {
                    if let Progress::Ready(next) = sliced.begin(&mut method, &mut w, &clock(t)).unwrap() {
                        break next;
                    }
                };
                while let Next::Gradient(request) = next {
                    let loss = objective(&w, &mut g, request);
                    next = loop {
                        let eval = Eval { g: &mut g[..], loss };
                        if let Progress::Ready(next) = sliced.resume(&mut method, &mut w, eval).unwrap() {
                            break next;
                        }
                    };
                }
            }
            assert_eq!(hash::state(&w, &method), reference(&spec), "{} k {k}", spec.name());
        }
    });
}

/// The weights at which a method must ask, recomputed from its definition.
fn asked_at(spec: &Spec, t: u32, clean: &[f32], call: u32, first: &[f32]) -> Vec<f32> {
    match spec.method {
        MethodSpec::LpfSgd { gamma, scale, .. } => {
            let (rms, sharing) = match scale {
                FilterScale::FilterRms => (true, Sharing::Row),
                FilterScale::FilterNorm => (false, Sharing::Tensor),
            };
            let groups = Groups { segments: NET, sharing };
            let mut sq_norms = vec![0.0; filters(NET)];
            Portable.reduce_groups(SqNorm {}, groups, clean, &mut sq_norms);
            let key = Key::new(SEED, Stream::Perturbation, t).part(call);
            let mut w = clean.to_vec();
            for span in groups.spans() {
                let count = if rms { span.fan_in as f32 } else { 1.0 };
                let deviation = gamma.at(t, STEPS) * (sq_norms[span.slot] / count).sqrt();
                for (i, w) in w.iter_mut().enumerate().skip(span.start).take(span.len) {
                    *w += deviation * normals((i / TILE) as u32, key)[i % TILE];
                }
            }
            w
        }
        MethodSpec::Sam { rho, eps } | MethodSpec::Rst { rho, eps, .. } if call == 1 => {
            let scale = rho.at(t, STEPS) / (Portable.reduce(SqNorm {}, [first]).sqrt() + eps);
            clean.iter().zip(first).map(|(w, g)| w + scale * g).collect()
        }
        _ => clean.to_vec(),
    }
}

#[test]
fn every_gradient_is_taken_where_the_definition_says() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        for t in 0..STEPS {
            let (clean, mut first, mut call) = (w.clone(), Vec::new(), 0);
            step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(t), |w, g, request| {
                let wanted = asked_at(&spec, t, &clean, call, &first);
                same_bits(&format!("{} step {t} call {call}", spec.name()), w, &wanted).unwrap();
                let loss = objective(w, g, request);
                if call == 0 {
                    first = g.to_vec();
                }
                call += 1;
                Ok::<f32, ()>(loss)
            })
            .unwrap();
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Objective,
    Loss(f32),
    Gradient(usize, f32),
    Panic,
    DroppedFuture,
}

const FAULTS: [Fault; 8] = [
    Fault::Objective,
    Fault::Loss(f32::NAN),
    Fault::Loss(f32::INFINITY),
    Fault::Gradient(0, f32::NAN),
    Fault::Gradient(N / 2, f32::INFINITY),
    Fault::Gradient(N - 1, f32::NEG_INFINITY),
    Fault::Panic,
    Fault::DroppedFuture,
];

/// One step in which call `at` goes wrong; what the step said, or `None` if it has no such call.
fn faulty<M: Method<Cpu>>(
    method: &mut M,
    w: &mut [f32],
    t: u32,
    at: u32,
    fault: Fault,
) -> Option<Option<Error>> {
    let (mut g, mut b, mut call) = (vec![0.0; N], Cpu::detect(), 0);
    let mut objective = |w: &[f32], g: &mut [f32], request| {
        let mut loss = objective(w, g, request);
        if call == at {
            match fault {
                Fault::Objective => return Err("the sensor is gone"),
                Fault::Loss(value) => loss = value,
                Fault::Gradient(i, value) => g[i] = value,
                Fault::Panic => std::panic::resume_unwind(Box::new(())),
                Fault::DroppedFuture => {}
            }
        }
        call += 1;
        Ok(loss)
    };
    if matches!(fault, Fault::DroppedFuture) {
        let clock = clock(t);
        let mut waits = 0;
        let mut future = Box::pin(step_async(method, &mut b, w, &mut g[..], &clock, async |w, g, r| {
            pause().await;
            objective(w, g, r)
        }));
        while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            if waits == at {
                return Some(None);
            }
            waits += 1;
        }
        return None;
    }
    let said =
        catch_unwind(AssertUnwindSafe(|| step(method, &mut b, w, &mut g[..], &clock(t), &mut objective)));
    match said {
        Ok(Ok(_)) => None,
        Ok(Err(StepError::Method(error))) => Some(Some(error)),
        Ok(Err(StepError::Objective(_))) | Err(_) => Some(None),
    }
}

#[test]
fn a_fault_at_any_call_costs_the_step_and_nothing_else() {
    for fault in FAULTS {
        for at in 0..4 {
            struct Visit(Spec, Fault, u32);
            impl Receive<Cpu> for Visit {
                type Output = ();
                fn receive<M: Method<Cpu> + 'static>(self, mut method: M) {
                    let Self(spec, fault, at) = self;
                    let mut w = start();
                    for t in 0..STEPS {
                        let (clean, before) = (w.clone(), hash::state::<Cpu, _>(&w, &method));
                        let case = format!("{} step {t} call {at} {fault:?}", spec.name());
                        if let Some(said) = faulty(&mut method, &mut w, t, at, fault) {
                            let expected = match fault {
                                Fault::Loss(_) => Some(Error::NonFinite(Quantity::Loss)),
                                Fault::Gradient(..) => Some(Error::NonFinite(Quantity::Gradient)),
                                _ => None,
                            };
                            assert_eq!(said, expected, "{case}");
                            same_bits(&case, &w, &clean).unwrap();
                            assert_eq!(hash::state::<Cpu, _>(&w, &method), before, "{case}");
                            // The step again, without the fault.
                            assert!(faulty(&mut method, &mut w, t, u32::MAX, Fault::Objective).is_none());
                        }
                    }
                    assert_eq!(
                        hash::state::<Cpu, _>(&w, &method),
                        reference(&spec),
                        "{} {fault:?}",
                        spec.name()
                    );
                }
            }
            for spec in Spec::samples() {
                with::<Cpu, _>(&spec, Visit(spec, fault, at));
            }
        }
    }
}

#[test]
fn abort_and_begin_leave_a_step_at_any_phase() {
    every_method!(Cpu, |method, spec| {
        for by_begin in [false, true] {
            for phases in 0..4 {
                let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
                let (clean, scalars) = (w.clone(), method.scalars());
                let mut next = method.begin(&mut b, &mut w, &clock(1)).unwrap();
                for _ in 0..phases {
                    let Next::Gradient(request) = next else { break };
                    same_bits("clean", method.clean(&w), &clean).unwrap();
                    if matches!(request.batch, Batch::Part { index, of } if index + 1 == of)
                        || request.batch == Batch::Same
                    {
                        break;
                    }
                    let loss = objective(&w, &mut g, request);
                    next = method.resume(&mut b, &mut w, Eval { g: &mut g[..], loss }).unwrap();
                }
                if next == Next::Done {
                    State::visit_mut(&mut method, &mut |v: &mut [f32]| v.fill(0.0));
                    method.set_scalars(scalars);
                    continue;
                }
                if by_begin {
                    method.begin(&mut b, &mut w, &clock(2)).unwrap();
                }
                method.abort(&mut b, &mut w);
                same_bits(&spec.name(), &w, &clean).unwrap();
                assert!(method.scalars() == scalars, "{}", spec.name());
                assert_eq!(
                    method.resume(&mut b, &mut w, Eval { g: &mut g[..], loss: 0.0 }),
                    Err(Error::NoStep),
                    "{}",
                    spec.name()
                );
            }
        }
    });
}

/// The weights after one step.
struct OneStep;
impl Receive<Cpu> for OneStep {
    type Output = Vec<f32>;
    fn receive<M: Method<Cpu> + 'static>(self, mut method: M) -> Vec<f32> {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        let run = |w: &[f32], g: &mut [f32], r| Ok::<f32, ()>(objective(w, g, r));
        step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(0), run).unwrap();
        w
    }
}

#[test]
fn sliced_abort_after_any_piece_leaves_the_start_or_the_end() {
    every_method!(Sliced<Cpu>, |method, spec| {
        let scalars = method.scalars();
        for stop in (0..200).step_by(9) {
            method.set_scalars(scalars);
            State::visit_mut(&mut method, &mut |v: &mut [f32]| v.fill(0.0));
            let (mut w, mut g, mut pieces) = (start(), vec![0.0; N], 0);
            let mut sliced = Sliced::new(Cpu::detect(), 10);
            let (mut request, mut loss) = (None, 0.0);
            loop {
                let eval = Eval { g: &mut g[..], loss };
                if pieces == stop {
                    sliced.abort(&mut method, &mut w, &clock(0), eval);
                    break;
                }
                pieces += 1;
                let progress = match request {
                    None => sliced.begin(&mut method, &mut w, &clock(0)).unwrap(),
                    Some(_) => sliced.resume(&mut method, &mut w, eval).unwrap(),
                };
                match progress {
                    Progress::Pending => {}
                    Progress::Ready(Next::Done) => break,
                    Progress::Ready(Next::Gradient(next)) => {
                        loss = objective(&w, &mut g, next);
                        request = Some(next);
                    }
                }
            }
            let end = with::<Cpu, _>(&spec, OneStep);
            let is = |other: &[f32]| same_bits("w", &w, other).is_ok();
            assert!(is(&start()) || is(&end), "{} stopped after {stop} pieces", spec.name());
        }
    });
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    fn refused(mut method: impl Method<Cpu>, n: usize, clock: &Clock, expected: Error) {
        let mut w = vec![0.5; n];
        assert_eq!(
            format!("{:?}", method.begin(&mut Cpu::detect(), &mut w, clock)),
            format!("Err({expected:?})")
        );
        assert!(w.iter().all(|w| *w == 0.5));
    }
    let name = |name, value| Error::Hyperparameter { name, value };
    let length = |what, expected, found| Error::Length { what, expected, found };
    let saved = || vec![0.0; N];
    let sam = |rho: f32| Sam::new(Sgd::new(), saved()).rho(rho);
    let slots = || vec![0.0; filters(NET)];
    let lpf = || LpfSgd::new(Sgd::new(), NET, saved(), slots(), 1);
    refused(sam(f32::NAN), N, &clock(0), name("rho", f32::NAN));
    refused(sam(-0.1), N, &clock(0), name("rho", -0.1));
    refused(sam(0.1), N + 1, &clock(0), length("saved weights", N + 1, N));
    let infinite = Clock { lr: f32::INFINITY, ..clock(0) };
    refused(Plain::new(Sgd::new()), N, &infinite, name("lr", f32::INFINITY));
    refused(Plain::new(Sgd::new().weight_decay(-1.0)), N, &clock(0), name("weight_decay", -1.0));
    refused(Plain::new(Sgd::new().momentum(1.0, saved())), N, &clock(0), name("momentum", 1.0));
    refused(Plain::new(Adam::new(saved(), vec![0.0; 3])), N, &clock(0), length("second moment", N, 3));
    refused(Plain::new(Adam::new(saved(), saved()).betas(0.9, 1.0)), N, &clock(0), name("beta2", 1.0));
    refused(lpf().parts(0), N, &clock(0), name("parts", 0.0));
    refused(lpf().gamma(f32::INFINITY, FilterScale::FilterRms), N, &clock(0), name("gamma", f32::INFINITY));
    refused(lpf(), N - 1, &clock(0), length("layout", N - 1, N));
    let gated = flatmin::gate::Gated::new(flatmin::gates::Bernoulli::new(1).p(1.5), sam(0.1));
    refused(gated, N, &clock(0), name("p", 1.5));
}
