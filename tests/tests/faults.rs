//! Whatever goes wrong in a step of any registered method, at any call: it costs the step, and weights and state are clean.

use flatmin::backend::{Backend, Cpu, Progress, Sliced};
use flatmin::drive::{StepError, step, step_async};
use flatmin::error::{Error, Quantity};
use flatmin::hash;
use flatmin::method::{Batch, Eval, Method, Next};
use flatmin::state::State;
use flatmin_sim::compose::Receive;
use flatmin_tests::compare::same_bits;
use flatmin_tests::every_method;
use flatmin_tests::trial::{N, STEPS, Sample, clock, objective, pause, reference, samples, start, with};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Waker};

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
        Ok(Ok(_)) => {
            assert!(call <= at, "call {at} went wrong ({fault:?}) and nobody noticed");
            None
        }
        Ok(Err(StepError::Method(error))) => Some(Some(error)),
        Ok(Err(StepError::Objective(_))) | Err(_) => Some(None),
    }
}

#[test]
fn a_fault_at_any_call_costs_the_step_and_nothing_else() {
    for fault in FAULTS {
        for at in 0..4 {
            struct Visit(Sample, Fault, u32);
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
            for spec in samples() {
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
                    if let Some(copy) = method.clean(&w) {
                        same_bits("clean", copy, &clean).unwrap();
                    }
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

#[test]
fn a_run_goes_on_after_an_abort_at_any_phase() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
        for t in 0..STEPS {
            let (clean, before) = (w.clone(), hash::state::<Cpu, _>(&w, &method));
            'phases: for phases in 0.. {
                let mut next = method.begin(&mut b, &mut w, &clock(t)).unwrap();
                for _ in 0..phases {
                    let Next::Gradient(request) = next else { break };
                    let loss = objective(&w, &mut g, request);
                    next = method.resume(&mut b, &mut w, Eval { g: &mut g[..], loss }).unwrap();
                }
                if next == Next::Done {
                    break 'phases;
                }
                if let Some(copy) = method.clean(&w) {
                    same_bits(&spec.name(), copy, &clean).unwrap();
                }
                method.abort(&mut b, &mut w);
                same_bits(&spec.name(), &w, &clean).unwrap();
                assert_eq!(hash::state::<Cpu, _>(&w, &method), before, "{} {phases} phases", spec.name());
            }
        }
        assert_eq!(hash::state::<Cpu, _>(&w, &method), reference(&spec), "{}", spec.name());
    });
}

#[test]
fn a_gradient_of_the_wrong_length_costs_the_step_and_nothing_else() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
        let (clean, before) = (w.clone(), hash::state::<Cpu, _>(&w, &method));
        for at in 0.. {
            let mut next = method.begin(&mut b, &mut w, &clock(5)).unwrap();
            for call in 0..=at {
                // The step was over before the wrong gradient came.
                let Next::Gradient(request) = next else { return };
                let loss = objective(&w, &mut g, request);
                if call < at {
                    next = method.resume(&mut b, &mut w, Eval { g: &mut g[..], loss }).unwrap();
                    continue;
                }
                for found in [N - 1, 0, N + 1] {
                    let mut wrong = vec![0.0; found];
                    let said = method.resume(&mut b, &mut w, Eval { g: &mut wrong[..], loss });
                    // The first one ended the step.
                    let length = Error::Length { what: "gradient", expected: N, found };
                    assert_eq!(
                        said,
                        Err(if found == N - 1 { length } else { Error::NoStep }),
                        "{}",
                        spec.name()
                    );
                }
            }
            same_bits(&spec.name(), &w, &clean).unwrap();
            assert_eq!(hash::state::<Cpu, _>(&w, &method), before, "{}", spec.name());
        }
    });
}

