//! How far two results are apart.

use super::compare::same;
use serde::Serialize;

/// The distance of a result from the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Deviation {
    /// The most floats that lie between two elements; NaN beside a number is as far as can be.
    pub ulp: u32,
    /// The largest difference of two elements.
    pub absolute: f64,
    /// The largest difference in units of the bar's scale.
    pub scaled: f64,
}

impl Deviation {
    /// Of two vectors, with the scale of every element.
    pub fn of(found: &[f32], expected: &[f32], scale: impl Fn(usize) -> f64) -> Self {
        let mut worst = Self::default();
        if found.len() != expected.len() {
            return Self { ulp: u32::MAX, absolute: f64::INFINITY, scaled: f64::INFINITY };
        }
        for (i, (a, b)) in found.iter().zip(expected).enumerate() {
            if same(*a, *b) {
                continue;
            }
            let absolute = if a.is_finite() && b.is_finite() {
                (f64::from(*a) - f64::from(*b)).abs()
            } else {
                f64::INFINITY
            };
            worst.ulp = worst.ulp.max(between(*a, *b));
            worst.absolute = worst.absolute.max(absolute);
            worst.scaled = worst.scaled.max(if absolute == 0.0 { 0.0 } else { absolute / scale(i) });
        }
        worst
    }

    /// The larger of both.
    pub fn max(self, other: Self) -> Self {
        Self {
            ulp: self.ulp.max(other.ulp),
            absolute: self.absolute.max(other.absolute),
            scaled: self.scaled.max(other.scaled),
        }
    }
}

/// Floats from `a` to `b`.
fn between(a: f32, b: f32) -> u32 {
    let place = |x: f32| {
        let bits = i64::from(x.to_bits() & 0x7fff_ffff);
        if x.is_sign_negative() { -bits } else { bits }
    };
    if a.is_nan() || b.is_nan() { u32::MAX } else { place(a).abs_diff(place(b)).max(1) as u32 }
}

/// The length of `found - expected` over that of `expected`.
pub fn relative(found: &[f32], expected: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let distance: f64 = found.iter().zip(expected).map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    let length: f64 = expected.iter().map(|x| square(f64::from(*x))).sum();
    if distance == 0.0 { 0.0 } else { (distance / length).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_apart_across_zero_too() {
        let tiny = f32::from_bits(1);
        for (a, b, ulp) in
            [(1.0, 1.0_f32.next_up(), 1), (tiny, -tiny, 2), (0.0, -0.0, 1), (f32::NAN, 1.0, u32::MAX)]
        {
            assert_eq!(Deviation::of(&[a], &[b], |_| 1.0).ulp, ulp, "{a:e} {b:e}");
        }
        assert_eq!(Deviation::of(&[f32::NAN], &[-f32::NAN], |_| 1.0), Deviation::default());
        assert_eq!(Deviation::of(&[], &[1.0], |_| 1.0).ulp, u32::MAX);
    }

    #[test]
    fn a_nan_is_infinitely_far() {
        assert_eq!(Deviation::of(&[f32::NAN], &[1.0], |_| 1.0).scaled, f64::INFINITY);
        assert!(relative(&[f32::NAN], &[1.0]).is_nan());
    }
}
