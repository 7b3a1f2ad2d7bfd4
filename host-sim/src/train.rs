//! The one training loop: base models and fine-tuning, every method, every average.

mod average;
mod order;
mod place;
#[cfg_attr(not(feature = "gpu"), expect(dead_code, reason = "only a GPU trains what waits"))]
mod together;

pub use average::Averaging;
pub(crate) use average::Running;
#[cfg(feature = "gpu")]
pub(crate) use order::epoch as order;
pub use place::Device;
pub(crate) use place::Place;
#[cfg(feature = "gpu")]
pub(crate) use together::Order;
pub use together::{Job, side_by_side};
pub(crate) use together::{News, Trainer, Training, Waiting, all, at_once};

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

use crate::compose::{
    Anchor, AnyMethod, Boxed, Failure, Parts, Rate, Spec, boxed, boxed_anchored, compose_anchored,
};
use crate::gpu;
use crate::model::{Example, Lesson, Model, Workspace};
use flatmin::backend::{Approx, Backend, Cpu};
use flatmin::drive::StepError;
use flatmin::layout::{filters, params};
use flatmin::method::{Clock, Request};
use flatmin::nn;
use flatmin::residual::usual_len;
use flatmin::rng::Seed;
use flatmin::schedule::Schedule;
use flatmin::state::Cost;
use place::OnCpu;
use std::borrow::{Borrow, BorrowMut, Cow};
use std::time::Duration;

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

/// Memory that the method of a recipe needs beside weights and gradient.
pub(crate) fn method_cost(model: &dyn Model, recipe: &Recipe) -> Cost {
    let anchor = (recipe.anchor > 0.0).then(|| anchor(model, &[], recipe.anchor));
    boxed_anchored::<Cpu>(&recipe.spec, anchor, model.segments(), recipe.seed).cost()
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
    teach_from(Origin { model, w, frozen, factory: None }, lessons, recipe, on_epoch)
}

/// [`teach`] from any origin.
fn teach_from(
    origin: Origin<'_>,
    lessons: &[Lesson<'_>],
    recipe: &Recipe,
    on_epoch: &mut OnEpoch<'_>,
) -> Result<Outcome, Error> {
    let Length { batch, total, .. } = Length::of(recipe, lessons.len())?;
    let anchor = (recipe.anchor > 0.0).then(|| anchor(origin.model, origin.factory(), recipe.anchor));
    let Origin { model, w, frozen, .. } = origin;
    let run = Run { model, recipe, anchor, batch, total, examples: lessons.len() };
    match recipe.device {
        Device::Cpu => run.on(OnCpu::new(Cpu::detect(), model, frozen, lessons), w, on_epoch),
        Device::CpuWithCheapNoise => {
            run.on(OnCpu::new(Approx::new(Cpu::detect()), model, frozen, lessons), w, on_epoch)
        }
        #[cfg(feature = "gpu")]
        Device::Gpu => run.on(gpu::OnGpu::new(model, frozen, lessons, batch)?, w, on_epoch),
        #[cfg(not(feature = "gpu"))]
        Device::Gpu => Err(gpu::Error::NotBuilt.into()),
    }
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

/// The same pull to `factory` for every filter.
pub(crate) fn anchor(model: &dyn Model, factory: &[f32], strength: f32) -> Anchor<Vec<f32>> {
    Anchor { factory: factory.to_vec(), strengths: vec![strength; filters(model.segments())] }
}

/// A run, wherever it takes place.
struct Run<'a> {
    model: &'static dyn Model,
    recipe: &'a Recipe,
    anchor: Option<Anchor<Vec<f32>>>,
    batch: usize,
    total: u32,
    examples: usize,
}

impl Run<'_> {
    /// Trains `w`, all epochs.
    fn on<P: Place>(&self, place: P, w: Vec<f32>, on_epoch: &mut OnEpoch<'_>) -> Result<Outcome, Error> {
        let Self { recipe, .. } = *self;
        let zeros = vec![0.0; w.len()];
        let mut average = Running::new(recipe.average, || place.upload(&zeros))?;
        let (w, g) = (place.upload(&w)?, place.upload(&zeros)?);
        let method = self.method(&place)?;
        let b = place.backend();
        let mut trainer = Walk {
            place,
            b,
            method,
            w,
            g,
            lr: recipe.lr,
            clock: Clock { step: 0, total: self.total, lr: recipe.lr.at(0, self.total) },
            steps: 0,
            gradients: 0,
            refused: 0,
        };
        for epoch in 0..recipe.epochs {
            if recipe.fresh_epochs && epoch > 0 {
                trainer.method = self.method(&trainer.place)?;
            }
            let order = order::epoch(recipe.seed, epoch, self.examples);
            for samples in order.chunks_exact(self.batch) {
                trainer.step(samples)?;
                average.after_step(&mut trainer.b, trainer.w.borrow(), &trainer.clock)?;
                trainer.place.hand_over();
            }
            trainer.refused += trainer.method.settle(&mut trainer.b);
            average.after_epoch(&mut trainer.b, trainer.w.borrow(), &trainer.clock)?;
            on_epoch(epoch + 1, &trainer.weights(&average)?)?;
        }
        let weights = trainer.weights(&average)?.into_owned();
        let Walk { gradients, refused, .. } = trainer;
        Ok(Outcome { weights, gradients, refused, idle: Duration::ZERO })
    }

    /// The recipe's method before its first step.
    fn method<P: Place>(&self, place: &P) -> Result<Box<dyn AnyMethod<P::Backend>>, Error> {
        let state = state_lens(self.model, self.recipe).into_iter();
        let state = state.map(|len| Ok((len, place.upload(&vec![0.0; len])?)));
        let zeros = lend(state.collect::<Result<Vec<_>, Error>>()?);
        let anchor = match &self.anchor {
            None => None,
            Some(Anchor { factory, strengths }) => {
                Some(Anchor { factory: place.upload(factory)?, strengths: place.upload(strengths)? })
            }
        };
        let seed = Seed(self.recipe.seed);
        let parts = Parts { segments: self.model.segments(), zeros, noise: seed, coin: seed };
        Ok(compose_anchored::<P::Backend, P::Vector, _, _, _, _>(&self.recipe.spec, anchor, parts, Boxed))
    }
}

