//! The one training loop: base models and fine-tuning, every method, every average.

mod average;
mod order;

pub use average::Averaging;

use crate::compose::{Anchor, AnyMethod, Failure, Rate, Spec, boxed_anchored};
use crate::model::{Example, Lesson, Model, Workspace};
use average::Running;
use flatmin::backend::Cpu;
use flatmin::drive::StepError;
use flatmin::layout::filters;
use flatmin::method::{Clock, Request};
use flatmin::nn;
use flatmin::schedule::Schedule;
use flatmin::state::Cost;

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Method and optimizer.
    pub spec: Spec,
    /// Passes over the examples.
    pub epochs: u32,
    /// Examples of a mini-batch. An epoch drops its last, partial one; fewer examples are one batch.
    pub batch: usize,
    /// Learning rate over the steps.
    pub lr: Rate,
    /// Which weights count in the end: an average, or the last ones.
    pub average: Option<Averaging>,
    /// Decides order, noise and coins.
    pub seed: u64,
    /// How strongly every weight is pulled towards those that training starts from; 0 is not at all.
    pub anchor: f32,
    /// Whether method, optimizer and gate begin each epoch anew (a velocity of 0), as after a reset of a device.
    pub fresh_epochs: bool,
}

/// What came out of a training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Trained weights: averaged if the recipe says so, else the last ones.
    pub weights: Vec<f32>,
    /// Gradients of single samples that were evaluated.
    pub gradients: u64,
    /// Steps that were dropped because a loss or a gradient was not finite; the weights stayed as before each.
    pub refused: u32,
}

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to train on.
    #[error("there is no example to train on; give at least one")]
    NoExamples,
    /// A batch of no example.
    #[error("a mini-batch needs at least one example; set batch to 1 or more")]
    EmptyBatch,
    /// The run has more steps than a clock can count.
    #[error("{epochs} epochs of {steps} steps are too many; the limit is 4294967295 steps")]
    TooLong {
        /// Epochs asked for.
        epochs: u32,
        /// Steps of an epoch.
        steps: usize,
    },
    /// The model refused its arguments.
    #[error("the model cannot be evaluated: {0}; inputs and labels must fit the network")]
    Model(#[from] nn::Error),
    /// The method refused its hyperparameters or buffers.
    #[error("the method refused: {0}")]
    Method(#[from] flatmin::Error),
    /// The objective failed.
    #[error("a gradient cannot be had: {0}")]
    Objective(Failure),
}

/// Memory that method and average of a recipe need beside weights and gradient, in bytes.
pub fn state_bytes(model: &dyn Model, recipe: &Recipe) -> usize {
    let anchor = (recipe.anchor > 0.0).then(|| anchor(model, &[], recipe.anchor));
    let method = boxed_anchored::<Cpu>(&recipe.spec, anchor, model.segments(), recipe.seed).cost();
    let average = recipe.average.map_or(Cost::NONE, |average| average.cost());
    method.plus(average).bytes(model.trainable(), filters(model.segments()))
}

/// Called at the end of an epoch with the epochs done and the weights that would be returned then.
pub type OnEpoch<'a> = dyn FnMut(u32, &[f32]) -> Result<(), Error> + 'a;

/// Trains `w`.
///
/// # Errors
/// When there is nothing to train on, or model or method refuse what they are given. A loss or gradient that is not
/// finite is no error: it is counted in [`Outcome::refused`].
pub fn train(
    model: &'static dyn Model,
    w: Vec<f32>,
    frozen: &[f32],
    examples: &[Example<'_>],
    recipe: &Recipe,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Outcome, Error> {
    let lessons: Vec<Lesson<'_>> = examples.iter().map(|&example| example.into()).collect();
    teach(model, w, frozen, &lessons, recipe, on_epoch)
}

/// [`train`] on lessons: any targets, any weights.
///
/// # Errors
/// As [`train`].
pub fn teach(
    model: &'static dyn Model,
    w: Vec<f32>,
    frozen: &[f32],
    lessons: &[Lesson<'_>],
    recipe: &Recipe,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Outcome, Error> {
    if lessons.is_empty() {
        return Err(Error::NoExamples);
    }
    let batch = recipe.batch.min(lessons.len());
    let steps = lessons.len().checked_div(batch).ok_or(Error::EmptyBatch)?;
    let total = u32::try_from(steps).ok().and_then(|steps| steps.checked_mul(recipe.epochs));
    let total = total.ok_or(Error::TooLong { epochs: recipe.epochs, steps })?;
    let mut average = Running::new(recipe.average, w.len());
    let mut trainer = Trainer::new(model, w, frozen, recipe, total);
    for epoch in 0..recipe.epochs {
        if recipe.fresh_epochs {
            trainer.method = method(model, recipe, &trainer.factory);
        }
        let order = order::epoch(recipe.seed, epoch, lessons.len());
        for samples in order.chunks_exact(batch) {
            trainer.step(lessons, samples)?;
            average.after_step(&mut trainer.cpu, &trainer.w)?;
        }
        average.after_epoch(&mut trainer.cpu, &trainer.w, trainer.steps, total)?;
        on_epoch(epoch + 1, average.mean().unwrap_or(&trainer.w))?;
    }
    let weights = average.mean().map(<[f32]>::to_vec);
    let Trainer { w, gradients, refused, .. } = trainer;
    Ok(Outcome { weights: weights.unwrap_or(w), gradients, refused })
}

/// The same pull to `factory` for every filter.
fn anchor(model: &dyn Model, factory: &[f32], strength: f32) -> Anchor<Vec<f32>> {
    Anchor { factory: factory.to_vec(), strengths: vec![strength; filters(model.segments())] }
}

/// The recipe's method before its first step.
fn method(model: &dyn Model, recipe: &Recipe, factory: &Option<Anchor<Vec<f32>>>) -> Box<dyn AnyMethod<Cpu>> {
    boxed_anchored::<Cpu>(&recipe.spec, factory.clone(), model.segments(), recipe.seed)
}

/// Weights on their way.
struct Trainer<'a> {
    workspace: Workspace<'a>,
    factory: Option<Anchor<Vec<f32>>>,
    method: Box<dyn AnyMethod<Cpu>>,
    cpu: Cpu,
    w: Vec<f32>,
    g: Vec<f32>,
    lr: Rate,
    total: u32,
    steps: u32,
    gradients: u64,
    refused: u32,
}

impl<'a> Trainer<'a> {
    fn new(model: &'static dyn Model, w: Vec<f32>, frozen: &'a [f32], recipe: &Recipe, total: u32) -> Self {
        let factory = (recipe.anchor > 0.0).then(|| anchor(model, &w, recipe.anchor));
        Self {
            workspace: Workspace::new(model, frozen),
            method: method(model, recipe, &factory),
            factory,
            cpu: Cpu::detect(),
            g: vec![0.0; w.len()],
            w,
            lr: recipe.lr,
            total,
            steps: 0,
            gradients: 0,
            refused: 0,
        }
    }

    /// One step on the lessons at `samples`.
    fn step(&mut self, lessons: &[Lesson<'_>], samples: &[usize]) -> Result<(), Error> {
        let lr = self.lr.at(self.steps, self.total);
        let clock = Clock { step: self.steps, total: self.total, lr };
        self.steps += 1;
        let Self { workspace, method, cpu, w, g, gradients, .. } = self;
        let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
            let part = samples.get(request.batch.range(samples.len())).unwrap_or_default();
            *gradients += part.len() as u64;
            if !request.accumulate {
                g.fill(0.0);
            }
            Ok(workspace.gradient(part.iter().map(|&i| lessons[i]), w, g)?)
        };
        match method.step(cpu, w, g, &clock, &mut objective) {
            Ok(_) => Ok(()),
            Err(StepError::Method(flatmin::Error::NonFinite(_))) => {
                self.refused += 1;
                Ok(())
            }
            Err(StepError::Method(error)) => Err(error.into()),
            Err(StepError::Objective(error)) => Err(Error::Objective(error)),
        }
    }
}
