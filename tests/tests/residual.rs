//! Restoring weights from a residual: the bits of a backup wherever anybody looks, and a refusal that costs nothing when
//! it has no room.

use flatmin::backend::{Approx, Backend, Cpu, Isa, Portable, Progress, Sliced};
use flatmin::drive::{StepError, step};
use flatmin::error::{Error, Quantity};
use flatmin::kernels::Perturb;
use flatmin::layout::{Groups, Kind, Segment, Sharing, filters, params};
use flatmin::method::{Eval, Method, Next};
use flatmin::methods::{FilterScale, LpfSgd};
use flatmin::optimizers::Sgd;
use flatmin::registry::{self, On};
use flatmin::residual::{Way, len, usual_len};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::state::State;
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Spec};
use flatmin_tests::compare::same_bits;
use flatmin_tests::device::{Buffer, Device};
use flatmin_tests::say;
use flatmin_tests::trial::{N, NET, STEPS, clock, objective, reference, start};
use proptest::prelude::*;

type Lpf<R> = LpfSgd<'static, Sgd, Vec<f32>, Vec<f32>, f32, flatmin::rng::Seed, R>;

fn backup(gamma: f32, parts: u16) -> Lpf<flatmin::restore::Backup> {
    let method = LpfSgd::new(Sgd::new(), NET, vec![0.0; N], vec![0.0; filters(NET)], 5);
    method.gamma(gamma, FilterScale::FilterRms).parts(parts)
}

fn residual(gamma: f32, parts: u16, escapes: usize) -> Lpf<flatmin::restore::Residual> {
    let method = LpfSgd::new(Sgd::new(), NET, vec![0.0; len(N, escapes)], vec![0.0; filters(NET)], 5);
    method.gamma(gamma, FilterScale::FilterRms).parts(parts).residual()
}

/// The weights at every gradient and after every step.
fn seen<B: Isa, M: Method<B>>(mut method: M, mut b: B) -> Vec<Vec<f32>> {
    let (mut w, mut g, mut all) = (start(), vec![0.0; N], Vec::new());
    for t in 0..STEPS {
        step(&mut method, &mut b, &mut w[..], &mut g[..], &clock(t), |w, g, r| {
            all.push(w.to_vec());
            Ok::<f32, ()>(objective(w, g, r))
        })
        .unwrap();
        all.push(w.clone());
    }
    all
}

/// The same in pieces of `k` elements.
fn seen_in_pieces<M: Method<Sliced<Cpu>>>(mut method: M, k: usize) -> Vec<Vec<f32>> {
    let (mut w, mut g, mut all) = (start(), vec![0.0; N], Vec::new());
    let mut sliced = Sliced::new(Cpu::detect(), k);
    for t in 0..STEPS {
        let mut next = until_ready(|| sliced.begin(&mut method, &mut w, &clock(t))).unwrap();
        while let Next::Gradient(request) = next {
            all.push(w.clone());
            let loss = objective(&w, &mut g, request);
            next = until_ready(|| sliced.resume(&mut method, &mut w, Eval { g: &mut g[..], loss })).unwrap();
        }
        all.push(w.clone());
    }
    all
}

fn until_ready(mut piece: impl FnMut() -> Result<Progress, Error>) -> Result<Next, Error> {
    loop {
        if let Progress::Ready(next) = piece()? {
            return Ok(next);
        }
    }
}

fn all_same(found: &[Vec<f32>], expected: &[Vec<f32>]) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        same_bits(&format!("look {i}"), found, expected).unwrap();
    }
}

#[test]
fn every_look_shows_the_bits_of_a_backup() {
    for (gamma, parts) in [(0.0, 1), (0.01, 4), (0.3, 4), (0.3, 1), (20.0, 3)] {
        let expected = seen(backup(gamma, parts), Portable);
        all_same(&seen(residual(gamma, parts, N), Portable), &expected);
        all_same(&seen(residual(gamma, parts, N), Cpu::detect()), &expected);
        for k in [1, 5, 16, 64, 1000] {
            all_same(&seen_in_pieces(residual(gamma, parts, N), k), &expected);
        }
        let cheap = seen(backup(gamma, parts), Approx::new(Cpu::detect()));
        all_same(&seen(residual(gamma, parts, N), Approx::new(Cpu::detect())), &cheap);
    }
}

