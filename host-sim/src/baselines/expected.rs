//! The acceptance numbers and the rule of each.

use super::experiment::{Descent, Experiment, Measured, Splits};
use super::quarters::Quarters;
use super::statistics::Summary;
use super::{BaselineResult, Done};
use crate::model::Net;

/// A row.
pub(super) struct Expected {
    pub(super) row: &'static str,
    experiment: Experiment,
    values: fn(&Measured) -> &[f64],
    rule: Rule,
}

/// When a row passes.
enum Rule {
    /// Our mean is within three standard errors, ours and theirs combined. Without their `sd`, ours counts for both.
    Agree { mean: f64, sd: Option<f64> },
    /// The same, where all values come from one random quarter of the digits and theirs from another: the standard deviation
    /// of that difference joins their standard error.
    AgreeUpToDraw { mean: f64 },
    /// Their mean is known to one digit: ours is within `points`.
    Within { mean: f64, points: f64 },
    /// The mean over pairs of the gain over another experiment is positive. Theirs is told, but not required.
    GainOver { baseline: Experiment, theirs: f64, se: f64 },
    /// The mean is at least this.
    AtLeast(f64),
    /// The mean is below this: training diverged, and the model guesses.
    Below(f64),
}

const fn digits(method: Descent, lr: f32, noise: f32) -> Experiment {
    Experiment::Splits(Splits { net: Net::Digits, method, lr, noise, count: 20 })
}

const fn wrist(method: Descent) -> Experiment {
    Experiment::Splits(Splits { net: Net::Wrist, method, lr: 0.1, noise: 0.0, count: 10 })
}

const DIGITS_SGD: Experiment = digits(Descent::Sgd, 0.1, 0.0);
const DIGITS_SAM: Experiment = digits(Descent::Sam { rho: 0.25 }, 0.1, 0.0);
const DIVERGES: Experiment = Experiment::Splits(Splits {
    net: Net::Digits,
    method: Descent::Sam { rho: 0.25 },
    lr: 0.3,
    noise: 0.2,
    count: 5,
});

const fn agree(mean: f64, sd: f64) -> Rule {
    Rule::Agree { mean, sd: Some(sd) }
}

const fn about(mean: f64) -> Rule {
    Rule::Agree { mean, sd: None }
}

fn new(measured: &Measured) -> &[f64] {
    &measured.new
}

fn old(measured: &Measured) -> &[f64] {
    &measured.old
}

/// All rows.
pub(super) const EXPECTED: &[Expected] = &[
    Expected {
        row: "digits, unseen writers: SGD lr 0.1",
        experiment: DIGITS_SGD,
        values: new,
        rule: agree(93.5, 2.5),
    },
    Expected {
        row: "digits, unseen writers: SAM rho 0.25 lr 0.1",
        experiment: DIGITS_SAM,
        values: new,
        rule: agree(94.0, 2.2),
    },
    Expected {
        row: "digits, unseen writers: gain of SAM over SGD",
        experiment: DIGITS_SAM,
        values: new,
        rule: Rule::GainOver { baseline: DIGITS_SGD, theirs: 0.57, se: 0.18 },
    },
    Expected {
        row: "digits, 40 % wrong labels: SGD lr 0.1",
        experiment: digits(Descent::Sgd, 0.1, 0.4),
        values: new,
        rule: Rule::Within { mean: 82.0, points: 3.0 },
    },
    Expected {
        row: "digits, 40 % wrong labels: SGD lr 0.01",
        experiment: digits(Descent::Sgd, 0.01, 0.4),
        values: new,
        rule: agree(88.2, 2.2),
    },
    Expected {
        row: "digits, 40 % wrong labels: SAM rho 0.25 lr 0.03",
        experiment: digits(Descent::Sam { rho: 0.25 }, 0.03, 0.4),
        values: new,
        rule: agree(89.9, 2.4),
    },
    Expected {
        row: "spar, unseen people: SGD lr 0.1",
        experiment: wrist(Descent::Sgd),
        values: new,
        rule: agree(82.3, 4.0),
    },
    Expected {
        row: "spar, unseen people: LPF gamma 0.2 lr 0.1",
        experiment: wrist(Descent::Lpf { gamma: 0.2 }),
        values: new,
        rule: agree(84.2, 4.3),
    },
    Expected {
        row: "spar base, one person left out: new",
        experiment: Experiment::WristBases,
        values: new,
        rule: about(84.0),
    },
    Expected {
        row: "spar base, one person left out: old",
        experiment: Experiment::WristBases,
        values: old,
        rule: about(96.0),
    },
    Expected {
        row: "turned digits: new, before",
        experiment: Experiment::Turned,
        values: |measured| &measured.new_before,
        rule: about(46.0),
    },
    Expected {
        row: "turned digits: new, after SGD lr 0.03",
        experiment: Experiment::Turned,
        values: new,
        rule: about(94.0),
    },
    Expected {
        row: "turned digits: old, before",
        experiment: Experiment::Turned,
        values: |measured| &measured.old_before,
        rule: Rule::AgreeUpToDraw { mean: 97.0 },
    },
    Expected {
        row: "turned digits: old, after SGD lr 0.03",
        experiment: Experiment::Turned,
        values: old,
        rule: Rule::AgreeUpToDraw { mean: 85.0 },
    },
    Expected {
        row: "turned digits: old, after SGD lr 0.03 with replay",
        experiment: Experiment::Turned,
        values: |measured| &measured.old_replay,
        rule: Rule::AtLeast(92.0),
    },
    Expected {
        row: "digits, 20 % wrong labels: SAM rho 0.25 lr 0.3 diverges",
        experiment: DIVERGES,
        values: new,
        rule: Rule::Below(25.0),
    },
];

