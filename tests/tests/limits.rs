//! Limit cases and statistics of the methods, and every optimizer against its textbook form in f64.

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Backend, Portable};
use flatmin::error::Error;
use flatmin::kernels::{Offset, SaveOffset};
use flatmin::layout::{Groups, Kind, Segment, filters, params};
use flatmin::method::{Batch, Clock, Request};
use flatmin::methods::FilterScale;
use flatmin::noise::{Draw, Noise};
use flatmin::residual::usual_len;
use flatmin::rng::Seed;
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin_sim::compose::{Boxed, MethodSpec, OptimizerSpec, Parts, Rate, Spec, boxed, compose};
use flatmin_tests::compare::{close, same_bits};
use flatmin_tests::problems::SplitMix;
use flatmin_tests::tolerance::tolerance;

const NET: &[Segment] = &[
    Segment { filters: 4, fan_in: 9, kind: Kind::Weight },
    Segment { filters: 4, fan_in: 1, kind: Kind::Bias },
    Segment { filters: 2, fan_in: 4, kind: Kind::Weight },
    Segment { filters: 2, fan_in: 1, kind: Kind::Norm },
];
const N: usize = params(NET);
const PLAIN_SGD: OptimizerSpec =
    OptimizerSpec::Sgd { momentum: None, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

/// Values in [-1, 1), the same for the same salt.
fn values(n: usize, salt: u64) -> Vec<f32> {
    let mut random = SplitMix(salt);
    (0..n).map(|_| random.word() as i32 as f32 / 2_147_483_648.0).collect()
}

fn clock(step: u32, total: u32, lr: f32) -> Clock {
    Clock { step, total, lr }
}

fn norm(x: impl Iterator<Item = f64>) -> f64 {
    x.map(|x| x * x).sum::<f64>().sqrt()
}

fn distance(found: &[f32], expected: &[f64]) -> f64 {
    norm(found.iter().zip(expected).map(|(a, b)| f64::from(*a) - b)) / norm(expected.iter().copied())
}

/// Where a step of `spec` asks for gradients; the answer is always `gradient`, and nothing is learned.
fn points(spec: &Spec, t: u32, w: &[f32], gradient: &[f32], segments: &'static [Segment]) -> Vec<Vec<f32>> {
    let mut method = boxed::<Portable>(spec, segments, 11);
    let (mut w, mut g, mut seen) = (w.to_vec(), vec![0.0; w.len()], vec![]);
    let mut objective = |w: &[f32], g: &mut [f32], _: Request| {
        seen.push(w.to_vec());
        g.copy_from_slice(gradient);
        Ok(0.0)
    };
    method.step(&mut Portable, &mut w, &mut g, &clock(t, 100, 0.0), &mut objective).unwrap();
    seen
}

#[test]
fn sam_climbs_rho_n_over_n_plus_eps_along_the_gradient() {
    for (salt, rho) in [(1, 0.05_f32), (2, 0.7), (3, 3.0)] {
        // An eps that matters tells `N + eps` from `sqrt(N^2 + eps)`.
        for eps in [0.0_f32, 0.5] {
            for scale in [1.0_f32, 64.0, 1.0 / 4096.0] {
                let g: Vec<f32> = values(N, salt).iter().map(|g| scale * g).collect();
                let sam = MethodSpec::Sam { rho: Rate::Constant(rho), eps };
                let e = &points(&Spec::new(sam, PLAIN_SGD), 0, &[0.0; N], &g, NET)[1];
                let n = norm(g.iter().map(|g| f64::from(*g)));
                let factor = f64::from(rho) / (n + f64::from(eps));
                let expected: Vec<f64> = g.iter().map(|g| factor * f64::from(*g)).collect();
                let bar = tolerance("perturbation");
                let length = norm(e.iter().map(|e| f64::from(*e)));
                close("length", length / (factor * n), 1.0, bar).unwrap();
                assert!(distance(e, &expected) <= bar, "{} of {rho} {eps} {scale}", distance(e, &expected));
            }
        }
    }
}

/// On a quadratic SAM's direction is `g + rho H g / N` exactly.
#[test]
fn sam_on_a_quadratic_has_its_closed_form() {
    const THREE: &[Segment] = &[Segment { filters: 1, fan_in: 3, kind: Kind::Weight }];
    const H: [[f64; 3]; 3] = [[3.0, 1.0, 0.5], [1.0, 2.0, -0.25], [0.5, -0.25, 4.0]];
    let times = |x: [f64; 3]| H.map(|row| row.iter().zip(x).map(|(h, x)| h * x).sum::<f64>());
    let sam = MethodSpec::Sam { rho: Rate::Constant(0.25), eps: 0.0 };
    let mut method = boxed::<Portable>(&Spec::new(sam, PLAIN_SGD), THREE, 0);
    let (mut w, mut g) = ([0.5, -1.0, 0.75], [0.0; 3]);
    let gradient = times(w.map(f64::from));
    let climbed = times(gradient);
    let n = norm(gradient.into_iter());
    let expected: Vec<f64> =
        (0..3).map(|i| f64::from(w[i]) - 0.125 * (gradient[i] + 0.25 * climbed[i] / n)).collect();
    let mut objective = |w: &[f32], g: &mut [f32], _: Request| {
        let new = times(std::array::from_fn(|i| w[i].into()));
        g.iter_mut().zip(new).for_each(|(g, new)| *g = new as f32);
        Ok(0.0)
    };
    method.step(&mut Portable, &mut w, &mut g, &clock(0, 1, 0.125), &mut objective).unwrap();
    assert!(distance(&w, &expected) <= tolerance("golden_vector"), "{w:?} {expected:?}");
}

/// The standard deviation that each element's noise should have, in units of gamma.
fn deviations(w: &[f32], scale: FilterScale) -> Vec<f64> {
    let norm_of = |range: std::ops::Range<usize>| norm(w[range].iter().map(|w| f64::from(*w)));
    let (mut all, mut at, mut rows) = (vec![], 0, vec![]);
    for segment in NET {
        let (f, k) = (segment.filters as usize, segment.fan_in as usize);
        match (segment.kind, scale) {
            (Kind::Bias | Kind::Norm, FilterScale::FilterNorm) => {
                all.extend(vec![norm_of(at..at + f * k); f]);
            }
            (Kind::Bias | Kind::Norm, FilterScale::FilterRms) => all.extend(&rows),
            _ => {
                let per = if scale == FilterScale::FilterRms { (k as f64).sqrt() } else { 1.0 };
                rows = (0..f).map(|j| norm_of(at + j * k..at + (j + 1) * k) / per).collect();
                all.extend(rows.iter().flat_map(|s| vec![*s; k]));
            }
        }
        at += f * k;
    }
    all
}

#[test]
fn lpf_noise_has_the_deviation_of_its_filter_and_is_fresh_for_every_part() {
    const STEPS: u32 = 500;
    let (w, gamma, bar) = (values(N, 5), 0.125_f32, tolerance("z_score"));
    for scale in [FilterScale::FilterNorm, FilterScale::FilterRms] {
        let lpf = MethodSpec::LpfSgd { gamma: Rate::Constant(gamma), scale, parts: 4 };
        let expected: Vec<f64> = deviations(&w, scale).iter().map(|s| s * f64::from(gamma)).collect();
        let (mut squares, mut sums, mut between) = (vec![0.0; N], vec![0.0; N], vec![0.0; 6]);
        for t in 0..STEPS {
            let seen = points(&Spec::new(lpf, PLAIN_SGD), t, &w, &[0.0; N], NET);
            // In units of the expected deviation.
            let z: Vec<Vec<f64>> = seen
                .iter()
                .map(|p| (0..N).map(|i| (f64::from(p[i]) - f64::from(w[i])) / expected[i]).collect())
                .collect();
            assert_eq!(z.len(), 4);
            for i in 0..N {
                squares[i] += z.iter().map(|z| z[i] * z[i]).sum::<f64>();
                sums[i] += z.iter().map(|z| z[i]).sum::<f64>();
            }
            let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
            for (between, (a, b)) in between.iter_mut().zip(pairs) {
                *between += z[a].iter().zip(&z[b]).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        let draws = f64::from(4 * STEPS);
        for i in 0..N {
            close("mean square", squares[i] / draws, 1.0, bar * (2.0 / draws).sqrt()).unwrap();
            close("mean", sums[i] / draws, 0.0, bar / draws.sqrt()).unwrap();
        }
        let products = f64::from(STEPS) * N as f64;
        between.iter().for_each(|b| close("two parts", b / products, 0.0, bar / products.sqrt()).unwrap());
    }
}

/// On a quadratic the smoothed gradient has the mean `H w` and the variance `H S H / M`.
#[test]
fn lpf_on_a_quadratic_is_unbiased() {
    const STEPS: u32 = 1000;
    let (w0, gamma, parts) = (values(N, 6), 0.25_f32, 2);
    let scale = FilterScale::FilterNorm;
    let lpf = Spec::new(MethodSpec::LpfSgd { gamma: Rate::Constant(gamma), scale, parts }, PLAIN_SGD);
    let h = |i: usize| (1 + i % 5) as f32 * 0.25;
    let (mut sum, mut squares) = (vec![0.0; N], vec![0.0; N]);
    for t in 0..STEPS {
        let mut method = boxed::<Portable>(&lpf, NET, 12);
        let (mut w, mut g) = (w0.clone(), vec![0.0; N]);
        let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
            for i in 0..N {
                let slope = h(i) * w[i];
                g[i] = if request.accumulate { g[i] + slope } else { slope };
            }
            Ok(0.0)
        };
        method.step(&mut Portable, &mut w, &mut g, &clock(t, STEPS, 1.0), &mut objective).unwrap();
        for i in 0..N {
            let off = f64::from(w0[i]) - f64::from(w[i]) - f64::from(h(i)) * f64::from(w0[i]);
            (sum[i], squares[i]) = (sum[i] + off, squares[i] + off * off);
        }
    }
    let (n, bar, s) = (f64::from(STEPS), tolerance("z_score"), deviations(&w0, scale));
    for i in 0..N {
        let deviation = f64::from(h(i)) * f64::from(gamma) * s[i] / f64::from(parts).sqrt();
        close("mean", sum[i] / n / deviation, 0.0, bar / n.sqrt()).unwrap();
        close("variance", squares[i] / n / (deviation * deviation), 1.0, bar * (2.0 / n).sqrt()).unwrap();
    }
}

/// Weights four times as large get noise four times as large: by a power of two, so to the last bit.
#[test]
fn lpf_noise_scales_with_the_weights() {
    for scale in [FilterScale::FilterNorm, FilterScale::FilterRms] {
        let lpf = MethodSpec::LpfSgd { gamma: Rate::Constant(0.1), scale, parts: 3 };
        let at = |factor: f32| {
            let w: Vec<f32> = values(N, 7).iter().map(|w| factor * w).collect();
            points(&Spec::new(lpf, PLAIN_SGD), 3, &w, &[0.0; N], NET)
        };
        for (small, large) in at(1.0).iter().zip(at(4.0)) {
            let small: Vec<f32> = small.iter().map(|w| 4.0 * w).collect();
            same_bits("4 w", &large, &small).unwrap();
        }
    }
}

/// Noise that is a table: element i of part m gets the value `table[map[i]]`, turned by m and by the step.
#[derive(Clone)]
struct Recorded {
    map: Vec<usize>,
}

impl Recorded {
    fn noise(&self, draw: Draw, groups: Groups<'_>, sq_norms: &[f32]) -> Vec<f32> {
        let z = values(N, 100 + u64::from(draw.part) + 10 * u64::from(draw.step));
        let mut noise = vec![0.0; N];
        for span in groups.spans() {
            let count = if draw.rms { span.fan_in as f32 } else { 1.0 };
            for i in span.start..span.start + span.len {
                noise[i] = draw.gamma * (sq_norms[span.slot] / count).sqrt() * z[self.map[i]];
            }
        }
        noise
    }
}

impl Noise<Portable> for Recorded {
    fn perturb(
        &mut self,
        b: &mut Portable,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &[f32],
        w: &mut [f32],
        saved: &mut [f32],
    ) {
        b.map(SaveOffset {}, [], [w, saved], [&self.noise(draw, groups, sq_norms)]);
    }

    fn reperturb(
        &mut self,
        b: &mut Portable,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &[f32],
        w: &mut [f32],
        saved: &[f32],
    ) {
        b.map(Offset {}, [], [w], [saved, &self.noise(draw, groups, sq_norms)]);
    }
}

/// The same network with its hidden units in another order: `map[i]` is where element i of it came from.
fn permuted() -> Vec<usize> {
    let order = [2, 0, 3, 1];
    let first = order.iter().flat_map(|j| 9 * j..9 * j + 9);
    let bias = order.iter().map(|j| 36 + j);
    let second = (0..2).flat_map(|row| order.map(|j| 40 + 4 * row + j));
    first.chain(bias).chain(second).chain(48..50).collect()
}

#[test]
fn the_order_of_filters_matters_by_rounding_only() {
    let (w0, identity, map) = (values(N, 8), (0..N).collect::<Vec<_>>(), permuted());
    // A residual is restored by noise that is drawn again, which recorded noise is not; it has the bits of a copy.
    for spec in Spec::samples().filter(|spec| !matches!(spec.method, MethodSpec::LpfSgdResidual { .. })) {
        let run = |map: &[usize]| {
            let (zeros, noise) = (|n| vec![0.0_f32; n], Recorded { map: map.to_vec() });
            let parts = Parts { segments: NET, zeros, noise, coin: Seed(2) };
            let mut method = compose::<Portable, Vec<f32>, _, _, _, _>(&spec, parts, Boxed);
            let (mut w, mut g) = (map.iter().map(|i| w0[*i]).collect::<Vec<_>>(), vec![0.0; N]);
            for t in 0..8 {
                let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
                    let shift =
                        if let Batch::Part { index, .. } = request.batch { index as f32 } else { 0.5 };
                    for (i, from) in map.iter().enumerate() {
                        let d = w[i] - 0.25 * shift;
                        let slope = (1 + from % 7) as f32 * 0.2 * d + 0.05 * d * d;
                        g[i] = if request.accumulate { g[i] + slope } else { slope };
                    }
                    Ok(0.0)
                };
                method.step(&mut Portable, &mut w, &mut g, &clock(t, 8, 0.05), &mut objective).unwrap();
            }
            w
        };
        let expected: Vec<f64> = map.iter().map(|i| f64::from(run(&identity)[*i])).collect();
        let found = distance(&run(&map), &expected);
        assert!(found <= tolerance("permutation"), "{}: {found:e}", spec.name());
    }
}

/// The textbook form of an optimizer, in f64.
fn textbook(spec: &OptimizerSpec, w: &mut [f64], gradients: &[Vec<f32>], lr: &[f32]) {
    let (mut m, mut v) = (vec![0.0; w.len()], vec![0.0; w.len()]);
    for (t, (g, lr)) in gradients.iter().zip(lr).enumerate() {
        let lr = f64::from(*lr);
        for i in 0..w.len() {
            let g = f64::from(g[i]);
            match *spec {
                OptimizerSpec::Sgd { momentum, dampening, nesterov, weight_decay } => {
                    let d = g + f64::from(weight_decay) * w[i];
                    let momentum = f64::from(momentum.unwrap_or(0.0));
                    let keep = if t == 0 { 1.0 } else { 1.0 - f64::from(dampening) };
                    m[i] = momentum * m[i] + keep * d;
                    w[i] -= lr * if nesterov { d + momentum * m[i] } else { m[i] };
                }
                OptimizerSpec::Adam { betas, eps, weight_decay }
                | OptimizerSpec::AdamW { betas, eps, weight_decay } => {
                    let [b1, b2] = betas.map(f64::from);
                    let decay = f64::from(weight_decay);
                    let coupled = matches!(spec, OptimizerSpec::Adam { .. });
                    let d = if coupled { g + decay * w[i] } else { g };
                    m[i] = b1 * m[i] + (1.0 - b1) * d;
                    v[i] = b2 * v[i] + (1.0 - b2) * d * d;
                    let power = t as i32 + 1;
                    let (first, second) = (m[i] / (1.0 - b1.powi(power)), v[i] / (1.0 - b2.powi(power)));
                    let old = if coupled { w[i] } else { (1.0 - lr * decay) * w[i] };
                    w[i] = old - lr * first / (second.sqrt() + f64::from(eps));
                }
            }
        }
    }
}

#[test]
fn every_optimizer_follows_its_textbook_form() {
    let sgd = |momentum, dampening, nesterov, weight_decay| OptimizerSpec::Sgd {
        momentum: Some(momentum),
        dampening,
        nesterov,
        weight_decay,
    };
    let more = [
        // Dampening and Nesterov at their first steps, and at the ends of their ranges.
        sgd(0.5, 1.0, false, 0.0),
        sgd(0.0, 0.0, false, 0.1),
        sgd(0.0, 0.0, true, 0.0),
        sgd(0.9, 0.0, true, 0.1),
        OptimizerSpec::Adam { betas: [0.0, 0.0], eps: 0.125, weight_decay: 0.0 },
        OptimizerSpec::AdamW { betas: [0.5, 0.9], eps: 0.25, weight_decay: 0.5 },
    ];
    for spec in OptimizerSpec::SAMPLES.into_iter().chain(more) {
        for steps in [1, 2, 3, 20] {
            let gradients: Vec<Vec<f32>> = (0..steps).map(|t| values(N, 200 + t)).collect();
            let lr: Vec<f32> = (0..steps).map(|t| 0.25 / (1 + t) as f32).collect();
            let mut expected: Vec<f64> = values(N, 9).iter().map(|w| f64::from(*w)).collect();
            textbook(&spec, &mut expected, &gradients, &lr);
            let mut method = boxed::<Portable>(&Spec::new(MethodSpec::Plain, spec), NET, 0);
            let (mut w, mut g) = (values(N, 9), vec![0.0; N]);
            for (t, (gradient, lr)) in gradients.iter().zip(lr).enumerate() {
                let mut objective = |_: &[f32], g: &mut [f32], _: Request| {
                    g.copy_from_slice(gradient);
                    Ok(0.0)
                };
                method.step(&mut Portable, &mut w, &mut g, &clock(t as u32, 20, lr), &mut objective).unwrap();
            }
            let found = distance(&w, &expected);
            assert!(found <= tolerance("textbook"), "{spec:?} after {steps}: {found:e}");
        }
    }
}

/// A weight whose gradient is always zero must not divide zero by zero.
#[test]
fn adam_refuses_an_eps_of_zero() {
    for optimizer in [
        OptimizerSpec::Adam { betas: [0.9, 0.999], eps: 0.0, weight_decay: 0.0 },
        OptimizerSpec::AdamW { betas: [0.9, 0.999], eps: 0.0, weight_decay: 0.0 },
    ] {
        let mut method = boxed::<Portable>(&Spec::new(MethodSpec::Plain, optimizer), NET, 0);
        let said = method.begin(&mut Portable, &mut [0.5; N], &clock(0, 1, 0.1));
        assert_eq!(said, Err(Error::Hyperparameter { name: "eps", value: 0.0 }));
    }
}

#[test]
fn a_clip_shortens_what_is_longer_and_leaves_the_rest_alone() {
    let step = |max_norm: Option<f32>, g0: &[f32]| {
        let spec = Spec { max_norm, ..Spec::new(MethodSpec::Plain, PLAIN_SGD) };
        let mut method = boxed::<Portable>(&spec, NET, 0);
        let (mut w, mut g) = (vec![0.0; N], vec![0.0; N]);
        let mut objective = |_: &[f32], g: &mut [f32], _: Request| {
            g.copy_from_slice(g0);
            Ok(0.0)
        };
        method.step(&mut Portable, &mut w, &mut g, &clock(0, 1, 1.0), &mut objective).unwrap();
        w
    };
    let g = values(N, 10);
    let length = norm(g.iter().map(|g| f64::from(*g)));
    same_bits("shorter", &step(Some(length as f32 * 1.5), &g), &step(None, &g)).unwrap();
    same_bits("zero", &step(Some(0.5), &[0.0; N]), &step(None, &[0.0; N])).unwrap();
    let expected: Vec<f64> = g.iter().map(|g| -0.5 / length * f64::from(*g)).collect();
    let found = distance(&step(Some(0.5), &g), &expected);
    assert!(found <= tolerance("perturbation"), "{found:e}");
    // Not by much: the bound is the norm itself, not its square.
    let barely = step(Some(length as f32 * 0.96875), &g);
    close(
        "length",
        norm(barely.iter().map(|w| f64::from(*w))),
        0.96875 * length,
        tolerance("perturbation") * length,
    )
    .unwrap();
}

#[test]
fn rst_climbs_as_often_as_its_coin_says() {
    const STEPS: u32 = 4000;
    let climbs = |p: f32, seed: u64| -> Vec<bool> {
        let rst = MethodSpec::Rst { rho: Rate::Constant(0.1), eps: 0.0, p: Rate::Constant(p) };
        let mut method = boxed::<Portable>(&Spec::new(rst, PLAIN_SGD), NET, seed);
        let (mut w, mut g) = (values(N, 11), vec![0.0; N]);
        (0..STEPS)
            .map(|t| {
                let mut calls = 0;
                let mut objective = |w: &[f32], g: &mut [f32], _: Request| {
                    calls += 1;
                    g.copy_from_slice(w);
                    Ok(0.0)
                };
                method.step(&mut Portable, &mut w, &mut g, &clock(t, STEPS, 0.0), &mut objective).unwrap();
                calls == 2
            })
            .collect()
    };
    for p in [0.1_f32, 0.5, 0.6, 0.9] {
        let (n, p64) = (f64::from(STEPS), f64::from(p));
        let first = climbs(p, 1);
        let bar = tolerance("z_score") * (n * p64 * (1.0 - p64)).sqrt();
        close("climbs", first.iter().filter(|c| **c).count() as f64, n * p64, bar).unwrap();
        // One after another is independent.
        let both = first.windows(2).filter(|c| c[0] && c[1]).count() as f64;
        let spread = (n * p64 * p64 * (1.0 - p64) * (1.0 + 3.0 * p64)).sqrt();
        close("two in a row", both, (n - 1.0) * p64 * p64, tolerance("z_score") * spread).unwrap();
        assert_eq!(first, climbs(p, 1), "the same seed");
        assert_ne!(first, climbs(p, 2), "another seed");
    }
}

fn swa(models: &[Vec<f32>]) -> Vec<f32> {
    let mut swa = Swa::new(vec![0.0; N]);
    models.iter().for_each(|w| swa.observe(&mut Portable, w, &clock(0, 1, 0.0)).unwrap());
    Average::<Portable>::mean(&swa).unwrap().to_vec()
}

#[test]
fn swa_is_the_mean_in_any_order() {
    let models: Vec<Vec<f32>> = (0..50).map(|k| values(N, 300 + k)).collect();
    let mean: Vec<f64> = (0..N).map(|i| models.iter().map(|w| f64::from(w[i])).sum::<f64>() / 50.0).collect();
    let reversed: Vec<Vec<f32>> = models.iter().rev().cloned().collect();
    let turned: Vec<Vec<f32>> = (0..50).map(|k| models[k * 7 % 50].clone()).collect();
    for order in [&models, &reversed, &turned] {
        let found = swa(order);
        for i in 0..N {
            close("mean", found[i].into(), mean[i], tolerance("running_mean")).unwrap();
        }
    }
    same_bits("one model", &swa(&models[..1]), &models[0]).unwrap();
    // On a quadratic, L(mean) = mean L - (1/2m) sum (w - mean)' H (w - mean).
    let h = |i: usize| (1 + i % 3) as f64;
    let energy = |w: &[f64]| 0.5 * w.iter().enumerate().map(|(i, w)| h(i) * w * w).sum::<f64>();
    let wide = |w: &[f32]| w.iter().map(|w| f64::from(*w)).collect::<Vec<_>>();
    let found = wide(&swa(&models));
    let average = models.iter().map(|w| energy(&wide(w))).sum::<f64>() / 50.0;
    let spread = models
        .iter()
        .map(|w| energy(&wide(w).iter().zip(&found).map(|(w, m)| w - m).collect::<Vec<_>>()))
        .sum::<f64>()
        / 50.0;
    close("loss of the mean", energy(&found), average - spread, tolerance("running_mean") * average).unwrap();
}

/// After T steps model i weighs `(1 - b) b^(T - i)`, the first one `b^T`; together 1.
#[test]
fn ema_weighs_every_model_as_written() {
    const T: usize = 30;
    for decay in [0.0_f32, 0.5, 0.9, 0.999, 1.0] {
        let b = f64::from(decay);
        let mut total = 0.0;
        for i in 0..=T {
            let mut ema = Ema::new([0.0]).decay(decay);
            (0..=T).for_each(|t| {
                ema.observe(&mut Portable, &[f32::from(u8::from(t == i))], &clock(0, 1, 0.0)).unwrap();
            });
            let weight = f64::from(Average::<Portable>::mean(&ema).unwrap()[0]);
            let power = b.powi((T - i) as i32);
            let expected = if i == 0 { power } else { (1.0 - b) * power };
            close("weight", weight, expected, tolerance("running_mean")).unwrap();
            total += weight;
        }
        close("all weights", total, 1.0, tolerance("running_mean")).unwrap();
    }
    // It lags a straight line by b / (1 - b).
    let mut ema = Ema::new([0.0]).decay(0.75);
    (0..200_u16).for_each(|t| ema.observe(&mut Portable, &[t.into()], &clock(t.into(), 200, 0.0)).unwrap());
    let lag = 199.0 - f64::from(Average::<Portable>::mean(&ema).unwrap()[0]);
    close("lag", lag, 3.0, 200.0 * tolerance("running_mean")).unwrap();
}

#[test]
fn every_buffer_of_the_wrong_length_is_refused() {
    for spec in Spec::samples() {
        let build = |wrong: usize, by: isize| {
            let mut lens = Vec::new();
            let zeros = |n: usize| {
                let len = if lens.len() == wrong { n.saturating_add_signed(by) } else { n };
                lens.push(n);
                vec![0.0_f32; len]
            };
            let parts = Parts { segments: NET, zeros, noise: Seed(0), coin: Seed(0) };
            let method = compose::<Portable, Vec<f32>, _, _, _, _>(&spec, parts, Boxed);
            (method, lens)
        };
        let (whole, lens) = build(usize::MAX, 0);
        let cost = whole.cost();
        assert_eq!(lens.len(), cost.vectors + cost.residuals + cost.filter_vectors, "{}", spec.name());
        // A residual may have room for any number of escapes; `residual.rs` tests what is too little.
        for wrong in (0..lens.len()).filter(|i| lens[*i] != usual_len(N)) {
            for by in [-1, 1] {
                let (mut w, (mut method, _)) = (values(N, 12), build(wrong, by));
                let said = method.begin(&mut Portable, &mut w, &clock(0, 1, 0.1));
                let Err(Error::Length { expected, found, .. }) = said else {
                    panic!("{} buffer {wrong} by {by}: {said:?}", spec.name())
                };
                assert!(expected == N || expected == filters(NET), "{}: {expected}", spec.name());
                assert_eq!(found, expected.saturating_add_signed(by), "{}", spec.name());
                same_bits(&spec.name(), &w, &values(N, 12)).unwrap();
            }
        }
    }
}

/// Every step from the last one on has the last value: at 1.5, 2, 3.7 times the run too, where a cosine turns back.
#[test]
fn schedules_stay_where_they_end() {
    fn stays(what: &str, schedule: impl Schedule, from: u32, last: f32, rising: bool) {
        const TOTAL: u32 = 200;
        let at = |t: u32| f64::from(schedule.at(t, TOTAL));
        for t in (from..2 * TOTAL).chain([3 * TOTAL, 740, 1000, u32::MAX]) {
            close(&format!("{what} at {t}"), at(t), last.into(), tolerance("schedule")).unwrap();
        }
        for t in 0..TOTAL {
            let (now, then) = if rising { (at(t), at(t + 1)) } else { (at(t + 1), at(t)) };
            assert!(now <= then + tolerance("schedule"), "{what} turns back at {t}");
        }
    }
    stays("linear", Linear { from: 0.7, to: 0.2 }, 200, 0.2, false);
    stays("linear", Linear { from: 0.1, to: 0.6 }, 200, 0.6, true);
    stays("cosine", Cosine { from: 0.7, to: 0.2 }, 200, 0.2, false);
    stays("cosine", Cosine { from: 0.02, to: 0.3 }, 200, 0.3, true);
    stays("anneal", Anneal { from: 0.7, to: 0.2, until: 0.5 }, 100, 0.2, false);
    stays("anneal", Anneal { from: 0.7, to: 0.2, until: 0.0 }, 0, 0.2, false);
    stays("swa", SwaRate { lr: 0.5, swa_lr: 0.05, start: 100 }, 90, 0.05, false);
    stays("swa", SwaRate { lr: 0.5, swa_lr: 0.05, start: 0 }, 0, 0.05, false);
    stays("warm up", WarmUp { from: 0.0, steps: 50, then: 0.3 }, 50, 0.3, true);
    // A run without steps is over.
    assert_eq!((Linear { from: 0.0, to: 1.0 }.at(0, 0), Cosine { from: 1.0, to: 0.0 }.at(0, 0)), (1.0, 0.0));
}

/// RST's rising line over the steps 0..T: its mean is that of the specification, and it stays a probability.
#[test]
fn the_rising_line_has_the_mean_of_the_specification() {
    for (p, mean) in [(0.2, 0.1998), (0.5, 0.4995), (0.8, 0.7998)] {
        let line = Linear::rising_with_mean(p);
        let sum: f64 = (0..1000).map(|t| f64::from(line.at(t, 1000))).sum();
        close("mean", sum / 1000.0, mean, tolerance("schedule")).unwrap();
        assert!((0..2000).all(|t| (0.0..=1.0).contains(&line.at(t, 1000))));
    }
}
