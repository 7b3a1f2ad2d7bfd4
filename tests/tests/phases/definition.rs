//! What a method must ask for, by its definition alone: loops over plain numbers in the order that the numeric contract
//! writes down, and Philox from its published constants. Nothing of the crate's kernels, layouts, schedules or generator.

use flatmin::layout::Kind;
use flatmin::methods::FilterScale;
use flatmin_sim::compose::{MethodSpec, Rate, Spec};
use flatmin_tests::tolerance::tolerance;
use flatmin_tests::trial::{NET, SEED, STEPS};
use std::f64::consts::TAU;

/// Philox4x32-10 (Salmon et al. 2011, section 3.3).
pub(crate) fn philox([mut a, mut b, mut c, mut d]: [u32; 4], [mut k0, mut k1]: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let x = u64::from(a) * 0xD251_1F53;
        let y = u64::from(c) * 0xCD9E_8D57;
        (a, b, c, d) = ((y >> 32) as u32 ^ b ^ k0, y as u32, (x >> 32) as u32 ^ d ^ k1, x as u32);
        (k0, k1) = (k0.wrapping_add(0x9E37_79B9), k1.wrapping_add(0xBB67_AE85));
    }
    [a, b, c, d]
}

fn draw(index: u32, step: u32, stream: u32) -> [u32; 4] {
    philox([index, 0, step, stream], [SEED as u32, (SEED >> 32) as u32])
}

/// A schedule at a step, as its documentation says.
fn rate(rate: Rate, step: u32) -> f64 {
    let t = f64::from(step) / f64::from(STEPS);
    let mix = |from: f32, to: f32, t: f64| f64::from(from) + (f64::from(to) - f64::from(from)) * t;
    match rate {
        Rate::Constant(value) => value.into(),
        Rate::Linear(line) => mix(line.from, line.to, t),
        Rate::Cosine(half) => mix(half.from, half.to, (1.0 - (TAU * t / 2.0).cos()) / 2.0),
        Rate::Anneal(_) => unreachable!("no sample anneals"),
    }
}

/// Whether RST's coin of a step shows heads. Coins have stream 2.
pub(crate) fn heads(p: Rate, step: u32) -> bool {
    let unit = f64::from(draw(0, step, 2)[0] >> 8) / f64::from(1 << 24);
    unit < rate(p, step)
}

/// The sum of squares of at most 1024 numbers: 32 accumulators in turn, then folded by halves.
pub(crate) fn sum_of_squares(x: &[f32]) -> f32 {
    assert!(x.len() <= 1024, "more than a block");
    let mut sums = [0.0_f32; 32];
    for (i, x) in x.iter().enumerate() {
        sums[i % 32] += x * x;
    }
    for half in [16, 8, 4, 2, 1] {
        for j in 0..half {
            sums[j] += sums[j + half];
        }
    }
    sums[0]
}

/// The standard normal value of element `i` of a part of a step: word `i / 16 % 4` of counter `16 (i / 64) + i % 16`, in
/// stream 1 with the part above; words 0 and 1, and 2 and 3, are radius and angle of a pair.
pub(crate) fn normal(i: usize, step: u32, part: u32) -> f64 {
    let words = draw((16 * (i / 64) + i % 16) as u32, step, 1 | part << 8);
    let word = i / 16 % 4;
    let uniform = (f64::from(words[word & 2] >> 8) + 1.0) / f64::from(1 << 24);
    let angle = TAU * f64::from(words[word | 1]) / f64::from(1_u32 << 31) / 2.0;
    let radius = (-2.0 * uniform.ln()).sqrt();
    radius * if word.is_multiple_of(2) { angle.cos() } else { angle.sin() }
}

/// The norm of the filter of every element, or its root mean square: a row of a weight is a filter; a bias is one by
/// itself, or lends every element the value of the row that it belongs to.
fn widths(w: &[f32], scale: FilterScale) -> Vec<f64> {
    let (mut widths, mut rest, mut rows) = (Vec::new(), w, Vec::new());
    for tensor in NET {
        let fan_in = tensor.fan_in as usize;
        let (values, after) = rest.split_at(tensor.filters as usize * fan_in);
        rest = after;
        match (tensor.kind, scale) {
            (Kind::Weight, _) => {
                let count = if scale == FilterScale::FilterRms { fan_in as f64 } else { 1.0 };
                rows = values
                    .chunks(fan_in)
                    .map(|row| (f64::from(sum_of_squares(row)) / count).sqrt())
                    .collect();
                widths.extend(rows.iter().flat_map(|width| std::iter::repeat_n(*width, fan_in)));
            }
            (_, FilterScale::FilterRms) => widths.extend(&rows),
            (_, FilterScale::FilterNorm) => {
                widths.extend(values.iter().map(|_| f64::from(sum_of_squares(values)).sqrt()));
            }
        }
    }
    widths
}

/// A point, and how far an element of what was asked for may be from it: 0 means the same bits.
pub(crate) type Point = Vec<(f32, f64)>;

fn exactly(w: impl Iterator<Item = f32>) -> Point {
    w.map(|w| (w, 0.0)).collect()
}

/// Clean weights plus the noise of LPF-SGD. Logarithm, sine and cosine are polynomials of the crate's, so the noise is near.
fn perturbed(gamma: Rate, scale: FilterScale, clean: &[f32], step: u32, part: u32) -> Point {
    let gamma = rate(gamma, step);
    let noise = widths(clean, scale).into_iter().enumerate().map(|(i, width)| {
        let deviation = gamma * width;
        (deviation * normal(i, step, part), deviation)
    });
    let near = |(w, (noise, deviation)): (&f32, (f64, f64))| {
        ((f64::from(*w) + noise) as f32, tolerance("noise") * (f64::from(w.abs()) + deviation))
    };
    clean.iter().zip(noise).map(near).collect()
}

/// Where call `call` of step `step` must be made, of the clean weights and the gradient of the first call.
pub(crate) fn asked_at(spec: &Spec, step: u32, clean: &[f32], call: u32, first: &[f32]) -> Point {
    match spec.method {
        MethodSpec::LpfSgd { gamma, scale, .. } | MethodSpec::LpfSgdResidual { gamma, scale, .. } => {
            perturbed(gamma, scale, clean, step, call)
        }
        MethodSpec::Sam { rho, eps } | MethodSpec::Rst { rho, eps, .. } if call == 1 => {
            let scale = rate(rho, step) as f32 / (sum_of_squares(first).sqrt() + eps);
            exactly(clean.iter().zip(first).map(|(w, g)| w + scale * g))
        }
        _ => exactly(clean.iter().copied()),
    }
}

/// The first element of `asked` that is not where it must be.
pub(crate) fn misplaced(asked: &[f32], wanted: &Point) -> Option<String> {
    assert_eq!(asked.len(), wanted.len());
    asked.iter().zip(wanted).enumerate().find_map(|(i, (asked, (wanted, bar)))| {
        let far = (f64::from(*asked) - f64::from(*wanted)).abs();
        let right = if *bar == 0.0 { asked.to_bits() == wanted.to_bits() } else { far <= *bar };
        (!right).then(|| format!("element {i} is {asked}, not {wanted} (bar {bar:e})"))
    })
}