impl Expected {
    /// The experiments it needs.
    pub(super) fn experiments(&self) -> impl Iterator<Item = Experiment> {
        let baseline = match self.rule {
            Rule::GainOver { baseline, .. } => Some(baseline),
            _ => None,
        };
        baseline.into_iter().chain([self.experiment])
    }

    /// Whether it is judged by the spread of [`Quarters`].
    pub(super) fn needs_quarters(&self) -> bool {
        matches!(self.rule, Rule::AgreeUpToDraw { .. })
    }

    /// Compares with what was measured.
    pub(super) fn judge(&self, done: &Done<'_>, quarters: Quarters) -> BaselineResult {
        let measured = done.of(self.experiment);
        let values = (self.values)(&measured);
        match self.rule {
            Rule::Agree { mean, sd: Some(sd) } => {
                let ours = Summary::of(values);
                self.agree(ours, mean, sd / (ours.n as f64).sqrt(), "within 3 standard errors")
            }
            Rule::Agree { mean, sd: None } => {
                let ours = Summary::of(values);
                let note = "within 3 standard errors; no spread was printed, so ours counts for both";
                self.agree(ours, mean, ours.se(), note)
            }
            Rule::AgreeUpToDraw { mean } => {
                let (ours, draws) = (Summary::of(values), quarters.accuracy);
                let strict = (ours.mean - mean) / ours.se().hypot(ours.se());
                let note = "within 3 standard errors; no spread was printed, so ours counts for both, ";
                self.agree(
                    ours,
                    mean,
                    ours.se().hypot(draws),
                    &(note.to_owned() + &Quarters::note(draws, strict)),
                )
            }
            Rule::Within { mean, points } => {
                let ours = Summary::of(values);
                let note = format!("one digit known: within {points} points");
                self.bound(ours, mean, (ours.mean - mean).abs() <= points, &note)
            }
            Rule::GainOver { baseline, theirs, se } => {
                let before = done.of(baseline);
                let gains: Vec<f64> =
                    values.iter().zip((self.values)(&before)).map(|(with, without)| with - without).collect();
                let wins = gains.iter().filter(|&&gain| gain > 0.0).count();
                let ours = Summary::of(&gains);
                let note = format!("the paired gain is positive; {wins} of {} splits", gains.len());
                BaselineResult { pass: ours.mean > 0.0, ..self.against(ours, theirs, Some(se), &note) }
            }
            Rule::AtLeast(least) => {
                let ours = Summary::of(values);
                self.bound(ours, least, ours.mean >= least, "at least")
            }
            Rule::Below(bound) => {
                let ours = Summary::of(values);
                let pass = ours.mean < bound;
                self.bound(ours, bound, pass, if pass { "at chance" } else { "below; not at chance" })
            }
        }
    }

    fn agree(&self, ours: Summary, theirs: f64, theirs_se: f64, note: &str) -> BaselineResult {
        self.against(ours, theirs, Some(theirs_se), note).agreeing()
    }

    fn bound(&self, ours: Summary, theirs: f64, pass: bool, note: &str) -> BaselineResult {
        BaselineResult { pass, ..self.against(ours, theirs, None, note) }
    }

    /// The numbers side by side; not judged yet.
    fn against(&self, ours: Summary, theirs: f64, theirs_se: Option<f64>, note: &str) -> BaselineResult {
        BaselineResult::new(self.row, ours, theirs, theirs_se, note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::F64_SUM;

    fn judged(rule: Rule, values: Vec<f64>) -> BaselineResult {
        let experiment = Experiment::Turned;
        let done = [(experiment, Measured { new: values, ..Measured::default() })];
        Expected { row: "test", experiment, values: new, rule }.judge(&Done(&done), Quarters::default())
    }

    #[test]
    fn a_row_agrees_within_three_combined_errors() {
        // Ours: mean 92, sd 2, n 4, so se 1; theirs: sd 2, se 1; combined 1.414.
        let values = || vec![90.0, 92.0, 92.0 - 2.0_f64.sqrt(), 94.0 + 2.0_f64.sqrt()];
        let result = judged(agree(88.0, 2.0), values());
        assert!((result.mean - 92.0).abs() < F64_SUM.value && (result.theirs_se, result.n) == (Some(1.0), 4));
        assert!(judged(agree(result.mean - 2.9 * result.se.hypot(1.0), 2.0), values()).pass);
        assert!(!judged(agree(result.mean - 3.1 * result.se.hypot(1.0), 2.0), values()).pass);
    }

    #[test]
    fn bounds_are_kept_or_not() {
        assert!(judged(Rule::Within { mean: 82.0, points: 3.0 }, vec![84.0, 85.0]).pass);
        assert!(!judged(Rule::Within { mean: 82.0, points: 3.0 }, vec![86.0]).pass);
        assert!(judged(Rule::AtLeast(92.0), vec![92.0]).pass);
        let chance = judged(Rule::Below(25.0), vec![10.0]);
        assert!(chance.pass && chance.note == "at chance");
    }
}
