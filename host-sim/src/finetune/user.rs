//! One run: a person labels a few samples, the model is fine-tuned on them, and both are tested before and after.

use super::guarded::{Kept, Start};
use super::plan::Job;
use super::samples::Samples;
use super::tuned::{BOLD, Case, Tuned, tuned};
use super::{Base, Error, HARM, Options, Point, Purpose, Ram, Row, Settings, Study, arms, seed};
use crate::model::{Halves, Model, Workspace, model};
use crate::train::{Averaging, Recipe, Trainer, method_cost};
use flatmin::bill::Bill;
use flatmin::state::Cost;
use flatmin::tune::Outcome;
use std::time::{Duration, Instant};

/// Fine-tunes `base` for the person of `job`.
pub(super) async fn run(
    job: &Job<'_>,
    base: &Base,
    settings: &Settings,
    trainer: Trainer,
) -> Result<Row, Error> {
    let options = job.variant.options;
    let (tuned, recipe) = recipe(job, settings);
    let mut samples = Samples::draw(job, base)?;
    let model = model(job.corpus.net, options.scope);
    let (factory, frozen) = model.split(&base.weights)?;
    let halves = model.halves().filter(|_| options.features);
    let features = match halves {
        Some(halves) => samples.keep_features(halves.body, &frozen)?,
        None => 0,
    };
    let start = Start {
        model,
        head: halves.map(|halves| halves.head),
        factory: &factory,
        frozen: &frozen,
        samples: &samples,
        recipe,
        options,
        trainer,
    };
    let tested = start.tested().await?;
    Ok(row(job, base, tuned, &start, features, tested))
}

/// What fine-tuning ended with, and how the model did before, on the way and after.
struct Tested {
    kept: Kept,
    new: [f64; 2],
    old_after: f64,
    train_after: f64,
    curve: Vec<Point>,
    /// Of fine-tuning, without the tests and without waiting for others.
    seconds: f64,
}

impl Start<'_> {
    /// Fine-tunes, and tests before, at every epoch and after.
    async fn tested(&self) -> Result<Tested, Error> {
        let samples = self.samples;
        let mut workspace = Workspace::new(self.model, self.frozen);
        let new_before = workspace.accuracy(&samples.new_test, self.factory)?;
        let mut curve = vec![samples.point(&mut workspace, 0, self.factory)?];
        let (began, mut testing) = (Instant::now(), Duration::ZERO);
        let mut test = |epoch, w: &[f32]| {
            let began = Instant::now();
            curve.push(samples.point(&mut workspace, epoch, w)?);
            let loss = workspace.score(&samples.labelled, w)?.mean_loss();
            testing += began.elapsed();
            Ok(loss)
        };
        let kept = self.tune(&mut test).await?;
        let seconds = began.elapsed().saturating_sub(testing + kept.trained.idle).as_secs_f64();
        Ok(Tested {
            new: [new_before, workspace.accuracy(&samples.new_test, &kept.weights)?],
            old_after: workspace.accuracy(&samples.old_test, &kept.weights)?,
            train_after: workspace.accuracy(&samples.labelled, &kept.weights)?,
            kept,
            curve,
            seconds,
        })
    }
}

/// The row of a run that kept the features of so many samples.
fn row(job: &Job<'_>, base: &Base, tuned: Tuned, start: &Start<'_>, features: usize, tested: Tested) -> Row {
    let Start { model, recipe, options, .. } = *start;
    let Tested { kept, new: [new_before, new_after], old_after, train_after, curve, seconds } = tested;
    let Kept { trained, outcome, alpha, diverged, .. } = kept;
    Row {
        task: job.task,
        person: job.person,
        seed: job.draw,
        method: job.variant.arm,
        replay: job.variant.replay,
        study: job.study,
        options,
        lr: tuned.lr,
        new_before,
        new_after,
        harmed: new_after < new_before - HARM,
        rolled_back: outcome == Some(Outcome::RolledBack),
        kept: match outcome {
            Some(Outcome::Kept { epoch }) => Some(epoch),
            _ => None,
        },
        alpha,
        old_before: base.old,
        old_after,
        train_after,
        gradients: trained.gradients,
        macs: macs(start, trained.gradients, features),
        ram: bill(model, &recipe, &options, [start.samples.labelled.len(), features]),
        diverged,
        curve,
        seconds,
    }
}

/// Multiply-adds of so many gradients, and of the features of so many samples.
fn macs(start: &Start<'_>, gradients: u64, features: usize) -> u64 {
    match start.model.halves().filter(|_| start.options.features) {
        Some(Halves { body, head }) => gradients * head.macs() + features as u64 * body.macs(),
        None => gradients * start.model.macs(),
    }
}

/// The tuned values, with the learning rate that was asked for, if any, and the recipe.
fn recipe(job: &Job<'_>, settings: &Settings) -> (Tuned, Recipe) {
    let (arm, options) = (job.variant.arm, job.variant.options);
    let seed = seed(Purpose::User, job.corpus.net, job.person, job.draw);
    let case = Case {
        task: job.task,
        noisy: options.noise > 0.0,
        scope: options.scope,
        replay: job.variant.replay > 0,
        odd: job.odd,
        base: options.base,
        anchored: options.anchor > 0.0,
    };
    let tuned = if job.study == Study::WrongLabels { BOLD } else { tuned(arm, case) };
    let tuned = Tuned { lr: settings.lr.unwrap_or(tuned.lr), ..tuned };
    let recipe = match job.study {
        Study::WrongLabels => arms::bold(arm, tuned, seed),
        Study::Methods | Study::Keeping | Study::Sequence => arms::recipe(arm, tuned, case.replay, seed),
    };
    (tuned, Recipe { anchor: options.anchor, device: settings.device, ..recipe })
}

/// What a device needs for the same run.
fn bill(model: &dyn Model, recipe: &Recipe, options: &Options, [labelled, features]: [usize; 2]) -> Ram {
    let average = recipe.average.map_or(Cost::NONE, Averaging::cost);
    let bill = Bill::sized(model.shape(), method_cost(model, recipe)).averaged(average);
    let bill = bill.features(features, model.halves().map_or(0, |halves| halves.body.values()));
    Start::bill(bill, recipe, options, labelled).into()
}