/// One step of a sliced method, at most `stop` pieces of it, then an abort if it is not over; the number of pieces.
fn sliced_step<M: Method<Sliced<Cpu>>>(
    method: &mut M,
    w: &mut [f32],
    k: usize,
    t: u32,
    stop: u32,
    bad_call: Option<u32>,
) -> Result<u32, Error> {
    let (mut g, mut pieces, mut calls) = (vec![0.0; N], 0, 0);
    let mut sliced = Sliced::new(Cpu::detect(), k);
    let (mut begun, mut loss) = (false, 0.0);
    loop {
        let eval = Eval { g: &mut g[..], loss };
        if pieces == stop {
            let mut progress = sliced.abort(method, w, &clock(t), eval);
            while progress == Progress::Pending {
                progress = sliced.abort(method, w, &clock(t), Eval { g: &mut g[..], loss });
            }
            return Ok(pieces);
        }
        pieces += 1;
        let progress =
            if begun { sliced.resume(method, w, eval)? } else { sliced.begin(method, w, &clock(t))? };
        match progress {
            Progress::Pending => {}
            Progress::Ready(Next::Done) => return Ok(pieces),
            Progress::Ready(Next::Gradient(request)) => {
                loss = objective(w, &mut g, request);
                if bad_call == Some(calls) {
                    g[N / 2] = f32::NAN;
                }
                (begun, calls) = (true, calls + 1);
            }
        }
    }
}

fn vectors<B: Backend<Vector = [f32]>>(method: &impl State<B>) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    method.visit(&mut |v| all.push(v.to_vec()));
    all
}

fn set_vectors<B: Backend<Vector = [f32]>>(method: &mut impl State<B>, all: &[Vec<f32>]) {
    let mut all = all.iter();
    method.visit_mut(&mut |v| v.copy_from_slice(all.next().unwrap()));
}

#[test]
fn sliced_abort_after_any_piece_leaves_the_start_or_the_end() {
    every_method!(Sliced<Cpu>, |method, spec| {
        let mut w = start();
        for t in 0..3 {
            let (clean, scalars, state) = (w.clone(), method.scalars(), vectors(&method));
            let before = hash::state(&w, &method);
            let pieces = sliced_step(&mut method, &mut w, 11, t, u32::MAX, None).unwrap();
            let (end, after, end_scalars, end_state) =
                (w.clone(), hash::state(&w, &method), method.scalars(), vectors(&method));
            assert_ne!(before, after);
            for stop in 0..=pieces {
                (w, _) = (clean.clone(), method.set_scalars(scalars));
                set_vectors(&mut method, &state);
                sliced_step(&mut method, &mut w, 11, t, stop, None).unwrap();
                let found = hash::state(&w, &method);
                let case = format!("{} step {t} stopped after {stop} of {pieces} pieces", spec.name());
                assert!(found == before || found == after, "{case}");
                same_bits(&case, &w, if found == before { &clean } else { &end }).unwrap();
                // What was dropped can be done again.
                if found == before {
                    sliced_step(&mut method, &mut w, 64, t, u32::MAX, None).unwrap();
                    assert_eq!(hash::state(&w, &method), after, "{case}");
                }
            }
            (w, _) = (end, method.set_scalars(end_scalars));
            set_vectors(&mut method, &end_state);
        }
    });
}

#[test]
fn a_bad_gradient_in_slices_costs_the_step_and_nothing_else() {
    every_method!(Sliced<Cpu>, |method, spec| {
        let mut w = start();
        for t in 0..STEPS {
            for call in 0..4 {
                let (clean, before) =
                    ((w.clone(), vectors(&method), method.scalars()), hash::state(&w, &method));
                let case = format!("{} step {t} call {call}", spec.name());
                match sliced_step(&mut method, &mut w, 7, t, u32::MAX, Some(call)) {
                    Err(error) => {
                        assert_eq!(error, Error::NonFinite(Quantity::Gradient), "{case}");
                        same_bits(&case, &w, &clean.0).unwrap();
                        assert_eq!(hash::state(&w, &method), before, "{case}");
                    }
                    // The step has no such call.
                    Ok(_) => {
                        (w, _) = (clean.0, method.set_scalars(clean.2));
                        set_vectors(&mut method, &clean.1);
                    }
                }
            }
            sliced_step(&mut method, &mut w, 7, t, u32::MAX, None).unwrap();
        }
        assert_eq!(hash::state(&w, &method), reference(&spec), "{}", spec.name());
    });
}
