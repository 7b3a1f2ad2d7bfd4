//! Acceptance numbers: what an independent trainer measured with the same recipes, and what this one measures.
//!
//! The numbers are those of a C program of our own, run when the recipes were found, before this code existed. A row
//! agrees if the two means are within three standard errors of each other, ours and theirs combined.

mod expected;
mod experiment;
mod kit;
mod quarters;
mod statistics;

use crate::finetune::{Error, Progress};
use expected::{EXPECTED, Expected};
use experiment::{Experiment, Measured};
use kit::KitRow;
use quarters::Quarters;
use serde::Serialize;
use statistics::Summary;

/// One row: theirs, ours, and whether they agree. Accuracies and gains are in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BaselineResult {
    /// What was measured.
    pub row: String,
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

/// How many standard errors apart two numbers may be.
const TOLERANCE: f64 = 3.0;

/// The names of all rows.
pub fn names() -> impl Iterator<Item = String> {
    EXPECTED.iter().map(|expected| expected.row.to_owned()).chain(kit::rows().into_iter().map(|row| row.name))
}

/// What the names of the rows begin with, each once.
fn topics() -> Vec<String> {
    let mut topics: Vec<String> =
        names().filter_map(|name| name.split(':').next().map(str::to_owned)).collect();
    topics.sort();
    topics.dedup();
    topics
}

/// Measures the rows whose name contains `filter` (all if `None`), one worker a core.
///
/// # Errors
/// When no row has such a name, or an experiment cannot be run. A number that disagrees is no error.
pub fn run(filter: Option<&str>, progress: &dyn Progress) -> Result<Vec<BaselineResult>, Error> {
    let asked = |name: &str| filter.is_none_or(|part| name.contains(part));
    let wanted: Vec<&Expected> = EXPECTED.iter().filter(|expected| asked(expected.row)).collect();
    let kit: Vec<_> = kit::rows().into_iter().filter(|row| asked(&row.name)).collect();
    if wanted.is_empty() && kit.is_empty() {
        return Err(Error::NoRow { asked: filter.unwrap_or_default().to_owned(), known: topics() });
    }
    let mut done = Vec::new();
    for expected in &wanted {
        for experiment in expected.experiments() {
            if !done.iter().any(|(known, _)| *known == experiment) {
                done.push((experiment, experiment.measure(progress)?));
            }
        }
    }
    let quarters = wanted.iter().any(|row| row.needs_quarters()) || kit.iter().any(KitRow::needs_quarters);
    let quarters = if quarters { Quarters::measure(progress)? } else { Quarters::default() };
    let mut results: Vec<_> =
        wanted.into_iter().map(|expected| expected.judge(&Done(&done), quarters)).collect();
    results.extend(kit::judge(&kit, quarters, progress)?);
    Ok(results)
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

impl BaselineResult {
    /// The numbers side by side; not judged yet.
    fn new(row: &str, ours: Summary, theirs: f64, theirs_se: Option<f64>, note: &str) -> Self {
        Self {
            row: row.to_owned(),
            mean: ours.mean,
            sd: ours.sd,
            n: ours.n,
            se: ours.se(),
            theirs_mean: theirs,
            theirs_se,
            difference: theirs_se.map(|se| (ours.mean - theirs) / ours.se().hypot(se)),
            pass: false,
            note: note.to_owned(),
        }
    }

    /// The same, passed if the two are within three standard errors.
    fn agreeing(self) -> Self {
        Self { pass: self.difference.is_some_and(|d| d.abs() <= TOLERANCE), ..self }
    }
}