/// Lengths of the state vectors of a recipe's method, without an anchor's.
pub(crate) fn state_lens(model: &dyn Model, recipe: &Recipe) -> Vec<usize> {
    let segments = model.segments();
    let cost = boxed::<Cpu>(&recipe.spec, segments, recipe.seed).cost();
    let of_len = |len, count| std::iter::repeat_n(len, count);
    let vectors = of_len(params(segments), cost.vectors);
    let residuals = of_len(usual_len(params(segments)), cost.residuals);
    vectors.chain(residuals).chain(of_len(filters(segments), cost.filter_vectors)).collect()
}

/// Hands out vectors by length.
pub(crate) fn lend<V>(mut state: Vec<(usize, V)>) -> impl FnMut(usize) -> V {
    move |len| {
        let found = state.iter().position(|(known, _)| *known == len);
        state.swap_remove(found.expect("a method asks for the state that its cost says")).1
    }
}

/// Weights on their way.
struct Walk<P: Place> {
    place: P,
    b: P::Backend,
    method: Box<dyn AnyMethod<P::Backend>>,
    w: P::Vector,
    g: P::Vector,
    lr: Rate,
    /// Of the last step, once there is one.
    clock: Clock,
    steps: u32,
    gradients: u64,
    refused: u32,
}

impl<P: Place> Walk<P> {
    /// One step on the lessons at `samples`.
    fn step(&mut self, samples: &[usize]) -> Result<(), Error> {
        let total = self.clock.total;
        self.clock = Clock { step: self.steps, total, lr: self.lr.at(self.steps, total) };
        self.steps += 1;
        let Self { place, method, b, w, g, gradients, clock, .. } = self;
        let mut objective = |w: &VectorOf<P>, g: &mut VectorOf<P>, request: Request| {
            let part = samples.get(request.batch.range(samples.len())).unwrap_or_default();
            *gradients += part.len() as u64;
            place.gradient(part, w, g, request.accumulate)
        };
        match method.step(b, w.borrow_mut(), g.borrow_mut(), clock, &mut objective) {
            Ok(_) => Ok(()),
            Err(StepError::Method(flatmin::Error::NonFinite(_))) => {
                self.refused += 1;
                Ok(())
            }
            Err(StepError::Method(error)) => Err(place.why(error)),
            Err(StepError::Objective(error)) => Err(Error::Objective(error)),
        }
    }

    /// The weights that would be returned now.
    fn weights<'a>(&'a self, average: &'a Running<P::Backend, P::Vector>) -> Result<Cow<'a, [f32]>, Error> {
        self.place.read(average.mean().unwrap_or(self.w.borrow()))
    }
}

type VectorOf<P> = <<P as Place>::Backend as Backend>::Vector;

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
            teach_from(origin, &lessons, &recipe, &mut |_, _| Ok(())).unwrap().weights
        };
        let (apart, near) = (distance(&start, &factory), ANCHORED.value as f32);
        assert!(distance(&to(Some(&factory)), &factory) < near * apart);
        assert!(distance(&to(None), &start) < near * apart);
    }
}
