//! What samples say of weights, and which of two sets of weights they prefer.

use crate::nn::cross_entropy;

/// Right answers and losses on a set of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Samples that are classified as labelled.
    pub right: u32,
    /// Samples.
    pub total: u32,
    /// The sum of their losses.
    pub loss: f32,
}

/// The scores of the two validation sets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Of the new user's samples that were held out.
    pub new: Score,
    /// Of stored samples of old users.
    pub old: Score,
}

impl Score {
    /// Takes the logits of another sample. The answer is the first of the greatest logits; one that is not a number is
    /// wrong, and so is a label that is no class (its loss is NaN).
    pub fn add(&mut self, logits: &[f32], label: usize) {
        let (mut best, mut answer) = (f32::NEG_INFINITY, None);
        for (class, logit) in logits.iter().enumerate() {
            if *logit > best {
                (best, answer) = (*logit, Some(class));
            }
        }
        self.right += u32::from(answer == Some(label));
        self.total += 1;
        self.loss += cross_entropy(logits, label).unwrap_or(f32::NAN);
    }

    /// Both sets as one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            right: self.right + other.right,
            total: self.total + other.total,
            loss: self.loss + other.loss,
        }
    }

    /// The share that is right, in [0, 1]; 0 of no samples.
    #[must_use]
    pub fn accuracy(&self) -> f32 {
        self.right as f32 / self.total.max(1) as f32
    }

    /// By how much the accuracy is above that of `other`; exact up to one rounding on the same samples.
    fn gain(&self, other: &Self) -> f32 {
        if self.total == other.total {
            let distance = self.right.abs_diff(other.right) as f32 / self.total.max(1) as f32;
            if self.right < other.right { -distance } else { distance }
        } else {
            self.accuracy() - other.accuracy()
        }
    }

    /// The mean loss; 0 of no samples.
    #[must_use]
    pub fn mean_loss(&self) -> f32 {
        self.loss / self.total.max(1) as f32
    }
}

impl Scores {
    /// Both sets of both, as one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { new: self.new.plus(other.new), old: self.old.plus(other.old) }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// The sum of both accuracies: safe with wrong labels.
    #[default]
    Accuracy,
    /// The sum of both mean losses: keeps more of the gain on clean labels, but a wrong label that is learnt with
    /// confidence pulls it down as well.
    Loss,
}

/// When weights are better than others.
///
/// ```
/// use flatmin::tune::{Rule, Score, Scores};
/// let scores = |new, old| Scores {
///     new: Score { right: new, total: 8, loss: 0.0 },
///     old: Score { right: old, total: 8, loss: 0.0 },
/// };
/// let (factory, gain, trade) = (scores(5, 8), scores(6, 8), scores(8, 6));
/// let rule = Rule::default();
/// assert!(rule.prefers(&gain, &factory, &factory) && !rule.prefers(&trade, &gain, &factory));
/// // Nobody old may lose more than a tenth.
/// let strict = Rule { tolerance: 0.1, ..rule };
/// assert!(!strict.prefers(&trade, &factory, &factory) && rule.prefers(&trade, &factory, &factory));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// What is compared.
    pub criterion: Criterion,
    /// By how much more than this the sum over both sets must be better; default 0.
    pub min_gain: f32,
    /// By how much each set may be worse than with the factory weights; default infinity.
    pub tolerance: f32,
    /// Epochs without a better one after which to stop; default: never.
    pub patience: u32,
}

impl Default for Rule {
    fn default() -> Self {
        Self { criterion: Criterion::Accuracy, min_gain: 0.0, tolerance: f32::INFINITY, patience: u32::MAX }
    }
}

impl Rule {
    /// Whether `candidate` is better than `best` and not too bad beside `factory`. Never when a loss that is compared is
    /// NaN. A gain in one set that equals the loss in the other is no gain, whatever the sets' sizes: right answers are
    /// subtracted before they are divided.
    #[must_use]
    pub fn prefers(&self, candidate: &Scores, best: &Scores, factory: &Scores) -> bool {
        self.gain(candidate, best) > self.min_gain
            && self.bears(&candidate.new, &factory.new)
            && self.bears(&candidate.old, &factory.old)
    }

    /// By how much the sum over both sets is better than that of `best`.
    fn gain(&self, candidate: &Scores, best: &Scores) -> f32 {
        match self.criterion {
            Criterion::Loss => {
                (best.new.mean_loss() + best.old.mean_loss())
                    - (candidate.new.mean_loss() + candidate.old.mean_loss())
            }
            Criterion::Accuracy => candidate.new.gain(&best.new) + candidate.old.gain(&best.old),
        }
    }

    /// Whether one set is not worse by more than the tolerance.
    fn bears(&self, candidate: &Score, factory: &Score) -> bool {
        let loss = match self.criterion {
            Criterion::Loss => candidate.mean_loss() - factory.mean_loss(),
            Criterion::Accuracy => factory.accuracy() - candidate.accuracy(),
        };
        loss <= self.tolerance
    }
}
