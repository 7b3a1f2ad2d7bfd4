//! The loop: epochs of steps, wherever they take place.

use super::state::{lend, state_lens};
use super::{Error, OnEpoch, Outcome, Place, Recipe, Running, order};
use crate::compose::{Anchor, AnyMethod, Boxed, Parts, Rate, compose_anchored};
use crate::finetune::Progress;
use crate::model::Model;
use flatmin::backend::Backend;
use flatmin::drive::StepError;
use flatmin::method::{Clock, Request};
use flatmin::rng::Seed;
use flatmin::schedule::Schedule;
use std::borrow::{Borrow, BorrowMut, Cow};
use std::time::Duration;

/// A run, wherever it takes place.
pub(super) struct Run<'a> {
    pub(super) model: &'static dyn Model,
    pub(super) recipe: &'a Recipe,
    pub(super) anchor: Option<Anchor<Vec<f32>>>,
    pub(super) batch: usize,
    pub(super) total: u32,
    pub(super) examples: usize,
    pub(super) progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Trains `w`, all epochs.
    pub(super) fn on<P: Place>(
        &self,
        place: P,
        w: Vec<f32>,
        on_epoch: &mut OnEpoch<'_>,
    ) -> Result<Outcome, Error> {
        let Self { recipe, .. } = *self;
        let zeros = vec![0.0; w.len()];
        let mut average = Running::new(recipe.average, || place.upload(&zeros))?;
        let (w, g) = (place.upload(&w)?, place.upload(&zeros)?);
        let method = self.method(&place)?;
        let b = place.backend();
        let mut walk = Walk {
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
                walk.method = self.method(&walk.place)?;
            }
            let order = order::epoch(recipe.seed, epoch, self.examples);
            let batches = order.chunks_exact(self.batch);
            let steps = batches.len() as u64;
            for (samples, step) in batches.zip(1..) {
                walk.step(samples)?;
                average.after_step(&mut walk.b, walk.w.borrow(), &walk.clock)?;
                walk.place.hand_over();
                self.progress.within(step, steps);
            }
            walk.refused += walk.method.settle(&mut walk.b);
            average.after_epoch(&mut walk.b, walk.w.borrow(), &walk.clock)?;
            on_epoch(epoch + 1, &walk.weights(&average)?)?;
            self.progress.advance();
        }
        let weights = walk.weights(&average)?.into_owned();
        let Walk { gradients, refused, .. } = walk;
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
