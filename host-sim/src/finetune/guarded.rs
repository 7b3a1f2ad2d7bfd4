//! Fine-tuning under a guard: what trains, what is held out, and which weights are kept.

mod cross_validated;
mod held_out;
mod trusting;

use super::samples::Samples;
use super::{Guard, Options};
use crate::model::{Example, Lesson, Model, Workspace};
use crate::train::{Averaging, Error, Origin, Outcome as Trained, Recipe, Trainer, Training};
use flatmin::bill::Bill;
use flatmin::nn;
use flatmin::tune::{Criterion, Diverged, Divergence, Outcome, Scores};
use std::time::Duration;

/// Told of every epoch of the run that counts; answers with the mean loss on the labelled samples.
pub(super) type Watch<'a> = dyn FnMut(u32, &[f32]) -> Result<f32, Error> + Send + 'a;

/// Folds of cross-validation, and of the cross-fitting behind trust.
const FOLDS: usize = 2;

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

/// Who scores weights on labelled samples that did not train, and on the old ones of the guard.
struct Judge<'a> {
    workspace: Workspace<'a>,
    held: Vec<Example<'a>>,
    validation: &'a [Example<'a>],
}

impl<'a> Judge<'a> {
    /// By the labelled samples whose places are `held`.
    fn new(start: &'a Start<'_>, held: impl Fn(usize) -> bool) -> Self {
        let labelled = start.samples.labelled.iter().enumerate();
        Self {
            workspace: Workspace::new(start.model, start.frozen),
            held: labelled.filter(|(i, _)| held(*i)).map(|(_, example)| *example).collect(),
            validation: &start.samples.validation,
        }
    }

    fn scores(&mut self, w: &[f32]) -> Result<Scores, nn::Error> {
        let Self { workspace, held, validation } = self;
        Ok(Scores { new: workspace.score(held, w)?, old: workspace.score(validation, w)? })
    }
}

/// What the trainings outside the folds took, which count as part of the run.
#[derive(Default)]
struct Extra {
    gradients: u64,
    idle: Duration,
}

impl Extra {
    fn add(&mut self, outside: &Trained) {
        self.gradients += outside.gradients;
        self.idle += outside.idle;
    }

    fn charge(self, trained: Trained) -> Trained {
        Trained { gradients: trained.gradients + self.gradients, idle: trained.idle + self.idle, ..trained }
    }
}
