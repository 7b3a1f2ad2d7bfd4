//! How far a trajectory may be from the recorded one.

use super::ReplayError;
use super::golden::Golden;
use crate::tolerance::{REPLAY_F32_FACTOR, REPLAY_F32_FLOOR, REPLAY_F32_OWN_CAP, Tolerance};

/// How far weights may be from the recorded ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// The largest distance allowed.
    pub value: f64,
    /// Whether distances are `|ours - theirs| / |theirs|` of whole vectors; else the largest element counts.
    pub relative: bool,
    /// The tolerance row it comes from.
    pub row: &'static str,
}

impl Bar {
    /// A bar on every single element.
    pub fn absolute(row: Tolerance) -> Self {
        Bar { value: row.value, relative: false, row: row.name }
    }

    /// The bar of a float32 case: a multiple of how far the library's own float32 run is from its float64 run at the
    /// last step both record, but never below the floor. Where noise was drawn, the two runs differ, and only the
    /// floor is left. A distance beyond rounding is not believed: a changed record must not loosen its own bar.
    pub fn of_f32_case(golden: &Golden, sibling: Option<&Golden>) -> Self {
        let own = sibling.filter(|_| !golden.has_noise()).and_then(|sibling| own_distance(golden, sibling));
        let scaled = REPLAY_F32_FACTOR.value * own.map_or(0.0, |own| own.min(REPLAY_F32_OWN_CAP.value));
        if scaled > REPLAY_F32_FLOOR.value {
            Bar { value: scaled, relative: true, row: REPLAY_F32_FACTOR.name }
        } else {
            Bar { value: REPLAY_F32_FLOOR.value, relative: true, row: REPLAY_F32_FLOOR.name }
        }
    }

    /// The distance of two vectors in the measure of this bar. NaN agrees with NaN only.
    pub fn distance(&self, ours: &[f64], theirs: &[f64]) -> f64 {
        if ours.len() != theirs.len() {
            return f64::INFINITY;
        }
        let gaps = ours.iter().zip(theirs).map(|(&a, &b)| gap(a, b));
        if !self.relative {
            return gaps.fold(0.0, f64::max);
        }
        let norm = theirs.iter().filter(|t| t.is_finite()).map(|t| t * t).sum::<f64>().sqrt();
        let far = gaps.map(|gap| gap * gap).sum::<f64>().sqrt();
        if norm > 0.0 { far / norm } else { far }
    }

    /// The distance, if it is within the bar.
    ///
    /// # Errors
    /// Names the place and the element that is farthest off.
    pub fn check(&self, place: &str, what: &str, ours: &[f64], theirs: &[f64]) -> Result<f64, ReplayError> {
        let distance = self.distance(ours, theirs);
        if distance <= self.value {
            return Ok(distance);
        }
        let element = (0..theirs.len().min(ours.len()))
            .max_by(|&i, &j| gap(ours[i], theirs[i]).total_cmp(&gap(ours[j], theirs[j])));
        let place =
            element.map_or(place.into(), |i| format!("{place}, most at element {i} of {}", theirs.len()));
        Err(ReplayError::Disagrees { place, what: what.into(), distance, bar: self.value, row: self.row })
    }
}

/// |a - b|; 0 for equal infinities and for two NaN, infinite for a NaN on one side.
pub(super) fn gap(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let gap = (a - b).abs();
    if gap.is_nan() { f64::INFINITY } else { gap }
}

fn own_distance(golden: &Golden, sibling: &Golden) -> Option<f64> {
    let both = golden
        .steps
        .iter()
        .zip(&sibling.steps)
        .rev()
        .find_map(|(f32, f64)| f32.w.as_ref().zip(f64.w.as_ref()));
    let relative = Bar { value: 0.0, relative: true, row: REPLAY_F32_FACTOR.name };
    both.map(|(f32, f64)| relative.distance(f32, f64)).filter(|own| own.is_finite())
}
