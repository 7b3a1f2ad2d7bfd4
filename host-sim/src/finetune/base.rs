//! Base models: what is shipped before a person is known.

use super::plan::{BaseKey, Job};
use super::split::Split;
use super::stored::Stored;
use super::{Arm, Corpus, Error, Progress, Purpose, Scope, Settings, arms, seed, training};
use crate::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use crate::model::{Lesson, Model, Net, Workspace, initial, model};
use crate::pretrain::BlobFile;
use crate::train::{Device, Origin, Recipe, Trainer, teach_from};
use flatmin::schedule::Cosine;
use std::collections::HashMap;

/// A model that has never seen one person.
pub(crate) struct Base {
    net: Net,
    /// Which samples serve what.
    pub(crate) split: Split,
    /// The full vector.
    pub(crate) weights: Vec<f32>,
    /// Accuracy on the old test, in [0, 1].
    pub(crate) old: f64,
    /// The old samples that came with it, if it came in a blob.
    pub(super) stored: Option<Stored>,
}

impl Base {
    /// Trains on everyone but `person` with `arm`.
    pub(crate) async fn train(
        corpus: &Corpus,
        person: u8,
        repetition: u32,
        arm: Arm,
        place: (Device, Trainer),
    ) -> Result<Self, Error> {
        Self::train_on(corpus, Split::without(corpus, person)?, (person, repetition), arm, place).await
    }

    /// The same on a split of the samples.
    pub(crate) async fn train_on(
        corpus: &Corpus,
        split: Split,
        (person, repetition): (u8, u32),
        arm: Arm,
        (device, trainer): (Device, Trainer),
    ) -> Result<Self, Error> {
        let (origin, lessons, recipe) = beginning(corpus, &split, (person, repetition), arm, device);
        let training = trainer.begin(origin, lessons, &recipe, false)?;
        let weights = training.end(&mut |_, _| Ok(())).await?.weights;
        Self::of(corpus, split, weights, None)
    }

    /// [`Self::train`] for a caller who waits.
    pub(crate) fn train_alone(
        corpus: &Corpus,
        person: u8,
        repetition: u32,
        arm: Arm,
        (device, progress): (Device, &dyn Progress),
    ) -> Result<Self, Error> {
        let split = Split::without(corpus, person)?;
        let (origin, lessons, recipe) = beginning(corpus, &split, (person, repetition), arm, device);
        let weights = teach_from(origin, &lessons, &recipe, progress, &mut |_, _| Ok(()))?.weights;
        Self::of(corpus, split, weights, None)
    }

    /// The model of a blob, which must have been trained without `person`.
    fn load(corpus: &Corpus, person: u8, file: &BlobFile) -> Result<Self, Error> {
        let blob = file.of_person(model(corpus.net, Scope::All), person)?;
        let split = Split::without(corpus, person)?;
        Self::of(corpus, split, blob.weights().to_vec(), Some(Stored::of(&blob)))
    }

    fn of(corpus: &Corpus, split: Split, weights: Vec<f32>, stored: Option<Stored>) -> Result<Self, Error> {
        let net = corpus.net;
        let mut workspace = Workspace::new(model(net, Scope::All), &[]);
        let old = workspace.accuracy(&corpus.examples(&split.old_test), &weights)?;
        Ok(Self { net, split, weights, old, stored: stored.filter(|stored| !stored.is_empty()) })
    }

    /// Its network, every weight of which trains.
    pub(crate) fn net(&self) -> &'static dyn Model {
        model(self.net, Scope::All)
    }
}

/// From where, on what and how a base model is trained.
fn beginning<'a>(
    corpus: &'a Corpus,
    split: &Split,
    (person, repetition): (u8, u32),
    arm: Arm,
    device: Device,
) -> (Origin<'static>, Vec<Lesson<'a>>, Recipe) {
    let recipe = arms::base(arm, corpus.net, seed(Purpose::Base, corpus.net, person, repetition));
    let net = model(corpus.net, Scope::All);
    let lessons = corpus.examples(&split.base).into_iter().map(Lesson::from).collect();
    let origin = Origin { model: net, w: initial(net, recipe.seed), frozen: &[], factory: None };
    (origin, lessons, Recipe { device, ..recipe })
}

/// Training from scratch: batch 32, momentum 0.9, weight decay 5e-4, a cosine from `lr` to 0; one epoch.
pub(crate) const fn pretraining(method: MethodSpec, lr: f32, seed: u64) -> Recipe {
    Recipe {
        spec: Spec::new(method, OptimizerSpec::momentum(0.9, 5e-4)),
        epochs: 1,
        batch: 32,
        lr: Rate::Cosine(Cosine { from: lr, to: 0.0 }),
        average: None,
        seed,
        anchor: 0.0,
        fresh_epochs: false,
        device: Device::Cpu,
    }
}

/// The base models of all jobs, each trained or read once.
pub(super) fn all(
    jobs: &[Job<'_>],
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<HashMap<BaseKey, Base>, Error> {
    let mut wanted: Vec<_> = jobs.iter().map(|job| (job.base(), job.corpus)).collect();
    wanted.sort_by_key(|(key, _)| *key);
    wanted.dedup_by_key(|(key, _)| *key);
    let file = settings.blob.as_deref().map(BlobFile::read).transpose()?;
    let file = file.as_ref();
    let bases = training(settings, progress, "base models", &wanted, |wanted, trainer| async move {
        let &((_, person, repetition, arm), corpus) = wanted;
        match (arm, file) {
            (None, Some(file)) => Base::load(corpus, person, file),
            (arm, _) => {
                let arm = arm.unwrap_or(Arm::Sgd);
                Base::train(corpus, person, repetition, arm, (settings.device, trainer)).await
            }
        }
    })?;
    Ok(wanted.iter().map(|(key, _)| *key).zip(bases).collect())
}
