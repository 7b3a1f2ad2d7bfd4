//! Softmax cross-entropy at ordinary and at extreme logits.

use crate::tolerance::tolerance;
use flatmin::nn::{
    Loss, Target, cross_entropy, cross_entropy_gradient, distillation, distillation_gradient,
    generalised_cross_entropy, generalised_cross_entropy_gradient,
};

fn check(z: &[f32], label: usize, scale: f32) {
    let exact: Vec<f64> = z.iter().map(|z| f64::from(*z)).collect();
    let max = exact.iter().copied().fold(f64::MIN, f64::max);
    let sum = exact.iter().map(|z| (z - max).exp()).sum::<f64>();
    let expected = (max - exact[label] + sum.ln()).min(f64::from(f32::MAX));

    let loss = cross_entropy(z, label).unwrap();
    assert!(loss.is_finite() && loss >= 0.0, "{z:?}: {loss}");
    assert!(
        (f64::from(loss) - expected).abs() <= tolerance("loss") * expected.max(1.0),
        "{z:?}: {loss} {expected}"
    );

    let mut dz = z.to_vec();
    assert_eq!(cross_entropy_gradient(&mut dz, label, scale).unwrap().to_bits(), loss.to_bits());
    for (class, dz) in dz.iter().enumerate() {
        let onehot = f64::from(u8::from(class == label));
        let expected = ((exact[class] - max).exp() / sum - onehot) * f64::from(scale);
        assert!((f64::from(*dz) - expected).abs() < tolerance("loss"), "{z:?}: {dz} {expected}");
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
    let values = [f32::MAX, f32::MIN, 1e30, -1e30, 89.0, -104.0, f32::from_bits(1), -0.0, f32::MIN_POSITIVE];
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

/// The softmax at a temperature, in f64.
fn softmax(z: &[f32], temperature: f32) -> Vec<f64> {
    let exact: Vec<f64> = z.iter().map(|z| f64::from(*z) / f64::from(temperature)).collect();
    let max = exact.iter().copied().fold(f64::MIN, f64::max);
    let sum = exact.iter().map(|z| (z - max).exp()).sum::<f64>();
    exact.iter().map(|z| (z - max).exp() / sum).collect()
}

#[test]
fn a_teacher_is_met_at_every_temperature() {
    let (z, teacher) = ([0.5_f32, -1.0, 2.0, 0.25], [1.5_f32, 0.0, -0.5, 3.0]);
    for temperature in [0.25_f32, 1.0, 2.0, 10.0] {
        let (p, q, t) = (softmax(&teacher, temperature), softmax(&z, temperature), f64::from(temperature));
        let expected: f64 = -t * t * p.iter().zip(&q).map(|(p, q)| p * q.ln()).sum::<f64>();
        let loss = distillation(&z, &teacher, temperature).unwrap();
        assert!(
            (f64::from(loss) - expected).abs() < tolerance("loss") * expected.max(1.0),
            "{loss} {expected}"
        );
        let mut dz = z;
        let again = distillation_gradient(&mut dz, &teacher, temperature, 0.5).unwrap();
        assert_eq!(again.to_bits(), loss.to_bits());
        for ((dz, p), q) in dz.iter().zip(&p).zip(&q) {
            assert!((f64::from(*dz) - 0.5 * t * (q - p)).abs() < tolerance("loss") * t, "{dz}");
        }
    }
}

#[test]
fn a_student_like_its_teacher_has_no_gradient() {
    let mut z = [0.5, -1.0, 2.0];
    assert!(distillation_gradient(&mut z, &[0.5, -1.0, 2.0], 2.0, 1.0).unwrap().is_finite());
    assert_eq!(z, [0.0; 3]);
}

#[test]
fn extreme_teachers_are_finite_and_broken_ones_show() {
    let values = [f32::MAX, f32::MIN, 0.0, 1e30, -104.0];
    for a in values {
        for b in values {
            for c in values {
                let mut z = [c, a, b];
                let loss = distillation_gradient(&mut z, &[a, b, c], 2.0, 1.0).unwrap();
                assert!(loss.is_finite() && z.iter().all(|z| z.is_finite()), "{a} {b} {c}: {loss} {z:?}");
            }
        }
    }
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert!(!distillation(&[0.0, bad, 1.0], &[0.0, 0.0, 0.0], 2.0).unwrap().is_finite(), "{bad}");
    }
    for bad in [f32::NAN, f32::INFINITY] {
        assert!(!distillation(&[0.0, 0.0, 1.0], &[0.0, bad, 0.0], 2.0).unwrap().is_finite(), "{bad}");
    }
}

#[test]
fn a_target_that_does_not_fit_is_refused() {
    let mut z = [1.0, 2.0];
    for (teacher, temperature) in
        [(&[0.0][..], 1.0), (&[0.0, 0.0], 0.0), (&[0.0, 0.0], f32::NAN), (&[], -1.0)]
    {
        assert_eq!(Target::Teacher { logits: teacher, temperature }.gradient(&mut z, 1.0), None);
    }
    assert_eq!(Target::Class(2).gradient(&mut z, 1.0), None);
    assert_eq!((z, distillation(&[], &[], 1.0)), ([1.0, 2.0], None));
}

#[test]
fn a_doubtful_label_pulls_as_much_as_the_model_believes_it() {
    let z = [0.5_f32, -1.0, 2.0, 0.25];
    for label in 0..4 {
        for q in [0.01_f32, 0.5, 0.7, 1.0] {
            let (shares, exponent) = (softmax(&z, 1.0), f64::from(q));
            let power = shares[label].powf(exponent);
            let mut dz = z;
            let loss = generalised_cross_entropy_gradient(&mut dz, label, q, 0.5).unwrap();
            assert_eq!(Some(loss), generalised_cross_entropy(&z, label, q));
            // The division by q makes rounding errors as much larger.
            assert!(
                (f64::from(loss) - (1.0 - power) / exponent).abs() < tolerance("loss") / exponent,
                "{loss}"
            );
            for (class, dz) in dz.iter().enumerate() {
                let onehot = f64::from(u8::from(class == label));
                assert!(
                    (f64::from(*dz) - 0.5 * power * (shares[class] - onehot)).abs() < tolerance("loss"),
                    "{dz}"
                );
            }
        }
    }
    for q in [0.0, -1.0, 1.1, f32::NAN] {
        assert_eq!(Target::Doubtful { label: 0, q }.gradient(&mut [0.0, 1.0], 1.0), None);
    }
    // As extreme as logits can be: no pull at all, and no NaN.
    let mut far = [f32::MAX, f32::MIN];
    assert_eq!(generalised_cross_entropy_gradient(&mut far, 1, 1.0, 1.0), Some(1.0));
    assert!(far.iter().all(|dz| *dz == 0.0));
    assert!(generalised_cross_entropy(&[f32::NAN, 0.0], 1, 1.0).unwrap().is_nan());
}
