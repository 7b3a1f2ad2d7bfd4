//! Acceptance numbers: what an independent trainer measured with the same recipes, and what this one measures.
//!
//! The numbers are those of a C program of our own, run when the recipes were found, before this code existed. A row
//! agrees if the two means are within three standard errors of each other, ours and theirs combined.

mod expected;
mod experiment;
mod statistics;

use crate::finetune::{Error, Progress};
use expected::{EXPECTED, Expected};
use experiment::{Experiment, Measured};
use serde::Serialize;

/// One row: theirs, ours, and whether they agree. Accuracies and gains are in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BaselineResult {
    /// What was measured.
    pub row: &'static str,
    /// Our mean.
    pub mean: f64,
    /// Our standard deviation over splits, people or seeds.
    pub sd: f64,
    /// How many of them.
    pub n: usize,
    /// Our standard error, `sd / sqrt(n)`.
    pub se: f64,
    /// Their mean, or the bound that ours must keep.
    pub theirs_mean: f64,
    /// Their standard error; `None` for a bound.
    pub theirs_se: Option<f64>,
    /// `(mean - theirs_mean) / sqrt(se^2 + theirs_se^2)`; `None` for a bound.
    pub difference: Option<f64>,
    /// Whether the row's rule is kept.
    pub pass: bool,
    /// The rule, and what else there is to know.
    pub note: String,
}

/// The names of all rows.
pub fn names() -> impl Iterator<Item = &'static str> {
    EXPECTED.iter().map(|expected| expected.row)
}

/// Measures the rows whose name contains `filter` (all if `None`), one worker a core.
///
/// # Errors
/// When no row has such a name, or an experiment cannot be run. A number that disagrees is no error.
pub fn run(filter: Option<&str>, progress: &dyn Progress) -> Result<Vec<BaselineResult>, Error> {
    let wanted: Vec<&Expected> =
        EXPECTED.iter().filter(|expected| filter.is_none_or(|part| expected.row.contains(part))).collect();
    if wanted.is_empty() {
        return Err(Error::Setting {
            name: "filter",
            value: filter.unwrap_or_default().to_owned(),
            expected: "give a part of the name of a row",
        });
    }
    let mut done = Vec::new();
    for expected in &wanted {
        for experiment in expected.experiments() {
            if !done.iter().any(|(known, _)| *known == experiment) {
                done.push((experiment, experiment.measure(progress)?));
            }
        }
    }
    Ok(wanted.into_iter().map(|expected| expected.judge(&Done(&done))).collect())
}

/// What was measured.
struct Done<'a>(&'a [(Experiment, Measured)]);

impl Done<'_> {
    /// The result of an experiment; nothing if it was not run.
    fn of(&self, experiment: Experiment) -> Measured {
        let found = self.0.iter().find(|(known, _)| *known == experiment);
        found.map(|(_, measured)| measured.clone()).unwrap_or_default()
    }
}
