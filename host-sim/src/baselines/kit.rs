//! The acceptance numbers of the fine-tuning kit: what each method, base model, scope and stored sample bought, and what
//! a guard saves.

mod guard;
mod personal;

use super::BaselineResult;
use super::quarters::Quarters;
use super::statistics::Summary;
use crate::finetune::{Error, Progress, Row, Study, Task, Variant, run_variants};
use std::collections::BTreeMap;

/// Repetitions of every person.
const SEEDS: u32 = 5;

/// One number to compare.
#[derive(Clone, Debug)]
pub(super) struct KitRow {
    pub(super) name: String,
    task: Task,
    study: Study,
    variant: Variant,
    /// What the variant is compared with, person by person; none for plain accuracies.
    against: Option<Variant>,
    value: Value,
    rule: Rule,
}

/// What is measured of a run, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    NewBefore,
    OldBefore,
    New,
    Old,
    /// New accuracy after fine-tuning minus before.
    Gain,
    Harmed,
    RolledBack,
}

impl Value {
    /// What a row calls it.
    const fn word(self) -> &'static str {
        match self {
            Self::NewBefore => "new, before",
            Self::OldBefore => "old, before",
            Self::New => "new",
            Self::Old => "old",
            Self::Gain => "gain of the new user",
            Self::Harmed => "runs harmed",
            Self::RolledBack => "runs rolled back",
        }
    }
}

/// When a row passes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// Within three standard errors; ours counts for both where theirs is not known.
    Agree { mean: f64, se: Option<f64> },
    /// The same of a base model's accuracy on old digits, or of a difference between two base models, where theirs was
    /// measured on another random quarter: the standard deviation of that difference joins the standard error.
    UpToDraw { mean: f64, se: Option<f64> },
    /// A share of runs: the standard errors are binomial, of both shares pooled.
    Share(f64),
    /// The mean is at least this.
    AtLeast(f64),
    /// The mean is at most this.
    AtMost(f64),
}

/// All rows.
pub(super) fn rows() -> Vec<KitRow> {
    [personal::rows(), guard::rows()].concat()
}

/// Measures what the rows need, each variant once, and compares.
pub(super) fn judge(
    rows: &[KitRow],
    quarters: Quarters,
    progress: &dyn Progress,
) -> Result<Vec<BaselineResult>, Error> {
    let mut batches: Vec<((Task, Study), Vec<Variant>)> = Vec::new();
    for row in rows {
        for variant in [Some(row.variant), row.against].into_iter().flatten() {
            let key = (row.task, row.study);
            match batches.iter_mut().find(|(known, _)| *known == key) {
                Some((_, variants)) if variants.contains(&variant) => {}
                Some((_, variants)) => variants.push(variant),
                None => batches.push((key, vec![variant])),
            }
        }
    }
    let mut measured = Vec::new();
    for ((task, study), variants) in batches {
        measured.extend(run_variants(task, study, &variants, SEEDS, progress)?);
    }
    Ok(rows.iter().map(|row| row.judge(&measured, quarters)).collect())
}

impl KitRow {
    /// Whether it is judged by the spread of [`Quarters`].
    pub(super) fn needs_quarters(&self) -> bool {
        matches!(self.rule, Rule::UpToDraw { .. })
    }

    fn judge(&self, measured: &[Row], quarters: Quarters) -> BaselineResult {
        let runs = self.values(&self.variant, measured);
        let baseline = self.against.map(|variant| self.values(&variant, measured));
        let people = by_person(&runs, baseline.as_deref());
        let ours = Summary::of(&people);
        match self.rule {
            Rule::Agree { mean, se } => {
                let note = if se.is_some() {
                    "within 3 standard errors, paired by person"
                } else {
                    "within 3 standard errors; no spread was printed, so ours counts for both"
                };
                BaselineResult::new(&self.name, ours, mean, Some(se.unwrap_or(ours.se())), note).agreeing()
            }
            Rule::UpToDraw { mean, se } => {
                let draws = if self.against.is_some() { quarters.gain } else { quarters.accuracy };
                let known = se.unwrap_or(ours.se());
                let strict = (ours.mean - mean) / ours.se().hypot(known);
                let note = match se {
                    Some(_) => "within 3 standard errors, paired by person, ".to_owned(),
                    None => "within 3 standard errors, ours counting for both, ".to_owned(),
                };
                let note = note + &Quarters::note(draws, strict);
                BaselineResult::new(&self.name, ours, mean, Some(known.hypot(draws)), &note).agreeing()
            }
            Rule::Share(share) => {
                let n = runs.len() as f64;
                let ours = Summary::of(&runs.iter().map(|(_, x)| *x).collect::<Vec<_>>());
                let pooled = (ours.mean + share) / 2.0;
                let se = (pooled * (100.0 - pooled) / n).sqrt();
                let note = "a share of runs: within 3 binomial standard errors, both shares pooled";
                let result = BaselineResult::new(&self.name, ours, share, Some(se), note);
                let apart = if se > 0.0 { (ours.mean - share) / (se * 2.0_f64.sqrt()) } else { 0.0 };
                BaselineResult { se, difference: Some(apart), ..result }.agreeing()
            }
            Rule::AtLeast(least) => {
                let result = BaselineResult::new(&self.name, ours, least, None, "the aim: at least");
                BaselineResult { pass: ours.mean >= least, ..result }
            }
            Rule::AtMost(most) => {
                let result = BaselineResult::new(&self.name, ours, most, None, "the aim: at most");
                BaselineResult { pass: ours.mean <= most, ..result }
            }
        }
    }

    /// The value of every run of a variant with its person and seed, in percent.
    fn values(&self, variant: &Variant, measured: &[Row]) -> Vec<((u8, u32), f64)> {
        let same = |row: &&Row| {
            let of = Variant { arm: row.method, replay: row.replay, options: row.options };
            (row.task, row.study, of) == (self.task, self.study, *variant)
        };
        let share = |yes| f64::from(u8::from(yes));
        let value = |row: &Row| match self.value {
            Value::NewBefore => row.new_before,
            Value::OldBefore => row.old_before,
            Value::New => row.new_after,
            Value::Old => row.old_after,
            Value::Gain => row.new_after - row.new_before,
            Value::Harmed => share(row.harmed),
            Value::RolledBack => share(row.rolled_back),
        };
        measured.iter().filter(same).map(|row| ((row.person, row.seed), 100.0 * value(row))).collect()
    }
}

/// The mean of each person's runs, or of their differences to the runs of the same seed.
fn by_person(runs: &[((u8, u32), f64)], baseline: Option<&[((u8, u32), f64)]>) -> Vec<f64> {
    let baseline: Option<BTreeMap<_, _>> = baseline.map(|runs| runs.iter().copied().collect());
    let mut people = BTreeMap::<u8, Vec<f64>>::new();
    for (key, value) in runs {
        let other = baseline.as_ref().map_or(Some(0.0), |known| known.get(key).copied());
        people.entry(key.0).or_default().extend(other.map(|other| value - other));
    }
    people
        .values()
        .filter(|runs| !runs.is_empty())
        .map(|runs| runs.iter().sum::<f64>() / runs.len() as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_paired_before_they_are_averaged() {
        let with = [((1, 0), 5.0), ((1, 1), 7.0), ((2, 0), 1.0), ((3, 0), 9.0)];
        let without = [((1, 1), 4.0), ((1, 0), 4.0), ((2, 0), 2.0)];
        assert_eq!(by_person(&with, Some(&without)), [2.0, -1.0]);
        assert_eq!(by_person(&with, None), [6.0, 1.0, 9.0]);
    }
}