#[test]
fn every_optimizer_ends_a_run_with_the_hash_of_a_backup() {
    let pairs = MethodSpec::SAMPLES.into_iter().filter_map(|method| match method {
        MethodSpec::LpfSgdResidual { gamma, scale, parts } => {
            Some((method, MethodSpec::LpfSgd { gamma, scale, parts }))
        }
        _ => None,
    });
    let mut compared = 0;
    for ((residual, backup), optimizer) in pairs.flat_map(|pair| OptimizerSpec::SAMPLES.map(|o| (pair, o))) {
        let run = |method| reference(&Spec::new(method, optimizer).into());
        assert_eq!(run(residual), run(backup));
        compared += 1;
    }
    assert!(compared > 0);
}

/// Drives a method with too little room: the step that is refused leaves everything as it was.
#[test]
fn a_residual_without_room_refuses_the_step_and_keeps_the_weights() {
    let (mut refused, mut done) = (0, 0);
    for (escapes, k) in (0..12).flat_map(|escapes| [3, 50, usize::MAX].map(|k| (escapes, k))) {
        let mut method = residual(0.5, 4, escapes);
        let (mut w, mut g) = (start(), vec![0.0; N]);
        let mut sliced = Sliced::new(Cpu::detect(), k);
        for t in 0..STEPS {
            let (before, scalars) = (w.clone(), State::<Sliced<Cpu>>::scalars(&method));
            let mut next = until_ready(|| sliced.begin(&mut method, &mut w, &clock(t)));
            while let Ok(Next::Gradient(request)) = next {
                let loss = objective(&w, &mut g, request);
                next = until_ready(|| sliced.resume(&mut method, &mut w, Eval { g: &mut g[..], loss }));
            }
            match next {
                Ok(_) => done += 1,
                Err(error) => {
                    assert_eq!(error, Error::Escapes { room: escapes });
                    same_bits("refused", &w, &before).unwrap();
                    assert_eq!(State::<Sliced<Cpu>>::scalars(&method), scalars);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 50 && done > 50, "{refused} steps refused, {done} done");
}

#[test]
fn a_bad_gradient_at_any_call_restores_the_weights() {
    for (call, k) in (0..4).flat_map(|call| [7, usize::MAX].map(|k| (call, k))) {
        let mut method = residual(0.3, 4, N);
        let (mut w, mut g) = (start(), vec![0.0; N]);
        let mut sliced = Sliced::new(Cpu::detect(), k);
        let mut next = until_ready(|| sliced.begin(&mut method, &mut w, &clock(0)));
        for at in 0.. {
            let Ok(Next::Gradient(request)) = next else { break };
            let loss = if at == call { f32::NAN } else { objective(&w, &mut g, request) };
            next = until_ready(|| sliced.resume(&mut method, &mut w, Eval { g: &mut g[..], loss }));
        }
        assert_eq!(next, Err(Error::NonFinite(Quantity::Loss)));
        same_bits("restored", &w, &start()).unwrap();
    }
}

#[test]
fn what_is_too_short_is_refused_by_name() {
    let mut method =
        LpfSgd::new(Sgd::new(), NET, vec![0.0; len(N, 0) - 1], vec![0.0; filters(NET)], 5).residual();
    let (mut w, mut g) = (start(), vec![0.0; N]);
    let said =
        step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock(0), |_, _, _| Ok::<f32, ()>(0.0));
    let expected = Error::Length { what: "residual", expected: len(N, 0), found: len(N, 0) - 1 };
    assert_eq!(said, Err(StepError::Method(expected)));
    same_bits("w", &w, &start()).unwrap();
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![2 => proptest::num::f32::ANY, 3 => -4.0_f32..4.0, 1 => Just(0.0_f32), 1 => Just(-0.0_f32)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Any weights, NaN and infinities too, with any noise: restored as they were, by any instruction set, in any pieces.
    #[test]
    fn any_weights_come_back(
        w in proptest::collection::vec(float(), 1..300),
        gamma in float(),
        norm in float(),
        room in 0..300_usize,
        (seed, step) in any::<(u64, u32)>(),
    ) {
        let layout = [Segment { filters: 1, fan_in: w.len() as u32, kind: Kind::Weight }];
        let groups = Groups { segments: &layout, sharing: Sharing::Row };
        let kernel = Perturb { gamma, rms: 0, key: Key::new(seed, Stream::Perturbation, step) };
        let run = |mut b: Cpu| {
            let (mut at, mut kept) = (w.clone(), vec![f32::NAN; len(w.len(), room)]);
            let said = b.residual(Way::Perturb, kernel, groups, &[norm], &mut at, &mut kept);
            let perturbed = at.clone();
            b.residual(Way::Restore, kernel, groups, &[norm], &mut at, &mut kept).unwrap();
            (said, perturbed, at)
        };
        let (mut copied, mut saved) = (w.clone(), vec![0.0; w.len()]);
        Portable.fill(kernel, groups, &[norm], [&mut copied[..], &mut saved[..]], []);
        for (said, perturbed, restored) in [run(Cpu::Portable(Portable)), run(Cpu::detect())] {
            // NaN payloads may be anything in arithmetic, but not here.
            let bits = |w: &[f32]| w.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&restored), bits(&w));
            if room >= w.len() {
                prop_assert_eq!(said, Ok(()));
            }
            match said {
                Ok(()) => same_bits("perturbed", &perturbed, &copied).map_err(TestCaseError::fail)?,
                Err(error) => prop_assert_eq!(error, Error::Escapes { room }),
            }
        }
    }
}

/// A wrong bit anywhere in the codes or the list shows in the weights: the comparisons above can fail.
#[test]
fn a_wrong_bit_in_the_residual_is_seen() {
    let groups = Groups { segments: NET, sharing: Sharing::Row };
    let kernel = Perturb { gamma: 0.5, rms: 1, key: Key::new(5, Stream::Perturbation, 1) };
    let norms = vec![1.0; filters(NET)];
    let (mut perturbed, mut kept) = (start(), vec![0.0; len(N, N)]);
    Portable.residual(Way::Perturb, kernel, groups, &norms, &mut perturbed, &mut kept).unwrap();
    let escapes = kept[1].to_bits() as usize;
    assert!(escapes > 0, "nothing escapes");
    let head = 2;
    for bit in 0..2 * N {
        let (mut w, mut wrong) = (perturbed.clone(), kept.clone());
        let word = &mut wrong[head + bit / 32];
        *word = f32::from_bits(word.to_bits() ^ 1 << (bit % 32));
        Portable.residual(Way::Restore, kernel, groups, &norms, &mut w, &mut wrong).unwrap();
        assert!(same_bits("", &w, &start()).is_err(), "bit {bit} of the codes");
    }
    for i in 0..escapes {
        let (mut w, mut wrong) = (perturbed.clone(), kept.clone());
        let word = &mut wrong[len(N, 0) + i];
        *word = word.next_up();
        Portable.residual(Way::Restore, kernel, groups, &norms, &mut w, &mut wrong).unwrap();
        assert!(same_bits("", &w, &start()).is_err(), "escape {i}");
    }
}

/// A device without the kernel refuses before anything is perturbed; the registry says that it may.
#[test]
fn a_backend_without_residuals_says_so() {
    assert_eq!(registry::find("lpf_sgd_residual").map(|entry| entry.on), Some(On::Cpu));
    let mut device = Device::without_residuals();
    let (mut w, zeros) = (Buffer::zeros(N), Buffer::zeros);
    device.upload(&mut w, &start());
    let mut method = LpfSgd::new(Sgd::new(), NET, zeros(usual_len(N)), zeros(filters(NET)), 5).residual();
    assert_eq!(method.begin(&mut device, &mut w, &clock(0)), Err(Error::NoResidual));
    same_bits("w", &device.download(&w), &start()).unwrap();
}

/// The share of weights that escape, for the documentation: Gaussian weights, noise of `gamma` root mean squares.
#[test]
fn escapes_of_gaussian_weights_leave_room_to_spare() {
    const LAYOUT: [Segment; 1] = [Segment { filters: 64, fan_in: 256, kind: Kind::Weight }];
    const WEIGHTS: usize = params(&LAYOUT);
    let mut draws = Draws::new(Key::new(1, Stream::Init, 0));
    let w: Vec<f32> = (0..WEIGHTS).map(|_| 0.05 * draws.normal()).collect();
    let groups = Groups { segments: &LAYOUT, sharing: Sharing::Row };
    let mut norms = vec![0.0; 64];
    Portable.reduce_groups(flatmin::kernels::SqNorm {}, groups, &w, &mut norms);
    for gamma in [0.01, 0.1, 0.3, 1.0] {
        let kernel = Perturb { gamma, rms: 1, key: Key::new(5, Stream::Perturbation, 1) };
        let (mut at, mut kept) = (w.clone(), vec![0.0; len(WEIGHTS, WEIGHTS)]);
        Portable.residual(Way::Perturb, kernel, groups, &norms, &mut at, &mut kept).unwrap();
        let share = f64::from(kept[1].to_bits()) / WEIGHTS as f64;
        say(&format!("residual: gamma {gamma}: {:.2} % of the weights escape", 100.0 * share));
        let room = (usual_len(WEIGHTS) - len(WEIGHTS, 0)) as f64 / WEIGHTS as f64;
        assert!(gamma > 0.3 || share < room, "gamma {gamma}: {share} escape, there is room for {room}");
    }
}
