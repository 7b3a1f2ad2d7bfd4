//! As many epochs as are best for samples that did not train, each of them held out once.

use super::{Extra, FOLDS, Judge, Kept, Start, Watch, refused};
use crate::train::Error;
use flatmin::tune::{Criterion, CrossValidation, Outcome, Scores};

impl Start<'_> {
    /// As many epochs as are best for samples that did not train, each of them held out once; then a run on all of them.
    /// (A device ends that run at the chosen epoch, or does not begin it; here it goes on for the sake of its curve.)
    pub(super) async fn cross_validated(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let (chosen, extra) = self.choose_epoch().await?;
        let lessons = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let (mut divergence, mut found, mut weights) = (self.divergence(), None, self.factory.to_vec());
        let mut observe = |epoch: u32, w: &[f32]| {
            found = divergence.epoch(watch(epoch, w)?).or(found);
            if chosen == (Outcome::Kept { epoch }) {
                weights.copy_from_slice(w);
            }
            Ok(())
        };
        let trained = extra.charge(self.begin(lessons, &self.recipe, true)?.end(&mut observe).await?);
        let diverged = found.or(refused(&trained)).or(self.guesses(&weights)?).is_some();
        if diverged {
            weights.copy_from_slice(self.factory);
        }
        let outcome = if diverged { Outcome::RolledBack } else { chosen };
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None, diverged })
    }

    /// The best epoch by the folds, and what their trainings took.
    async fn choose_epoch(&self) -> Result<(Outcome, Extra), Error> {
        let mut table = vec![Scores::default(); self.recipe.epochs as usize + 1];
        let (mut validation, mut extra) = (CrossValidation::new(&mut table), Extra::default());
        for (fold, training) in self.begin_folds(&self.recipe, true)? {
            let mut judge = Judge::new(self, |i| self.samples.fold(i, FOLDS) == fold);
            let mut record = |epoch: u32, w: &[f32]| -> Result<(), Error> {
                validation.record(epoch as usize, judge.scores(w)?);
                Ok(())
            };
            record(0, self.factory)?;
            extra.add(&training.end(&mut record).await?);
        }
        Ok((validation.decide(&self.options.rule(Criterion::Accuracy)), extra))
    }
}
