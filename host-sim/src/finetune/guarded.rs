//! Fine-tuning under a guard: what trains, what is held out, and which weights are kept.

use super::samples::Samples;
use super::{Guard, Options};
use crate::model::{Example, Lesson, Model, Workspace};
use crate::train::{Averaging, Error, Origin, Outcome as Trained, Recipe, Trainer, Training};
use flatmin::backend::Cpu;
use flatmin::bill::Bill;
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{
    Criterion, CrossValidation, Diverged, Divergence, Guard as Keeper, Outcome, Score, Scores, Trust, Verdict,
};
use std::time::Duration;

/// Told of every epoch of the run that counts; answers with the mean loss on the labelled samples.
pub(super) type Watch<'a> = dyn FnMut(u32, &[f32]) -> Result<f32, Error> + Send + 'a;

/// Folds of cross-validation, and of the cross-fitting behind trust.
const FOLDS: usize = 2;
/// Points tried on the way to the tuned weights.
const WISE_STEPS: u32 = 4;

/// Everything that fine-tuning starts from.
pub(super) struct Start<'a> {
    pub(super) model: &'static dyn Model,
    /// What trains on features, if the samples have them.
    pub(super) head: Option<&'static dyn Model>,
    pub(super) factory: &'a [f32],
    pub(super) frozen: &'a [f32],
    pub(super) samples: &'a Samples<'a>,
    pub(super) recipe: Recipe,
    pub(super) options: Options,
    pub(super) trainer: Trainer,
}

/// What fine-tuning ended with.
pub(super) struct Kept {
    /// The weights that the user gets.
    pub(super) weights: Vec<f32>,
    /// What training ended with, whatever the guard said.
    pub(super) trained: Trained,
    /// The guard's decision, if there is a guard.
    pub(super) outcome: Option<Outcome>,
    /// How far interpolation went.
    pub(super) alpha: Option<f32>,
    /// Whether training diverged. With a guard the factory weights are then in place again.
    pub(super) diverged: bool,
}

