//! The samples, the network and its memory: what training and guards are made of.

use crate::Error;
use crate::memory::LABELLED;
use crate::net::{Model, WINDOW};
use crate::pieces::Turns;
use crate::storage::Keeper;
use core::marker::PhantomData;
use core::task::Poll;
use embedded_hal::digital::OutputPin;
use flatmin::average::Average;
use flatmin::averages::Swa;
use flatmin::backend::{Isa, Progress, Sliced};
use flatmin::blob::Blob;
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::nn::{self, Evaluation};
use flatmin::state::State;
use flatmin::tune::{self, Samples, Score, Trust};

/// Weights, and the memory that their answers take.
#[derive(Debug)]
pub struct Predictor<'a, N> {
    /// The weights that train.
    pub w: &'a mut [f32],
    /// The weights that do not.
    pub frozen: &'a mut [f32],
    /// Activations.
    pub acts: &'a mut [f32],
    /// Units of a piece of an evaluation.
    pub units: usize,
    net: PhantomData<N>,
}

impl<'a, N: Model> Predictor<'a, N> {
    /// Of these weights.
    pub const fn new(w: &'a mut [f32], frozen: &'a mut [f32], acts: &'a mut [f32], units: usize) -> Self {
        Self { w, frozen, acts, units, net: PhantomData }
    }

    /// The shipped weights.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn load_factory(&mut self, blob: &Blob<'_>) -> Result<(), Error> {
        Ok(nn::split::<N>(blob.weights(), self.w, self.frozen)?)
    }

    /// The answer to `x`, in pieces.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn logits(&mut self, turns: &mut impl Turns, x: &[f32]) -> Result<&[f32], Error> {
        let mut evaluation = Evaluation::<N>::forward(x, self.w, self.frozen, self.acts)?;
        let _ = turns.finish(|| evaluation.poll(self.units));
        Ok(nn::logits::<N>(self.acts))
    }

    /// Adds to `score` whether the answer to `x` is `label`.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn test(
        &mut self,
        turns: &mut impl Turns,
        score: &mut Score,
        x: &[f32],
        label: u8,
    ) -> Result<(), Error> {
        score.add(self.logits(turns, x)?, label.into());
        turns.rest();
        Ok(())
    }

    /// Right answers to some samples, read into `x`.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn score(
        &mut self,
        turns: &mut impl Turns,
        samples: Samples<'_, i8>,
        x: &mut [f32],
    ) -> Result<Score, Error> {
        let mut score = Score::default();
        for i in 0..samples.len() {
            let label = samples.read(i, x).unwrap_or(u8::MAX);
            self.test(turns, &mut score, x, label)?;
        }
        Ok(score)
    }
}

/// One of a number of folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fold {
    /// Which.
    pub(crate) k: usize,
    /// Of how many.
    pub(crate) of: usize,
}

impl Fold {
    /// Whether sample `i` is in it.
    fn has(self, labels: &[u8], i: usize) -> bool {
        tune::fold(labels, i, self.of) == self.k
    }
}

/// The samples, the network and its memory.
pub struct Bench<'a, N, T, K> {
    /// The shipped model.
    pub blob: Blob<'a>,
    /// What the person labelled, and the weights of an epoch.
    pub keeper: K,
    /// The weights that train, among the others.
    pub predictor: Predictor<'a, N>,
    /// The gradient of those that train.
    pub g: &'a mut [f32],
    /// A window.
    pub x: &'a mut [f32; WINDOW],
    /// How far each label is believed.
    pub trust: Trust<'a>,
    /// The firmware's loop.
    pub turns: &'a mut T,
}

/// Which samples a run learns from, by their numbers.
pub(crate) type Order = heapless::Vec<u8, { 2 * LABELLED }>;

/// Parameters of a piece of an average.
const AVERAGED: usize = 512;

