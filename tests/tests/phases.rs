//! The phase machine of every registered method: one result however it is driven, from the gradients its definition wants.

use flatmin::backend::{Backend, Cpu, Portable, Progress, Sliced};
use flatmin::drive::{step, step_async};
use flatmin::hash;
use flatmin::kernels::SqNorm;
use flatmin::layout::{Groups, Sharing, filters};
use flatmin::method::{Batch, Eval, Next, Request};
use flatmin::methods::FilterScale;
use flatmin::rng::{Key, Stream, TILE, normals, philox};
use flatmin::schedule::Schedule;
use flatmin::state::State;
use flatmin_sim::compose::{MethodSpec, Spec};
use flatmin_tests::compare::same_bits;
use flatmin_tests::every_method;
use flatmin_tests::trial::{N, NET, SEED, STEPS, clock, objective, pause, reference, start};
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
                MethodSpec::Rst { p, .. } => {
                    let key = [SEED as u32, (SEED >> 32) as u32];
                    let word = philox([0, 0, t, Stream::Coin as u32], key)[0];
                    let heads = f64::from(word >> 8) / f64::from(1 << 24) < f64::from(p.at(t, STEPS));
                    climb[..1 + usize::from(heads)].to_vec()
                }
                MethodSpec::LpfSgd { parts: of, .. } | MethodSpec::LpfSgdResidual { parts: of, .. } => {
                    (0..of).map(|index| request(Batch::Part { index, of }, index > 0)).collect()
                }
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

/// The weights at which a method must ask, recomputed from its definition.
fn asked_at(spec: &Spec, t: u32, clean: &[f32], call: u32, first: &[f32]) -> Vec<f32> {
    match spec.method {
        MethodSpec::LpfSgd { gamma, scale, .. } | MethodSpec::LpfSgdResidual { gamma, scale, .. } => {
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
