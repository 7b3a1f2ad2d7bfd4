//! Means over people, and how far they can be trusted.

use std::collections::BTreeMap;
use std::fmt;

/// A mean and its standard error, in percent or percentage points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; unknown from a single value.
    pub se: Option<f64>,
    /// Independent values: people, or the seeds of a single person.
    pub count: usize,
}

impl Estimate {
    /// From one share (in [0, 1]) a run, each with its person. Runs of one person are averaged first, since they are
    /// not independent; the standard error is over people, or over the runs of a single person. `None` without runs.
    pub fn of(runs: impl IntoIterator<Item = (u8, f64)>) -> Option<Self> {
        let mut people = BTreeMap::<u8, Vec<f64>>::new();
        for (person, share) in runs {
            people.entry(person).or_default().push(100.0 * share);
        }
        let values = match people.len() {
            1 => people.into_values().flatten().collect(),
            _ => people.into_values().map(|runs| mean(&runs)).collect::<Vec<_>>(),
        };
        (!values.is_empty()).then(|| Self::from_values(&values))
    }

    /// From independent values, in percent or points.
    pub(super) fn from_values(values: &[f64]) -> Self {
        let (count, mean) = (values.len(), mean(values));
        let squares = || values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let se = (count > 1).then(|| (squares() / (count as f64 - 1.0) / count as f64).sqrt());
        Self { mean, se, count }
    }

    /// Whether the mean is above zero by more than `n` standard errors.
    pub fn is_above_zero_by(&self, n: f64) -> bool {
        self.se.is_some_and(|se| self.mean > n * se)
    }
}

/// A level, such as `93.6 ± 0.3`; without its error where that is unknown.
pub(super) fn level(estimate: &Estimate) -> String {
    match estimate.se {
        Some(se) => format!("{:.1} ± {se:.1}", estimate.mean),
        None => format!("{:.1}", estimate.mean),
    }
}

/// The mean, 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// A difference, such as `+0.5 ± 0.3`; `-` when its error is unknown.
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.se {
            // Adding zero leaves no -0.0.
            Some(se) => f.pad(&format!("{:+.1} ± {se:.1}", (10.0 * self.mean).round() / 10.0 + 0.0)),
            None => f.pad("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::F64_SUM;

    #[test]
    fn seeds_are_averaged_before_people_are_compared() {
        let runs = [(1, 0.10), (1, 0.30), (2, 0.40), (2, 0.40), (3, 0.60)];
        let estimate = Estimate::of(runs).unwrap();
        assert!((estimate.mean - 40.0).abs() < F64_SUM.value);
        assert!((estimate.se.unwrap() - 20.0 / 3f64.sqrt()).abs() < F64_SUM.value);
        assert_eq!(estimate.count, 3);
    }

    #[test]
    fn one_person_is_judged_over_seeds() {
        let estimate = Estimate::of([(4, 0.01), (4, 0.03)]).unwrap();
        assert_eq!((estimate.to_string().as_str(), estimate.count), ("+2.0 ± 1.0", 2));
    }

    #[test]
    fn no_difference_has_no_minus() {
        assert_eq!(Estimate::of([(1, -0.0004), (2, -0.0002)]).unwrap().to_string(), "+0.0 ± 0.0");
    }

    #[test]
    fn one_run_has_no_error_and_no_run_no_mean() {
        let estimate = Estimate::of([(4, 0.5)]).unwrap();
        assert_eq!((estimate.mean, estimate.se, estimate.to_string().as_str()), (50.0, None, "-"));
        assert!(!estimate.is_above_zero_by(0.0));
        assert_eq!(Estimate::of([]), None);
    }
}