impl<N: Model, T: Turns, K: Keeper> Bench<'_, N, T, K> {
    /// The shipped weights.
    pub(crate) fn load_factory(&mut self) -> Result<(), Error> {
        self.predictor.load_factory(&self.blob)?;
        self.turns.rest();
        Ok(())
    }

    /// Right answers to the guard's windows of old users.
    pub(crate) fn score_old(&mut self) -> Result<Score, Error> {
        self.predictor.score(self.turns, self.blob.validation(), self.x)
    }

    /// Right answers to what the person labelled, or to a fold of it; `believe` adds what the weights think of each label
    /// to its trust.
    // Once in flash for all who ask.
    #[inline(never)]
    pub(crate) fn score_labelled(&mut self, fold: Option<Fold>, believe: bool) -> Result<Score, Error> {
        let mut score = Score::default();
        for i in 0..self.keeper.labels().len() {
            if fold.is_none_or(|fold| fold.has(self.keeper.labels(), i)) {
                let label = self.keeper.read(i, self.x)?.into();
                let z = self.predictor.logits(self.turns, self.x)?;
                score.add(z, label);
                if believe {
                    self.trust.add(i, z, label);
                }
                self.turns.rest();
            }
        }
        Ok(score)
    }

    /// The labelled windows and their partners among the old ones, without the fold that sits out.
    pub(crate) fn order(&self, outside: Option<Fold>) -> Order {
        let labels = self.keeper.labels();
        let partner = |i: usize| i.checked_rem(labels.len()).unwrap_or(0);
        let sits_out = |i| outside.is_some_and(|fold| fold.has(labels, partner(i)));
        let old = self.blob.replay().len().min(LABELLED);
        (0..labels.len() + old).filter(|i| !sits_out(*i)).map(|i| i as u8).take(2 * LABELLED).collect()
    }

    /// Reads sample `i` of labelled and old ones: its label, and how much it counts.
    fn read(&mut self, i: usize, weigh: bool) -> Result<(usize, f32), Error> {
        let count = self.keeper.labels().len();
        Ok(match i.checked_sub(count) {
            Some(old) => (self.blob.replay().read(old, self.x).unwrap_or(u8::MAX).into(), 1.0),
            None => {
                let label = self.keeper.read(i, self.x)?;
                (label.into(), if weigh { self.trust.of(i) } else { 1.0 })
            }
        })
    }

    /// The mean loss of some samples; writes or adds their mean gradient.
    fn gradient(&mut self, part: &[u8], weigh: bool, request: Request) -> Result<f32, Error> {
        if !request.accumulate {
            self.g.fill(0.0);
        }
        let scale = 1.0 / part.len().max(1) as f32;
        let mut sum = 0.0;
        for &i in part {
            let (label, weight) = self.read(i.into(), weigh)?;
            let mut evaluation = Evaluation::<N>::gradient(
                self.x,
                label,
                weight * scale,
                self.predictor.w,
                self.predictor.frozen,
                self.predictor.acts,
                self.g,
            )?;
            if let Poll::Ready(loss) = self.turns.finish(|| evaluation.poll(self.predictor.units)) {
                sum += weight * loss;
            }
        }
        Ok(scale * sum)
    }

    /// One step of a method on the samples of `batch`. `pin` is high during each of its phases, gradients not included.
    // A stage of its own, as others are: what it needs of the stack is not kept while an epoch goes to flash.
    #[inline(never)]
    pub(crate) fn step<B: Isa, M: Method<Sliced<B>>>(
        &mut self,
        b: &mut Sliced<B>,
        method: &mut M,
        pin: &mut impl OutputPin,
        clock: &Clock,
        batch: &[u8],
        weigh: bool,
    ) -> Result<f32, Error> {
        let (mut first, mut last) = (None, None);
        loop {
            // Round all pieces of the phase. A pin that fails does not stop training.
            let _ = pin.set_high();
            let progress = self.turns.finish(|| match last {
                None => b.begin(method, self.predictor.w, clock),
                Some(loss) => b.resume(method, self.predictor.w, Eval { g: self.g, loss }),
            });
            let _ = pin.set_low();
            let Progress::Ready(Next::Gradient(request)) = progress? else {
                return Ok(first.unwrap_or(f32::NAN));
            };
            let part = batch.get(request.batch.range(batch.len())).unwrap_or_default();
            let loss = self.gradient(part, weigh, request)?;
            first.get_or_insert(loss);
            last = Some(loss);
        }
    }

    /// Takes `w` as observation `count` into the mean that is kept, by way of the gradient's place; see [`Swa`].
    pub(crate) fn average<B: Isa>(&mut self, b: &mut Sliced<B>, count: u32) -> Result<(), Error> {
        if count > 0 {
            self.keeper.take_epoch(self.turns, self.g)?;
        }
        // SWA has no hyperparameter that could follow the clock: it counts.
        let clock = Clock { step: count, total: count, lr: 0.0 };
        for (mean, w) in self.g.chunks_mut(AVERAGED).zip(self.predictor.w.chunks(AVERAGED)) {
            let mut swa = Swa::new(mean);
            State::<Sliced<B>>::set_scalars(&mut swa, count);
            swa.observe(b, w, &clock)?;
            self.turns.rest();
        }
        self.keeper.keep_epoch(self.turns, self.g)?;
        self.turns.rest();
        Ok(())
    }
}
