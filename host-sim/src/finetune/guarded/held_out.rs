//! The best epoch by samples that did not train, and how far to go to it.

use super::{Judge, Kept, Start, Watch, refused};
use crate::model::Lesson;
use crate::train::{Error, Outcome as Trained};
use flatmin::backend::Cpu;
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{Criterion, Guard, Outcome, Rule, Scores, Verdict};

/// Points tried on the way to the tuned weights.
const WISE_STEPS: u32 = 4;

impl Start<'_> {
    /// The best epoch by samples that did not train.
    pub(super) async fn held_out(&self, criterion: Criterion, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let mut judge = Judge::new(self, |i| self.samples.is_held_out(i));
        let rule = self.options.rule(criterion);
        let factory = judge.scores(self.factory)?;
        let mut guard = Guard::new(rule, factory, vec![0.0; self.factory.len()]);
        let trained = self.train_guarded(&mut guard, &mut judge, watch).await?;
        let mut weights = trained.weights.clone();
        let diverged = guard.diverged().is_some();
        let (outcome, alpha) = if diverged || !self.options.wise_ft {
            let outcome = guard.finish::<Cpu>(&mut Cpu::detect(), &mut weights, self.factory)?;
            (outcome, self.options.wise_ft.then_some(0.0))
        } else {
            let tuned = guard.weights::<Cpu>().unwrap_or(&trained.weights);
            let search = self.search((rule, factory), tuned, &mut judge, &mut weights)?;
            (self.agreed(search.outcome(), guard.outcome()), Some(search.alpha()))
        };
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha, diverged })
    }

    /// Trains on what is not held out and shows each epoch to the guard; then the guard hears whether training diverged.
    async fn train_guarded(
        &self,
        guard: &mut Guard<Vec<f32>>,
        judge: &mut Judge<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Trained, Error> {
        let training = self.begin(self.lessons_not_held_out(), &self.recipe, true)?;
        let (mut cpu, mut divergence) = (Cpu::detect(), self.divergence());
        // A device stops here when patience runs out; the run goes on for the sake of its curve, unheeded.
        let mut over = false;
        let mut observe = |epoch, w: &[f32]| {
            let loss = watch(epoch, w)?;
            if !over {
                guard.heed(divergence.epoch(loss));
                over = guard.observe::<Cpu>(&mut cpu, w, judge.scores(w)?)? == Verdict::Stop;
            }
            Ok(())
        };
        let trained = training.end(&mut observe).await?;
        guard.heed(refused(&trained));
        if let Some(best) = guard.weights::<Cpu>() {
            let found = self.guesses(best)?;
            guard.heed(found);
        }
        Ok(trained)
    }

    /// Lessons of the labelled samples that are not held out, and every replayed one.
    fn lessons_not_held_out(&self) -> Vec<Lesson<'_>> {
        let count = self.samples.labelled.len();
        let all = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let keep = |(i, lesson)| (i >= count || !self.samples.is_held_out(i)).then_some(lesson);
        all.into_iter().enumerate().filter_map(keep).collect()
    }

    /// Leaves in `weights` the best point on the way from the factory's to the `tuned` ones.
    fn search(
        &self,
        (rule, factory): (Rule, Scores),
        tuned: &[f32],
        judge: &mut Judge<'_>,
        weights: &mut [f32],
    ) -> Result<WiseFt, Error> {
        let (mut cpu, mut search) = (Cpu::detect(), WiseFt::new(rule, factory, WISE_STEPS));
        while let Some(alpha) = search.next() {
            interpolate::<Cpu>(&mut cpu, weights, self.factory, tuned, alpha)?;
            search.observe(judge.scores(weights)?);
        }
        interpolate::<Cpu>(&mut cpu, weights, self.factory, tuned, search.alpha())?;
        Ok(search)
    }

    /// What comes of it, by the search and by the guard; where the guard kept no epoch, the search started from the last.
    const fn agreed(&self, search: Outcome, guard: Outcome) -> Outcome {
        match (search, guard) {
            (Outcome::Kept { .. }, Outcome::RolledBack) => Outcome::Kept { epoch: self.recipe.epochs },
            (Outcome::Kept { .. }, kept) => kept,
            (rolled_back, _) => rolled_back,
        }
    }
}
