//! Closed forms and limit cases: checks of the reference that need no file.

use super::*;
use crate::replay::recipe;
use crate::tolerance::{F64_SUM, NINE_DIGITS, Tolerance};

/// The quadratic of the specification: A = [[3, 1], [1, 2]], b = [1, -1].
fn quadratic(w: &[f64], _: Part) -> (f64, Vec<f64>) {
    let g = vec![3.0 * w[0] + w[1] - 1.0, w[0] + 2.0 * w[1] + 1.0];
    (0.5 * (3.0 * w[0] * w[0] + 2.0 * w[0] * w[1] + 2.0 * w[1] * w[1]) - w[0] + w[1], g)
}

fn sgd(momentum: f64, nesterov: bool) -> Sgd {
    Sgd::new(recipe::Sgd { lr: 0.1, momentum, dampening: 0.0, nesterov, weight_decay: 0.0 })
}

fn near(a: &[f64], b: &[f64], bar: Tolerance) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= bar.value)
}

#[test]
fn sam_on_the_quadratic_is_the_specified_step() {
    let mut w = [1.0, 2.0];
    Sam(recipe::Sam { rho: 0.05, eps: 1e-12 }).step(&mut w, &mut sgd(0.0, false), &mut quadratic);
    assert!(near(&w, &[0.587_519_246, 1.388_905_996], NINE_DIGITS), "{w:?}");
}

#[test]
fn sam_without_a_radius_or_without_a_gradient_is_the_base_step() {
    let (mut a, mut b) = ([1.0, 2.0], [1.0, 2.0]);
    Sam(recipe::Sam { rho: 0.0, eps: 0.0 }).step(&mut a, &mut sgd(0.0, false), &mut quadratic);
    Plain.step(&mut b, &mut sgd(0.0, false), &mut quadratic);
    assert_eq!(a, b);
    let of = recipe::Sam { rho: 1.0, eps: 0.0 };
    assert_eq!(perturbed(of, &a, &[0.0, 0.0]), a);
}

#[test]
fn lpf_without_noise_is_the_base_step() {
    let zeros = recipe::LpfSgd { std: 0.0, parts: 4, noise: vec![vec![vec![0.0; 2]; 4]] };
    let (mut a, mut b) = ([1.0, 2.0], [1.0, 2.0]);
    LpfSgd::new(zeros).step(&mut a, &mut sgd(0.0, false), &mut quadratic);
    Plain.step(&mut b, &mut sgd(0.0, false), &mut quadratic);
    assert!(near(&a, &b, F64_SUM));
}

#[test]
fn velocity_sums_a_geometric_series() {
    let (mut plain, mut nesterov) = ([0.0], [0.0]);
    let (mut a, mut b) = (sgd(0.5, false), sgd(0.5, true));
    for _ in 0..3 {
        a.update(&mut plain, &[1.0]);
        b.update(&mut nesterov, &[1.0]);
    }
    assert!(near(&plain, &[-0.1 * (1.0 + 1.5 + 1.75)], F64_SUM));
    assert!(near(&nesterov, &[-0.1 * (1.5 + 1.75 + 1.875)], F64_SUM));
}

#[test]
fn the_first_gradient_is_not_dampened() {
    let mut w = [0.0];
    let mut sgd =
        Sgd::new(recipe::Sgd { lr: 1.0, momentum: 0.5, dampening: 0.25, nesterov: false, weight_decay: 0.0 });
    sgd.update(&mut w, &[1.0]);
    assert_eq!(w, [-1.0]);
    sgd.update(&mut w, &[1.0]);
    assert_eq!(w, [-1.0 - (0.5 + 0.75)]);
}

/// Under a constant gradient, m^ / sqrt(v^) is its sign; only AdamW's decay does not pass through the moments.
#[test]
fn adam_steps_by_the_sign_of_a_constant_gradient() {
    let of = |weight_decay| recipe::Adam { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 0.0, weight_decay };
    let (mut a, mut b) = ([1.0, 1.0], [1.0, 1.0]);
    let (mut adam, mut adamw) = (Adam::new(of(0.0)), AdamW::new(of(0.5)));
    for _ in 0..4 {
        adam.update(&mut a, &[3.0, -0.01]);
    }
    adamw.update(&mut b, &[3.0, -0.01]);
    assert!(near(&a, &[0.6, 1.4], F64_SUM), "{a:?}");
    assert!(near(&b, &[1.0 - 0.1 - 0.05, 1.0 + 0.1 - 0.05], F64_SUM), "{b:?}");
}

#[test]
fn averages_of_known_sequences() {
    let (mut swa, mut ema) = (Swa::default(), Ema::new(0.9));
    for k in 0..7u8 {
        swa.collect(&[f64::from(k), 0.1]);
        ema.collect(&[f64::from(k), 0.1]);
    }
    assert_eq!((swa.mean().unwrap(), swa.count()), (&[3.0, 0.1][..], 7));
    let lagging: f64 = (1..7).map(|k| 0.1 * 0.9f64.powi(6 - k) * f64::from(k)).sum();
    assert!(near(ema.mean().unwrap(), &[lagging, 0.1], F64_SUM));
}
