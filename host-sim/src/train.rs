//! The one training loop: base models and fine-tuning, every method, every average.

mod average;
mod order;
mod place;
mod state;
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "only a GPU trains what waits"))]
mod together;
mod walk;

pub use average::Averaging;
pub(crate) use average::Running;
#[cfg(feature = "gpu")]
pub(crate) use order::epoch as order;
pub use place::Device;
pub(crate) use place::Place;
pub(crate) use state::{anchor, method_cost};
#[cfg(feature = "gpu")]
pub(crate) use state::{lend, state_lens};
#[cfg(feature = "gpu")]
pub(crate) use together::Order;
pub use together::{Job, side_by_side};
pub(crate) use together::{News, Trainer, Training, Waiting, all, at_once};

use crate::compose::{Failure, Rate, Spec};
use crate::finetune::{Progress, Silent};
use crate::gpu;
use crate::model::{Example, Lesson, Model, Workspace};
use flatmin::backend::{Approx, Cpu};
use flatmin::nn;
use place::OnCpu;
use std::time::Duration;
use walk::Run;

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
    /// Who trains.
    pub device: Device,
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
    /// How long this run stood still for others that were done meanwhile; 0 for a run alone.
    pub idle: Duration,
}

/// What training starts from.
pub(crate) struct Origin<'a> {
    pub(crate) model: &'static dyn Model,
    /// What trains.
    pub(crate) w: Vec<f32>,
    /// What does not.
    pub(crate) frozen: &'a [f32],
    /// What an anchor pulls to, where that is not `w`.
    pub(crate) factory: Option<&'a [f32]>,
}

impl Origin<'_> {
    /// What an anchor pulls to.
    fn factory(&self) -> &[f32] {
        self.factory.unwrap_or(&self.w)
    }
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
    /// There is no GPU, or it failed.
    #[error(transparent)]
    Gpu(#[from] gpu::Error),
    /// Runs that are trained side by side stopped together.
    #[error(transparent)]
    Ensemble(std::sync::Arc<Self>),
}

/// Called at the end of an epoch with the epochs done and the weights that would be returned then.
pub type OnEpoch<'a> = dyn FnMut(u32, &[f32]) -> Result<(), Error> + Send + 'a;

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

/// The share of examples that are classified as labelled, in [0, 1]; 0 of none. Every weight of the model trains.
///
/// # Errors
/// When examples do not fit the model, or there is no GPU.
pub fn accuracy(
    device: Device,
    model: &'static dyn Model,
    examples: &[Example<'_>],
    w: &[f32],
) -> Result<f64, Error> {
    match device {
        Device::Cpu | Device::CpuWithCheapNoise => Ok(Workspace::new(model, &[]).accuracy(examples, w)?),
        #[cfg(feature = "gpu")]
        Device::Gpu => Ok(gpu::accuracy(model, examples, w)?),
        #[cfg(not(feature = "gpu"))]
        Device::Gpu => Err(gpu::Error::NotBuilt.into()),
    }
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
    teach_from(Origin { model, w, frozen, factory: None }, lessons, recipe, &Silent, on_epoch)
}

/// [`teach`] from any origin; `progress` is told of epochs, and of steps within them.
pub(crate) fn teach_from(
    origin: Origin<'_>,
    lessons: &[Lesson<'_>],
    recipe: &Recipe,
    progress: &dyn Progress,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Outcome, Error> {
    let Length { batch, total, .. } = Length::of(recipe, lessons.len())?;
    let anchor = (recipe.anchor > 0.0).then(|| anchor(origin.model, origin.factory(), recipe.anchor));
    let Origin { model, w, frozen, .. } = origin;
    let run = Run { model, recipe, anchor, batch, total, examples: lessons.len(), progress };
    progress.begin("epochs", recipe.epochs.into());
    let outcome = match recipe.device {
        Device::Cpu => run.on(OnCpu::new(Cpu::detect(), model, frozen, lessons), w, on_epoch),
        Device::CpuWithCheapNoise => {
            run.on(OnCpu::new(Approx::new(Cpu::detect()), model, frozen, lessons), w, on_epoch)
        }
        #[cfg(feature = "gpu")]
        Device::Gpu => run.on(gpu::OnGpu::new(model, frozen, lessons, batch)?, w, on_epoch),
        #[cfg(not(feature = "gpu"))]
        Device::Gpu => Err(gpu::Error::NotBuilt.into()),
    };
    progress.end();
    outcome
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    /// Examples of a mini-batch.
    pub(crate) batch: usize,
    /// Steps of an epoch.
    pub(crate) steps: usize,
    /// Steps of the run.
    pub(crate) total: u32,
}

impl Length {
    /// Of `recipe` on so many examples.
    pub(crate) fn of(recipe: &Recipe, examples: usize) -> Result<Self, Error> {
        if examples == 0 {
            return Err(Error::NoExamples);
        }
        let batch = recipe.batch.min(examples);
        let steps = examples.checked_div(batch).ok_or(Error::EmptyBatch)?;
        let total = u32::try_from(steps).ok().and_then(|steps| steps.checked_mul(recipe.epochs));
        let total = total.ok_or(Error::TooLong { epochs: recipe.epochs, steps })?;
        Ok(Self { batch, steps, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{MethodSpec, OptimizerSpec};
    use crate::finetune::Scope;
    use crate::model::{Net, initial, model};
    use crate::tolerance::ANCHORED;

    #[test]
    fn an_anchor_pulls_to_the_factory_weights_wherever_training_starts() {
        let net = model(Net::Digits, Scope::All);
        let recipe = Recipe {
            spec: Spec::new(MethodSpec::Plain, OptimizerSpec::momentum(0.0, 0.0)),
            epochs: 50,
            batch: 1,
            lr: Rate::Constant(0.01),
            average: None,
            seed: 1,
            anchor: 10.0,
            fresh_epochs: false,
            device: Device::Cpu,
        };
        let x = vec![0.1; net.inputs()];
        let lessons = [Lesson::from(Example { x: &x, label: 3 })];
        let (start, factory) = (initial(net, 1), initial(net, 2));
        let distance =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
        let to = |factory: Option<&[f32]>| {
            let origin = Origin { model: net, w: start.clone(), frozen: &[], factory };
            teach_from(origin, &lessons, &recipe, &Silent, &mut |_, _| Ok(())).unwrap().weights
        };
        let (apart, near) = (distance(&start, &factory), ANCHORED.value as f32);
        assert!(distance(&to(Some(&factory)), &factory) < near * apart);
        assert!(distance(&to(None), &start) < near * apart);
    }
}
