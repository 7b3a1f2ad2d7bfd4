//! The guard's evidence when there are too few samples to hold some out for good.

use super::guard::{Outcome, Rule, Scores};

/// Chooses the epoch by samples that are each held out once.
///
/// For each of a few [folds](fold) the caller starts from the factory weights, trains on the other folds and records the
/// scores of the fold after every epoch; then one decision is made over all samples, and a last run on all of them goes
/// to the chosen epoch, or is not made at all.
///
/// **Source**: k-fold cross-validation (Stone 1974) of the number of epochs, with the untrained weights as epoch 0.
/// **Cost**: one [`Scores`] (24 bytes) an epoch; with k folds k + 1 runs instead of one.
///
/// ```
/// use flatmin::tune::{CrossValidation, Outcome, Rule, Score, Scores, fold};
/// let labels = [0, 0, 1, 1];
/// let mut table = [Scores::default(); 3];
/// let mut validation = CrossValidation::new(&mut table);
/// for k in 0..2 {
///     let held_out = (0..4).filter(|&i| fold(&labels, i, 2) == k).count() as u32;
///     // Epochs 0 (the factory weights) to 2: one sample right, then both, then one.
///     for (epoch, right) in [1, 2, 1].into_iter().enumerate() {
///         let new = Score { right, total: held_out, loss: 0.0 };
///         validation.record(epoch, Scores { new, ..Scores::default() });
///     }
/// }
/// assert_eq!(validation.decide(&Rule::default()), Outcome::Kept { epoch: 1 });
/// assert_eq!(validation.at(1).unwrap().new.right, 4);
/// ```
#[derive(Debug)]
pub struct CrossValidation<'a> {
    table: &'a mut [Scores],
}

impl<'a> CrossValidation<'a> {
    /// Nothing recorded yet; `table` has a place for the factory weights and for each epoch.
    pub fn new(table: &'a mut [Scores]) -> Self {
        table.fill(Scores::default());
        Self { table }
    }

    /// Adds the scores of a fold after `epoch` epochs, 0 for the factory weights; an epoch beyond the table is ignored.
    pub fn record(&mut self, epoch: usize, scores: Scores) {
        if let Some(total) = self.table.get_mut(epoch) {
            *total = total.plus(scores);
        }
    }

    /// The scores of all folds together after `epoch` epochs.
    #[must_use]
    pub fn at(&self, epoch: usize) -> Option<Scores> {
        self.table.get(epoch).copied()
    }

    /// The epoch to train to, if any beats the factory weights: the first of equals.
    #[must_use]
    pub fn decide(&self, rule: &Rule) -> Outcome {
        let Some((factory, epochs)) = self.table.split_first() else { return Outcome::RolledBack };
        let start = (Outcome::RolledBack, factory);
        let better = |(outcome, best), (epoch, scores)| match rule.prefers(scores, best, factory) {
            true => (Outcome::Kept { epoch }, scores),
            false => (outcome, best),
        };
        (1..).zip(epochs).fold(start, better).0
    }
}

/// Which of `folds` folds sample `i` is held out in; the samples of every class are spread as evenly as can be.
///
/// The first sample of a class is in fold `class % folds`, so that rare classes do not all meet in one. Cost: a pass over
/// the labels before `i`. 0 if there is no such sample or no fold.
#[must_use]
pub fn fold(labels: &[u8], i: usize, folds: usize) -> usize {
    let Some((label, before)) = labels.get(..=i).and_then(<[u8]>::split_last) else { return 0 };
    let rank = before.iter().filter(|other| *other == label).count();
    (rank + usize::from(*label)).checked_rem(folds).unwrap_or(0)
}
