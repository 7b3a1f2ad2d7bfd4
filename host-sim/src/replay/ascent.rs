//! The ascent of SAM, checked alone: from recorded weights and a recorded gradient to a recorded point.

use super::ReplayError;
use super::bar::{Bar, gap};
use super::golden::{At, Dtype, Golden, Step};
use crate::tolerance::ASCENT_F32;

/// An ascent whose start, gradient and end are all recorded, so that it can be checked alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedAscent<'a> {
    /// The step (1-based).
    pub step: usize,
    /// The weights before it.
    pub w: &'a [f64],
    /// The gradient there.
    pub grad: &'a [f64],
    /// The perturbed weights.
    pub point: &'a [f64],
}

/// Every ascent of a file that can be checked alone.
pub fn recorded_ascents(golden: &Golden) -> Vec<RecordedAscent<'_>> {
    let ascent = |step: &Step| -> Option<RecordedAscent<'_>> {
        let index = step.step;
        let [first, second] = golden.steps[index - 1].evals.get(..2)? else { return None };
        let recorded = first.at == At::W && second.at == At::Perturbed;
        let (grad, point) = first.grad.as_deref().zip(second.point.as_deref()).filter(|_| recorded)?;
        Some(RecordedAscent { step: index, w: golden.w_before(index)?, grad, point })
    };
    golden.steps.iter().filter_map(ascent).collect()
}

impl RecordedAscent<'_> {
    /// Compares our end of the ascent: in float64 by `bar`, in float32 element by element.
    ///
    /// # Errors
    /// The element that is off.
    pub fn check(&self, ours: &[f64], dtype: Dtype, bar: &Bar) -> Result<(), ReplayError> {
        let place = format!("step {}, ascent alone", self.step);
        if dtype == Dtype::F64 {
            return bar.check(&place, "point", ours, self.point).map(drop);
        }
        for (i, &theirs) in self.point.iter().enumerate() {
            let w = self.w[i];
            let bar = ASCENT_F32.value * (w.abs() + (theirs - w).abs());
            let distance = ours.get(i).map_or(f64::INFINITY, |&ours| gap(ours, theirs));
            if distance > bar || bar.is_nan() {
                let place = format!("{place}, element {i}");
                return Err(ReplayError::Disagrees {
                    place,
                    what: "point".into(),
                    distance,
                    bar,
                    row: ASCENT_F32.name,
                });
            }
        }
        Ok(())
    }
}
