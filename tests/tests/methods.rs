//! What the methods are: closed forms, limit cases and numbers worked out by hand.

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::Portable;
use flatmin::gates::Coin;
use flatmin::layout::{Kind, Segment, params};
use flatmin::method::{Clock, Request};
use flatmin::methods::FilterScale;
use flatmin::registry::{Off, find};
use flatmin::rng::Seed;
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec, boxed};
use flatmin_tests::compare::same_bits;
use flatmin_tests::tolerance::tolerance;

const NET: &[Segment] = &[
    Segment { filters: 4, fan_in: 9, kind: Kind::Weight },
    Segment { filters: 4, fan_in: 1, kind: Kind::Bias },
];
const STEPS: u32 = 12;
const PLAIN_SGD: OptimizerSpec =
    OptimizerSpec::Sgd { momentum: None, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

/// Runs on a quadratic and counts gradients of whole batches or parts.
fn run(
    spec: &Spec,
    segments: &'static [Segment],
    w0: &[f32],
    gradient: &dyn Fn(&[f32], &mut [f32]),
) -> (Vec<f32>, u32) {
    let mut method = boxed::<Portable>(spec, segments, 3);
    let (mut w, mut g, mut count) = (w0.to_vec(), vec![0.0; w0.len()], 0);
    for t in 0..STEPS {
        let clock = Clock { step: t, total: STEPS, lr: 0.1 };
        let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
            let mut new = vec![0.0; w.len()];
            gradient(w, &mut new);
            g.iter_mut().zip(new).for_each(|(g, new)| *g = if request.accumulate { *g + new } else { new });
            count += 1;
            Ok(0.0)
        };
        method.step(&mut Portable, &mut w, &mut g, &clock, &mut objective).unwrap();
    }
    (w, count)
}

fn bowl(w: &[f32], g: &mut [f32]) {
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        *g = (1 + i % 5) as f32 * 0.3 * (w - 0.1);
    }
}

fn start() -> Vec<f32> {
    (0..params(NET)).map(|i| ((i * 29 % 17) as f32 - 8.0) / 8.0).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    difference / norm(&mut b.iter().map(|b| f64::from(*b)))
}

#[test]
fn switched_off_every_method_is_its_base() {
    for spec in Spec::samples() {
        let off = Spec { method: spec.method.off(), ..spec };
        let (ours, _) = run(&off, NET, &start(), &bowl);
        let (base, _) = run(&Spec { method: MethodSpec::Plain, ..spec }, NET, &start(), &bowl);
        match find(spec.method.name()).unwrap().off {
            Off::Exact => same_bits(&spec.name(), &ours, &base).unwrap(),
            Off::Rounding(_) => {
                assert!(distance(&ours, &base) <= tolerance("off_rounding"), "{}", spec.name());
            }
            Off::None => {}
        }
    }
}

#[test]
fn sam_has_the_numbers_of_the_specification() {
    const TWO: &[Segment] = &[Segment { filters: 1, fan_in: 2, kind: Kind::Weight }];
    let method = MethodSpec::Sam { rho: Rate::Constant(0.05), eps: 1e-12 };
    let mut sam = boxed::<Portable>(&Spec::new(method, PLAIN_SGD), TWO, 0);
    let (mut w, mut g) = ([1.0, 2.0], [0.0; 2]);
    let mut objective = |w: &[f32], g: &mut [f32], _| {
        g.copy_from_slice(&[3.0 * w[0] + w[1] - 1.0, w[0] + 2.0 * w[1] + 1.0]);
        Ok(0.0)
    };
    let clock = Clock { step: 0, total: 1, lr: 0.1 };
    sam.step(&mut Portable, &mut w, &mut g, &clock, &mut objective).unwrap();
    assert!(distance(&w, &[0.587_519_2, 1.388_906]) <= tolerance("golden_vector"), "{w:?}");
}

#[test]
fn a_zero_gradient_moves_only_what_decays() {
    for spec in Spec::samples() {
        let (ours, _) = run(&spec, NET, &start(), &|_, g| g.fill(0.0));
        let (base, _) = run(&Spec { method: MethodSpec::Plain, ..spec }, NET, &start(), &|_, g| g.fill(0.0));
        // Two NaN would compare as equal.
        assert!(ours.iter().all(|w| w.is_finite()), "{}", spec.name());
        same_bits(&spec.name(), &ours, &base).unwrap();
    }
}

#[test]
fn rst_counts_one_gradient_on_tails_and_is_sam_on_heads() {
    let rho = Rate::Constant(0.1);
    let rst = |p: f32| MethodSpec::Rst { rho, eps: 1e-12, p: Rate::Constant(p) };
    for optimizer in OptimizerSpec::SAMPLES {
        let (never, count) = run(&Spec::new(rst(0.0), optimizer), NET, &start(), &bowl);
        assert_eq!(count, STEPS);
        same_bits("p = 0", &never, &run(&Spec::new(MethodSpec::Plain, optimizer), NET, &start(), &bowl).0)
            .unwrap();
        let (always, count) = run(&Spec::new(rst(1.0), optimizer), NET, &start(), &bowl);
        assert_eq!(count, 2 * STEPS);
        let sam = Spec::new(MethodSpec::Sam { rho, eps: 1e-12 }, optimizer);
        same_bits("p = 1", &always, &run(&sam, NET, &start(), &bowl).0).unwrap();
    }
}

