//! Has training blown up?

use super::guard::Score;
use crate::math;
use core::fmt;

/// Watches the mean training loss of each epoch, and in the end the answers.
///
/// The losses are those at clean weights: some methods (LPF-SGD) take their gradients elsewhere, where the loss is
/// greater by intention.
///
/// Training has diverged when a loss is not finite; when the loss is over 10 times the first epoch's *and* over
/// `ln(classes) + 3` (a model that merely guesses has `ln(classes)`, one that is confidently wrong has more); and when
/// the answers to the samples that were learnt are at chance ([`at_chance`]) though those of the factory weights to the
/// same samples were above it. The labels may be wrong: where the factory weights do not get more of them right than a
/// guess does, right answers say nothing, and a model that is right by the truth may be at chance by the labels.
///
/// A [`Guard`](super::Guard) is told with [`heed`](super::Guard::heed), and puts the factory weights back.
///
/// ```
/// use flatmin::tune::{Diverged, Divergence, Score};
/// let mut watch = Divergence::new(10);
/// assert_eq!(watch.epoch(0.8), None);
/// assert_eq!(watch.epoch(5.0), None, "much, but below ln 10 + 3");
/// assert_eq!(watch.epoch(9.0), Some(Diverged::Exploded { loss: 9.0, first: 0.8 }));
/// let score = |right| Score { right, total: 30, loss: 0.0 };
/// assert_eq!(watch.answers(&score(5), &score(20)), Some(Diverged::AtChance { right: 5, total: 30 }));
/// assert_eq!(watch.answers(&score(5), &score(4)), None, "wrong labels: nobody gets them right");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    classes: u32,
    first: Option<f32>,
}

/// How training diverged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Diverged {
    /// A loss is NaN or infinite.
    NonFinite,
    /// The loss has grown out of all proportion.
    Exploded {
        /// The mean loss of this epoch.
        loss: f32,
        /// That of the first.
        first: f32,
    },
    /// The answers are those of a model that guesses.
    AtChance {
        /// Right answers.
        right: u32,
        /// Answers.
        total: u32,
    },
}

impl Divergence {
    /// Nothing seen yet, of a model with so many classes.
    #[must_use]
    pub const fn new(classes: u32) -> Self {
        Self { classes, first: None }
    }

    /// Takes the mean training loss of an epoch.
    pub fn epoch(&mut self, loss: f32) -> Option<Diverged> {
        if !loss.is_finite() {
            return Some(Diverged::NonFinite);
        }
        let first = *self.first.get_or_insert(loss);
        let confident = math::ln(self.classes.max(1) as f32) + 3.0;
        (loss > 10.0 * first && loss > confident).then_some(Diverged::Exploded { loss, first })
    }

    /// Judges the answers to the samples that were learnt, beside those of the factory weights to the same samples.
    #[must_use]
    pub fn answers(&self, score: &Score, factory: &Score) -> Option<Diverged> {
        let Score { right, total, loss } = *score;
        let fell =
            at_chance(right, total, self.classes) && above_chance(factory.right, factory.total, self.classes);
        match fell {
            _ if !loss.is_finite() => Some(Diverged::NonFinite),
            true => Some(Diverged::AtChance { right, total }),
            false => None,
        }
    }
}

/// Whether an accuracy is within 2 standard errors of chance: `|right / total - p| <= 2 sqrt(p (1 - p) / total)` with
/// `p = 1 / classes`. Never with fewer than two classes or without answers. An accuracy far *below* chance is not at
/// chance: then the labels are wrong, not the model.
#[must_use]
pub fn at_chance(right: u32, total: u32, classes: u32) -> bool {
    let (n, p) = (total as f32, 1.0 / classes as f32);
    let distance = right as f32 - n * p;
    total > 0 && classes > 1 && distance * distance <= 4.0 * n * p * (1.0 - p)
}

/// Whether an accuracy is above chance by more than 2 standard errors.
fn above_chance(right: u32, total: u32, classes: u32) -> bool {
    let above = right as f32 * classes as f32 > total as f32;
    total > 0 && classes > 1 && above && !at_chance(right, total, classes)
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonFinite => f.write_str("training diverged: a loss is not finite"),
            Self::Exploded { loss, first } => {
                write!(f, "training diverged: the loss went from {first} to {loss}")
            }
            Self::AtChance { right, total } => {
                write!(f, "training diverged: {right} of {total} answers are right, as by guessing")
            }
        }
    }
}
