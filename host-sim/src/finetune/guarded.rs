//! Fine-tuning under a guard: what trains, what is held out, and which weights are kept.

use super::samples::Samples;
use super::{Guard, Options};
use crate::model::{Example, Lesson, Model, Workspace};
use crate::train::{Averaging, Error, OnEpoch, Outcome as Trained, Recipe, Trainer, Training};
use flatmin::backend::Cpu;
use flatmin::bill::Bill;
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{Criterion, Guard as Keeper, Outcome, Rule, Score, Scores, Trust};
use std::time::Duration;

/// Folds of the cross-fitting behind trust.
const FOLDS: usize = 2;
/// Points tried on the way to the tuned weights.
const WISE_STEPS: u32 = 4;

/// Everything that fine-tuning starts from.
pub(super) struct Start<'a> {
    pub(super) model: &'static dyn Model,
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
}

impl Start<'_> {
    /// Fine-tunes as the options say; `watch` sees the run that counts.
    pub(super) async fn tune(&self, watch: &mut OnEpoch<'_>) -> Result<Kept, Error> {
        match self.options.guard {
            Guard::Off => self.unguarded(watch).await,
            Guard::Accuracy => self.held_out(Criterion::Accuracy, watch).await,
            Guard::Loss => self.held_out(Criterion::Loss, watch).await,
            Guard::Trust => self.trusting(watch).await,
        }
    }

    /// The bill with what the guard needs on a device: a vector for the best weights, or one for the mean (if the recipe
    /// has no average yet) and a float a labelled sample; the guard of the mean works in the gradient's buffer.
    pub(super) fn bill(bill: Bill, recipe: &Recipe, options: &Options, labelled: usize) -> Bill {
        match options.guard {
            Guard::Off => bill,
            Guard::Accuracy | Guard::Loss => bill.guard(),
            Guard::Trust if recipe.average.is_some() => bill.trust(labelled),
            Guard::Trust => bill.averaged(Averaging::Swa { from: 0.0 }.cost()).trust(labelled),
        }
    }

    async fn unguarded(&self, watch: &mut OnEpoch<'_>) -> Result<Kept, Error> {
        let lessons = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let trained = self.begin(lessons, &self.recipe, true)?.end(watch).await?;
        Ok(Kept { weights: trained.weights.clone(), trained, outcome: None, alpha: None })
    }

    /// The best epoch by samples that did not train.
    async fn held_out(&self, criterion: Criterion, watch: &mut OnEpoch<'_>) -> Result<Kept, Error> {
        let samples = self.samples;
        let held = samples.labelled.iter().enumerate().filter(|(i, _)| samples.is_held_out(*i));
        let held: Vec<Example<'_>> = held.map(|(_, example)| *example).collect();
        let mut workspace = Workspace::new(self.model, self.frozen);
        let mut scores = |w: &[f32]| -> Result<Scores, Error> {
            let (new, old) = (workspace.score(&held, w)?, workspace.score(&samples.validation, w)?);
            Ok(Scores { new, old })
        };
        let (mut cpu, rule) = (Cpu::detect(), Rule { criterion, ..Rule::default() });
        let factory = scores(self.factory)?;
        let mut guard = Keeper::new(rule, factory, vec![0.0; self.factory.len()]);
        let lessons = self.lessons_outside(|i| samples.is_held_out(i));
        let training = self.begin(lessons, &self.recipe, true)?;
        let mut observe = |epoch, w: &[f32]| {
            guard.observe::<Cpu>(&mut cpu, w, scores(w)?)?;
            watch(epoch, w)
        };
        let trained = training.end(&mut observe).await?;
        let mut weights = trained.weights.clone();
        if !self.options.wise_ft {
            let outcome = guard.finish::<Cpu>(&mut Cpu::detect(), &mut weights, self.factory)?;
            return Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None });
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
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: Some(search.alpha()) })
    }

    /// Lessons of the labelled samples that do not `sit_out`, and every replayed one.
    fn lessons_outside(&self, sits_out: impl Fn(usize) -> bool) -> Vec<Lesson<'_>> {
        let count = self.samples.labelled.len();
        let all = self.samples.lessons(|_| true, |_| 1.0, self.options.distil);
        let keep = |(i, lesson)| (i >= count || !sits_out(i)).then_some(lesson);
        all.into_iter().enumerate().filter_map(keep).collect()
    }

    /// All labelled samples, each as far as it is believed; see [`Trust`].
    async fn trusting(&self, watch: &mut OnEpoch<'_>) -> Result<Kept, Error> {
        let (samples, distil) = (self.samples, self.options.distil);
        let mut memory = vec![0.0; samples.labelled.len()];
        let mut trust = Trust::new(&mut memory);
        let mut workspace = Workspace::new(self.model, self.frozen);
        let mut believe =
            |trust: &mut Trust<'_>, of: &dyn Fn(usize) -> bool, w: &[f32]| -> Result<(), Error> {
                for (i, example) in samples.labelled.iter().enumerate().filter(|(i, _)| of(*i)) {
                    trust.add(i, workspace.logits(example.x, w)?, example.label.into());
                }
                Ok(())
            };
        believe(&mut trust, &|_| true, self.factory)?;
        let recipe = Recipe { average: Some(Averaging::Swa { from: 0.0 }), ..self.recipe };
        let a_quarter = Recipe { epochs: (recipe.epochs / 4).max(1), average: None, ..recipe };
        // Both are asked for before either is waited for.
        let mut folds = Vec::with_capacity(FOLDS);
        for fold in 0..FOLDS {
            let lessons = samples.lessons(|i| samples.fold(i, FOLDS) != fold, |_| 1.0, distil);
            if !lessons.is_empty() {
                folds.push((fold, self.begin(lessons, &a_quarter, false)?));
            }
        }
        let (mut extra, mut idle) = (0, Duration::ZERO);
        for (fold, training) in folds {
            let outside = training.end(&mut |_, _| Ok(())).await?;
            extra += outside.gradients;
            idle += outside.idle;
            believe(&mut trust, &|i| samples.fold(i, FOLDS) == fold, &outside.weights)?;
        }
        let lessons = samples.lessons(|_| true, |i| trust.of(i), distil);
        let mut trained = self.begin(lessons, &recipe, true)?.end(watch).await?;
        trained.gradients += extra;
        trained.idle += idle;
        let mut on_labelled = |w: &[f32]| -> Result<Scores, Error> {
            Ok(Scores { new: workspace.score(&samples.labelled, w)?, old: Score::default() })
        };
        let mut cpu = Cpu::detect();
        let mut guard =
            Keeper::new(Rule::default(), on_labelled(self.factory)?, vec![0.0; self.factory.len()]);
        let mut weights = trained.weights.clone();
        guard.observe::<Cpu>(&mut cpu, &weights, on_labelled(&weights)?)?;
        let outcome = guard.finish::<Cpu>(&mut cpu, &mut weights, self.factory)?;
        let outcome = match outcome {
            Outcome::Kept { .. } => Outcome::Kept { epoch: recipe.epochs },
            rolled_back => rolled_back,
        };
        Ok(Kept { weights, trained, outcome: Some(outcome), alpha: None })
    }

    /// Asks for a training from the factory weights.
    fn begin<'a>(
        &'a self,
        lessons: Vec<Lesson<'a>>,
        recipe: &Recipe,
        watched: bool,
    ) -> Result<Training<'a>, Error> {
        self.trainer.begin((self.model, self.factory.to_vec()), self.frozen, lessons, recipe, watched)
    }
}
