//! The phase machine of every registered method: one result however it is driven, from the gradients its definition wants.

#[path = "phases/definition.rs"]
mod definition;

use flatmin::backend::{Cpu, Progress, Sliced};
use flatmin::drive::{step, step_async};
use flatmin::hash;
use flatmin::method::{Batch, Eval, Next, Request};
use flatmin::state::State;
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Spec};
use flatmin_tests::every_method;
use flatmin_tests::trial::{N, STEPS, clock, objective, pause, reference, start};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
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
        for k in [1, 7, 64, 100_000] {
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

#[test]
fn requests_are_those_of_the_definition() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        for t in 0..STEPS {
            let request = |batch, accumulate| Request { batch, accumulate };
            let climb = vec![request(Batch::Fresh, false), request(Batch::Same, false)];
            let expected = match spec.method {
                MethodSpec::Plain => vec![request(Batch::Fresh, false)],
                MethodSpec::Sam { .. } => climb,
                MethodSpec::Rst { p, .. } => climb[..1 + usize::from(definition::heads(p, t))].to_vec(),
                MethodSpec::LpfSgd { parts: of, .. } | MethodSpec::LpfSgdResidual { parts: of, .. } => (0
                    ..of.into())
                    .map(|index| request(Batch::Part { index, of: of.into() }, index > 0))
                    .collect(),
            };
            let mut seen = Vec::new();
            step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(t), |w, g, request| {
                seen.push(request);
                Ok::<f32, ()>(objective(w, g, request))
            })
            .unwrap();
            assert_eq!(seen, expected, "{} step {t}", spec.name());
        }
    });
}

#[test]
fn every_gradient_is_taken_where_the_definition_says() {
    every_method!(Cpu, |method, spec| {
        let (mut w, mut g) = (start(), vec![0.0; N]);
        for t in 0..STEPS {
            let (clean, mut first, mut call) = (w.clone(), Vec::new(), 0);
            step(&mut method, &mut Cpu::detect(), &mut w[..], &mut g[..], &clock(t), |w, g, request| {
                let wanted = definition::asked_at(&spec, t, &clean, call, &first);
                if let Some(problem) = definition::misplaced(w, &wanted) {
                    panic!("{} step {t} call {call}: {problem}", spec.name());
                }
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

/// The answers of Random123's `kat_vectors`.
#[test]
fn the_definition_s_generator_is_philox() {
    let digits = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    for (counter, key, words) in [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (digits, [0xa409_3822, 0x299f_31d0], [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ] {
        assert_eq!(definition::philox(counter, key), words);
    }
}

/// Another step, part, radius or element, or weights off by one in the last place, do not pass for the right point.
#[test]
fn a_wrong_point_is_noticed() {
    let sgd = OptimizerSpec::momentum(0.9, 0.0);
    let (w, g) = (start(), vec![0.5; N]);
    for method in MethodSpec::SAMPLES {
        let spec = Spec::new(method, sgd);
        let at = |step, call| definition::asked_at(&spec, step, &w, call, &g);
        let point = |of: definition::Point| of.into_iter().map(|(w, _)| w).collect::<Vec<f32>>();
        let notices = |asked: Vec<f32>, step, call| definition::misplaced(&asked, &at(step, call)).is_some();
        assert!(!notices(point(at(2, 1)), 2, 1));
        let mut turned = point(at(2, 1));
        turned.rotate_left(1);
        assert!(notices(turned, 2, 1), "{}", spec.name());
        match method {
            MethodSpec::LpfSgd { .. } | MethodSpec::LpfSgdResidual { .. } => {
                assert!(notices(point(at(3, 1)), 2, 1) && notices(point(at(2, 0)), 2, 1));
            }
            _ => {
                let nudged = point(at(2, 1)).into_iter().map(f32::next_up).collect();
                assert!(notices(nudged, 2, 1), "{}", spec.name());
            }
        }
    }
}
