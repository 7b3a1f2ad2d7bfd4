//! The cheap noise of `Approx`: how far it is from a Gaussian, that it changes nothing else, and what it does to training.

use flatmin::backend::{Approx, Backend, Portable, Progress, Sliced, approx_normals};
use flatmin::drive::{step, step_sliced};
use flatmin::hash;
use flatmin::layout::params;
use flatmin::method::Method;
use flatmin::methods::{FilterScale, LpfSgd};
use flatmin::optimizers::Sgd;
use flatmin::rng::{Key, Seed, Stream, TILE, normals};
use flatmin_sim::compose::{MethodSpec, Parts, Receive, Spec, compose};
use flatmin_tests::compare::same_bits;
use flatmin_tests::say;
use flatmin_tests::tolerance::tolerance;
use flatmin_tests::trained::{N, NET, STEPS, clock, objective, start};

const TILES: u32 = 1 << 16;

#[test]
fn the_moments_are_those_of_a_gaussian_to_two_digits() {
    let key = Key::new(7, Stream::Perturbation, 3);
    let (mut sums, mut worst, mut difference) = ([0.0_f64; 4], 0.0_f64, 0.0_f64);
    for tile in 0..TILES {
        for (cheap, exact) in approx_normals(tile, key).into_iter().zip(normals(tile, key)) {
            let (z, d) = (f64::from(cheap), f64::from(cheap) - f64::from(exact));
            for (power, sum) in (1..).zip(&mut sums) {
                *sum += z.powi(power);
            }
            worst = worst.max(d.abs());
            difference += d * d;
        }
    }
    let n = f64::from(TILES) * TILE as f64;
    let [mean, variance, skew, kurtosis] = sums.map(|sum| sum / n);
    let rms = (difference / n).sqrt();
    say(&format!(
        "approx: mean {mean:.5}, variance {variance:.5}, third moment {skew:.5}, fourth {kurtosis:.4}; \
         from the exact noise: rms {rms:.4}, at most {worst:.4}"
    ));
    assert!(mean.abs() <= tolerance("approx_mean"));
    assert!((variance - 1.0).abs() <= tolerance("approx_variance"));
    assert!((kurtosis - 3.0).abs() <= tolerance("approx_fourth"));
    assert!(rms <= tolerance("approx_rms"));
}
