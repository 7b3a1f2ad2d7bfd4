//! Softmax cross-entropy at ordinary and at extreme logits.

use flatmin::nn::{cross_entropy, cross_entropy_gradient};

/// Values of order one in f32.
const TOLERANCE: f64 = 1e-6;

fn check(z: &[f32], label: usize, scale: f32) {
    let exact: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
    let max = exact.iter().copied().fold(f64::MIN, f64::max);
    let sum = exact.iter().map(|z| (z - max).exp()).sum::<f64>();
    let expected = (max - exact[label] + sum.ln()).min(f64::from(f32::MAX));

    let loss = cross_entropy(z, label).unwrap();
    assert!(loss.is_finite() && loss >= 0.0, "{z:?}: {loss}");
    assert!((f64::from(loss) - expected).abs() <= TOLERANCE * expected.max(1.0), "{z:?}: {loss} {expected}");

    let mut dz = z.to_vec();
    assert_eq!(cross_entropy_gradient(&mut dz, label, scale).unwrap().to_bits(), loss.to_bits());
    for (class, dz) in dz.iter().enumerate() {
        let onehot = f64::from(u8::from(class == label));
        let expected = ((exact[class] - max).exp() / sum - onehot) * f64::from(scale);
        assert!((f64::from(*dz) - expected).abs() < TOLERANCE, "{z:?}: {dz} {expected}");
    }
}

#[test]
fn ordinary_logits() {
    for label in 0..4 {
        check(&[0.5, -1.0, 2.0, 0.0], label, 1.0);
        check(&[0.5, -1.0, 2.0, 0.0], label, 0.125);
        check(&[0.0; 4], label, 1.0);
    }
    check(&[3.0], 0, 1.0);
}

#[test]
fn extreme_logits() {
    let values = [f32::MAX, f32::MIN, 1e30, -1e30, 89.0, -104.0, 1e-45, -0.0, f32::MIN_POSITIVE];
    for a in values {
        for b in values {
            for c in values {
                (0..3).for_each(|label| check(&[a, b, c], label, 1.0));
            }
        }
    }
}

#[test]
fn non_finite_logits_show_in_the_loss() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert!(!cross_entropy(&[0.0, bad, 1.0], 1).unwrap().is_finite());
    }
    for bad in [f32::NAN, f32::INFINITY] {
        assert!(cross_entropy(&[0.0, bad, 1.0], 0).unwrap().is_nan());
    }
}

#[test]
fn unknown_label() {
    let mut z = [1.0, 2.0];
    assert_eq!(cross_entropy(&z, 2), None);
    assert_eq!(cross_entropy_gradient(&mut z, usize::MAX, 1.0), None);
    assert_eq!(z, [1.0, 2.0]);
    assert_eq!(cross_entropy(&[], 0), None);
}