#[test]
fn coins_are_fair_independent_of_order_and_reproducible() {
    let n = 20_000;
    let heads = (0..n).filter(|t| Seed(5).toss(0.3, *t)).count() as f64;
    let (mean, sd) = (0.3 * f64::from(n), (0.3 * 0.7 * f64::from(n)).sqrt());
    assert!((heads - mean).abs() < tolerance("z_score") * sd, "{heads} heads");
    assert_eq!(Seed(5).toss(0.5, 77), Seed(5).toss(0.5, 77));
    assert!((0..64).any(|t| Seed(5).toss(0.5, t) != Seed(6).toss(0.5, t)));
}

#[test]
fn lpf_without_noise_in_one_part_is_the_base_bit_for_bit() {
    for scale in [FilterScale::FilterNorm, FilterScale::FilterRms] {
        for optimizer in OptimizerSpec::SAMPLES {
            let lpf = MethodSpec::LpfSgd { gamma: Rate::Constant(0.0), scale, parts: 1 };
            let (ours, count) = run(&Spec::new(lpf, optimizer), NET, &start(), &bowl);
            assert_eq!(count, STEPS);
            same_bits("lpf", &ours, &run(&Spec::new(MethodSpec::Plain, optimizer), NET, &start(), &bowl).0)
                .unwrap();
        }
    }
}

fn clock(step: u32) -> Clock {
    Clock { step, total: 200, lr: 0.1 }
}

#[test]
fn averages_are_means() {
    let (mut swa, mut ema) = (Swa::new([0.0; 2]), Ema::new([0.0; 2]).decay(0.9));
    for t in 0..200 {
        swa.observe(&mut Portable, &[0.1, -7.3], &clock(t)).unwrap();
        ema.observe(&mut Portable, &[0.1, -7.3], &clock(t)).unwrap();
    }
    same_bits("constant", Average::<Portable>::mean(&swa).unwrap(), &[0.1, -7.3]).unwrap();
    same_bits("constant", Average::<Portable>::mean(&ema).unwrap(), &[0.1, -7.3]).unwrap();
    let mut swa = Swa::new([0.0; 1]);
    (0..9).for_each(|k| swa.observe(&mut Portable, &[k as f32], &clock(k)).unwrap());
    assert_eq!(Average::<Portable>::mean(&swa), Some(&[4.0][..]));
    for (decay, expected) in [(0.0, 5.0), (1.0, 3.0)] {
        let mut ema = Ema::new([0.0; 1]).decay(decay);
        [3.0, 4.0, 5.0].iter().for_each(|w| ema.observe(&mut Portable, &[*w], &clock(0)).unwrap());
        assert_eq!(Average::<Portable>::mean(&ema), Some(&[expected][..]));
    }
}

#[test]
fn adam_begins_with_a_step_of_the_learning_rate() {
    let adam = OptimizerSpec::Adam { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 };
    let mut method = boxed::<Portable>(&Spec::new(MethodSpec::Plain, adam), NET, 0);
    let (mut w, mut g) = (vec![0.0; params(NET)], vec![0.0; params(NET)]);
    let mut objective = |_: &[f32], g: &mut [f32], _| {
        g.iter_mut().enumerate().for_each(|(i, g)| *g = if i % 2 == 0 { 3.0 } else { -0.02 });
        Ok(0.0)
    };
    let clock = Clock { step: 0, total: 1, lr: 0.5 };
    method.step(&mut Portable, &mut w, &mut g, &clock, &mut objective).unwrap();
    let expected: Vec<f32> = (0..w.len()).map(|i| if i % 2 == 0 { -0.5 } else { 0.5 }).collect();
    assert!(distance(&w, &expected) <= tolerance("golden_vector"), "{w:?}");
}

#[test]
fn schedules_meet_their_ends() {
    let near = |a: f32, b: f32| assert!((a - b).abs() <= tolerance("schedule") as f32, "{a} is not {b}");
    let cosine = Cosine { from: 0.3, to: 0.1 };
    for (step, value) in [(0, 0.3), (50, 0.2), (100, 0.1), (500, 0.1)] {
        near(cosine.at(step, 100), value);
    }
    assert!((0..100).all(|t| cosine.at(t + 1, 100) <= cosine.at(t, 100)));
    let anneal = Anneal { from: 0.4, to: 0.2, until: 0.6 };
    for (step, value) in [(0, 0.4), (30, 0.3), (60, 0.2), (99, 0.2)] {
        near(anneal.at(step, 100), value);
    }
    let swa = SwaRate { lr: 0.1, swa_lr: 0.05, start: 100 };
    for (step, value) in [(0, 0.1), (50, 0.1), (70, 0.075), (90, 0.05), (300, 0.05)] {
        near(swa.at(step, 1000), value);
    }
    let warm = WarmUp { from: 0.0, steps: 10, then: cosine };
    for (step, value) in [(0, 0.0), (5, 0.15), (10, 0.3), (110, 0.1)] {
        near(warm.at(step, 110), value);
    }
    for p in [0.2, 0.5, 0.8] {
        let line = Linear::rising_with_mean(p);
        near((0..=1000).map(|t| line.at(t, 1000)).sum::<f32>() / 1001.0, p);
        assert!((0..=1000).all(|t| (0.0..=1.0).contains(&line.at(t, 1000))));
    }
}
