//! One run: a person labels a few samples, the model is fine-tuned on them, and both are tested before and after.

use super::guarded::{Kept, Start};
use super::plan::Job;
use super::samples::Samples;
use super::tuned::{BOLD, Case, Tuned, tuned};
use super::{Base, Error, HARM, Options, Purpose, Ram, Row, Settings, Study, arms, seed};
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
    let mut workspace = Workspace::new(model, &frozen);
    let halves = model.halves().filter(|_| options.features);
    let kept = match halves {
        Some(halves) => samples.keep_features(halves.body, &frozen)?,
        None => 0,
    };
    let samples = samples;
    let head = halves.map(|halves| halves.head);
    let start = Start {
        model,
        head,
        factory: &factory,
        frozen: &frozen,
        samples: &samples,
        recipe,
        options,
        trainer,
    };

    let new_before = workspace.accuracy(&samples.new_test, &factory)?;
    let mut curve = vec![samples.point(&mut workspace, 0, &factory)?];
    let (began, mut testing) = (Instant::now(), Duration::ZERO);
    let mut test = |epoch, w: &[f32]| {
        let began = Instant::now();
        curve.push(samples.point(&mut workspace, epoch, w)?);
        let loss = workspace.score(&samples.labelled, w)?.mean_loss();
        testing += began.elapsed();
        Ok(loss)
    };
    let Kept { weights, trained, outcome, alpha, diverged } = start.tune(&mut test).await?;
    let seconds = began.elapsed().saturating_sub(testing + trained.idle).as_secs_f64();

    let new_after = workspace.accuracy(&samples.new_test, &weights)?;
    Ok(Row {
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
        old_after: workspace.accuracy(&samples.old_test, &weights)?,
        train_after: workspace.accuracy(&samples.labelled, &weights)?,
        gradients: trained.gradients,
        macs: match halves {
            Some(Halves { body, head }) => trained.gradients * head.macs() + kept as u64 * body.macs(),
            None => trained.gradients * model.macs(),
        },
        ram: bill(model, &recipe, &options, [samples.labelled.len(), kept]),
        diverged,
        curve,
        seconds,
    })
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
fn bill(model: &dyn Model, recipe: &Recipe, options: &Options, [labelled, kept]: [usize; 2]) -> Ram {
    let average = recipe.average.map_or(Cost::NONE, Averaging::cost);
    let bill = Bill::sized(model.shape(), method_cost(model, recipe)).averaged(average);
    let bill = bill.features(kept, model.halves().map_or(0, |halves| halves.body.values()));
    Start::bill(bill, recipe, options, labelled).into()
}