impl Start<'_> {
    /// Fine-tunes as the options say; `watch` sees the run that counts.
    pub(super) async fn tune(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        match self.options.guard {
            Guard::Off => self.unguarded(watch).await,
            Guard::Accuracy => self.held_out(Criterion::Accuracy, watch).await,
            Guard::Loss => self.held_out(Criterion::Loss, watch).await,
            Guard::Cross => self.cross_validated(watch).await,
            Guard::Trust => self.trusting(watch).await,
        }
    }

    /// The bill with what the guard needs on a device: a vector for the best weights; the scores of every epoch; or a
    /// vector for the mean (if the recipe has no average yet) and a float a labelled sample; the guard of the mean works in
    /// the gradient's buffer.
    pub(super) fn bill(bill: Bill, recipe: &Recipe, options: &Options, labelled: usize) -> Bill {
        match options.guard {
            Guard::Off => bill,
            Guard::Accuracy | Guard::Loss => bill.guard(),
            Guard::Cross => bill.cross_validated(recipe.epochs as usize),
            Guard::Trust if recipe.average.is_some() => bill.trust(labelled),
            Guard::Trust => bill.averaged(Averaging::Swa { from: 0.0 }.cost()).trust(labelled),
        }
    }

    async fn unguarded(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let lessons = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let (mut divergence, mut found) = (self.divergence(), None);
        let mut observe = |epoch, w: &[f32]| {
            found = divergence.epoch(watch(epoch, w)?).or(found);
            Ok(())
        };
        let trained = self.begin(lessons, &self.recipe, true)?.end(&mut observe).await?;
        let found = found.or(refused(&trained)).or(self.guesses(&trained.weights)?);
        let weights = trained.weights.clone();
        Ok(Kept { weights, trained, outcome: None, alpha: None, diverged: found.is_some() })
    }

    fn divergence(&self) -> Divergence {
        Divergence::new(self.samples.classes as u32)
    }

    /// Whether weights guess where the factory's did not, on all labelled samples.
    fn guesses(&self, w: &[f32]) -> Result<Option<Diverged>, Error> {
        let mut workspace = Workspace::new(self.model, self.frozen);
        let labelled = &self.samples.labelled;
        let (tuned, factory) = (workspace.score(labelled, w)?, workspace.score(labelled, self.factory)?);
        Ok(self.divergence().answers(&tuned, &factory))
    }

    /// The best epoch by samples that did not train.
    async fn held_out(&self, criterion: Criterion, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let samples = self.samples;
        let held = samples.labelled.iter().enumerate().filter(|(i, _)| samples.is_held_out(*i));
        let held: Vec<Example<'_>> = held.map(|(_, example)| *example).collect();
        let mut workspace = Workspace::new(self.model, self.frozen);
        let mut scores = |w: &[f32]| -> Result<Scores, Error> {
            let (new, old) = (workspace.score(&held, w)?, workspace.score(&samples.validation, w)?);
            Ok(Scores { new, old })
        };
        let (mut cpu, rule) = (Cpu::detect(), self.options.rule(criterion));
        let factory = scores(self.factory)?;
        let mut guard = Keeper::new(rule, factory, vec![0.0; self.factory.len()]);
        let lessons = self.lessons_outside(|i| samples.is_held_out(i));
        let training = self.begin(lessons, &self.recipe, true)?;
        let mut divergence = self.divergence();
        // A device stops here when patience runs out; the run goes on for the sake of its curve, unheeded.
        let mut over = false;
        let mut observe = |epoch, w: &[f32]| {
            let loss = watch(epoch, w)?;
            if !over {
                guard.heed(divergence.epoch(loss));
                over = guard.observe::<Cpu>(&mut cpu, w, scores(w)?)? == Verdict::Stop;
            }
            Ok(())
        };
        let trained = training.end(&mut observe).await?;
        guard.heed(refused(&trained));
        if let Some(best) = guard.weights::<Cpu>() {
            let found = self.guesses(best)?;
            guard.heed(found);
        }
        let mut weights = trained.weights.clone();
        let diverged = guard.diverged().is_some();
        if diverged || !self.options.wise_ft {
            let outcome = guard.finish::<Cpu>(&mut Cpu::detect(), &mut weights, self.factory)?;
            let alpha = self.options.wise_ft.then_some(0.0);
            return Ok(Kept { weights, trained, outcome: Some(outcome), alpha, diverged });
        }
        let tuned = guard.weights::<Cpu>().unwrap_or(&trained.weights);
        let mut search = WiseFt::new(rule, factory, WISE_STEPS);
        while let Some(alpha) = search.next() {
            interpolate::<Cpu>(&mut cpu, &mut weights, self.factory, tuned, alpha)?;
            search.observe(scores(&weights)?);
        }
        interpolate::<Cpu>(&mut cpu, &mut weights, self.factory, tuned, search.alpha())?;
        let outcome = match (search.outcome(), guard.outcome()) {
            (Outcome::Kept { .. }, Outcome::RolledBack) => Outcome::Kept { epoch: self.recipe.epochs },
            (Outcome::Kept { .. }, kept) => kept,
            (rolled_back, _) => rolled_back,
        };
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: Some(search.alpha()), diverged })
    }

    /// As many epochs as are best for samples that did not train, each of them held out once; then a run on all of them.
    /// (A device ends that run at the chosen epoch, or does not begin it; here it goes on for the sake of its curve.)
    async fn cross_validated(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let samples = self.samples;
        let mut workspace = Workspace::new(self.model, self.frozen);
        let mut table = vec![Scores::default(); self.recipe.epochs as usize + 1];
        let mut validation = CrossValidation::new(&mut table);
        let (mut extra, mut idle) = (0, Duration::ZERO);
        for (fold, training) in self.begin_folds(&self.recipe, true)? {
            let held = samples.labelled.iter().enumerate().filter(|(i, _)| samples.fold(*i, FOLDS) == fold);
            let held: Vec<Example<'_>> = held.map(|(_, example)| *example).collect();
            let mut record = |epoch: u32, w: &[f32]| -> Result<(), Error> {
                let (new, old) = (workspace.score(&held, w)?, workspace.score(&samples.validation, w)?);
                validation.record(epoch as usize, Scores { new, old });
                Ok(())
            };
            record(0, self.factory)?;
            let outside = training.end(&mut record).await?;
            extra += outside.gradients;
            idle += outside.idle;
        }
        let chosen = validation.decide(&self.options.rule(Criterion::Accuracy));
        let lessons = samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let (mut divergence, mut found, mut weights) = (self.divergence(), None, self.factory.to_vec());
        let mut observe = |epoch: u32, w: &[f32]| {
            found = divergence.epoch(watch(epoch, w)?).or(found);
            if chosen == (Outcome::Kept { epoch }) {
                weights.copy_from_slice(w);
            }
            Ok(())
        };
        let mut trained = self.begin(lessons, &self.recipe, true)?.end(&mut observe).await?;
        trained.gradients += extra;
        trained.idle += idle;
        let diverged = found.or(refused(&trained)).or(self.guesses(&weights)?).is_some();
        if diverged {
            weights.copy_from_slice(self.factory);
        }
        let outcome = if diverged { Outcome::RolledBack } else { chosen };
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None, diverged })
    }

    /// Asks for a training on the samples outside each fold, all before any is waited for.
    fn begin_folds(&self, recipe: &Recipe, watched: bool) -> Result<Vec<(usize, Training<'_>)>, Error> {
        let mut folds = Vec::with_capacity(FOLDS);
        for fold in 0..FOLDS {
            let outside = |i| self.samples.fold(i, FOLDS) != fold;
            let lessons = self.samples.lessons(outside, |_| 1.0, self.options.distil);
            if !lessons.is_empty() {
                folds.push((fold, self.begin(lessons, recipe, watched)?));
            }
        }
        Ok(folds)
    }

    /// Lessons of the labelled samples that do not `sit_out`, and every replayed one.
    fn lessons_outside(&self, sits_out: impl Fn(usize) -> bool) -> Vec<Lesson<'_>> {
        let count = self.samples.labelled.len();
        let all = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let keep = |(i, lesson)| (i >= count || !sits_out(i)).then_some(lesson);
        all.into_iter().enumerate().filter_map(keep).collect()
    }

    /// All labelled samples, each as far as it is believed; see [`Trust`].
    async fn trusting(&self, watch: &mut Watch<'_>) -> Result<Kept, Error> {
        let (samples, distil) = (self.samples, self.options.distil);
        let mut memory = vec![0.0; samples.labelled.len()];
        let mut trust = Trust::new(&mut memory);
        let mut workspace = Workspace::new(self.model, self.frozen);
        // One pass serves trust and the guard.
        let mut believe =
            |trust: &mut Trust<'_>, of: &dyn Fn(usize) -> bool, w: &[f32]| -> Result<Score, Error> {
                let mut score = Score::default();
                for (i, example) in samples.labelled.iter().enumerate().filter(|(i, _)| of(*i)) {
                    let logits = workspace.logits(example.x, w)?;
                    trust.add(i, logits, example.label.into());
                    score.add(logits, example.label.into());
                }
                Ok(score)
            };
        let factory = believe(&mut trust, &|_| true, self.factory)?;
        // A method's own average is its candidate; where there is none, the mean of all epochs is.
        let average = self.recipe.average.unwrap_or(Averaging::Swa { from: 0.0 });
        let recipe = Recipe { average: Some(average), ..self.recipe };
        let a_quarter = Recipe { epochs: (recipe.epochs / 4).max(1), average: None, ..recipe };
        let (mut extra, mut idle) = (0, Duration::ZERO);
        for (fold, training) in self.begin_folds(&a_quarter, false)? {
            let outside = training.end(&mut |_, _| Ok(())).await?;
            extra += outside.gradients;
            idle += outside.idle;
            believe(&mut trust, &|i| samples.fold(i, FOLDS) == fold, &outside.weights)?;
        }
        let lessons = samples.lessons(|_| true, |i| trust.of(i), distil);
        let on_labelled = |new| Scores { new, old: Score::default() };
        let rule = self.options.rule(Criterion::Accuracy);
        let mut guard = Keeper::new(rule, on_labelled(factory), vec![0.0; self.factory.len()]);
        let mut divergence = self.divergence();
        let mut observe = |epoch, w: &[f32]| {
            guard.heed(divergence.epoch(watch(epoch, w)?));
            Ok(())
        };
        let mut trained = self.begin(lessons, &recipe, true)?.end(&mut observe).await?;
        trained.gradients += extra;
        trained.idle += idle;
        let (mut cpu, mut weights) = (Cpu::detect(), trained.weights.clone());
        let tuned = workspace.score(&samples.labelled, &weights)?;
        guard.heed(refused(&trained).or(divergence.answers(&tuned, &factory)));
        guard.observe::<Cpu>(&mut cpu, &weights, on_labelled(tuned))?;
        let outcome = guard.finish::<Cpu>(&mut cpu, &mut weights, self.factory)?;
        let outcome = match outcome {
            Outcome::Kept { .. } => Outcome::Kept { epoch: recipe.epochs },
            rolled_back => rolled_back,
        };
        let diverged = guard.diverged().is_some();
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None, diverged })
    }

    /// Asks for a training from the factory weights.
    fn begin<'a>(
        &'a self,
        lessons: Vec<Lesson<'a>>,
        recipe: &Recipe,
        watched: bool,
    ) -> Result<Training<'a>, Error> {
        let (model, frozen) = self.head.map_or((self.model, self.frozen), |head| (head, &[][..]));
        self.trainer.begin(
            Origin { model, w: self.factory.to_vec(), frozen, factory: None },
            lessons,
            recipe,
            watched,
        )
    }
}

/// What a step that was dropped as not finite says of a run.
fn refused(trained: &Trained) -> Option<Diverged> {
    (trained.refused > 0).then_some(Diverged::NonFinite)
}
