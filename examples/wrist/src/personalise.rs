//! From labelled windows to weights that are kept, or not.

use crate::Error;
use crate::choice::Choice;
use crate::memory::LABELLED;
use crate::net::{Model, WINDOW};
use crate::pieces::Turns;
use crate::report::{Event, Report, Row};
use crate::tuner::Tuner;
use core::marker::PhantomData;
use embedded_hal::digital::OutputPin;
use flatmin::average::Average;
use flatmin::averages::Swa;
use flatmin::backend::{Isa, Progress, Sliced};
use flatmin::blob::Blob;
use flatmin::hal::PhasePin;
use flatmin::hash::{self, Crc32};
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::nn::{self, Evaluation};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::state::State;
use flatmin::tune::{self, Criterion, Outcome, Rule, Samples, Score, Scores, Trust, fold};

/// Who decides whether tuned weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody: they are.
    Off,
    /// A quarter of the labelled windows and stored old ones, by accuracy; the best epoch.
    Accuracy,
    /// The same by loss.
    Loss,
    /// Every label counts as far as it is believed; the mean of all epochs is kept if it knows more of the labels.
    Trust,
}

/// How to fine-tune.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Passes over labelled and old windows.
    pub epochs: u32,
    /// Windows of a mini-batch.
    pub batch: usize,
    /// Learning rate.
    pub lr: f32,
    /// Who decides.
    pub guard: Guard,
    /// Decides order, noise, and which windows are labelled.
    pub seed: u64,
}

/// How large pieces of work are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain {
    /// Parameters of a piece of a kernel.
    pub slice: usize,
    /// Units of a piece of an evaluation.
    pub units: usize,
}

impl Grain {
    /// The smallest that cost nothing: a tile of noise, a row of a layer.
    pub const FINE: Self = Self { slice: flatmin::rng::TILE, units: 1 };
    /// No pieces at all.
    pub const WHOLE: Self = Self { slice: usize::MAX, units: usize::MAX };
}

impl Settings {
    /// What is shipped.
    pub const DEFAULT: Self = Self { epochs: 15, batch: 8, lr: 0.003, guard: Guard::Trust, seed: 10 };
}

/// Folds behind trust.
const FOLDS: usize = 2;
/// Labelled windows a class of which one is held out.
const HELD_OUT: usize = 4;

/// The samples, the network and its memory.
pub struct Bench<'a, N, T> {
    /// The shipped model.
    pub blob: Blob<'a>,
    /// What the person labelled.
    pub labelled: Samples<'a, i8>,
    /// The weights that train.
    pub w: &'a mut [f32],
    /// Their gradient.
    pub g: &'a mut [f32],
    /// The weights that do not.
    pub frozen: &'a mut [f32],
    /// Activations.
    pub acts: &'a mut [f32],
    /// A window.
    pub x: &'a mut [f32; WINDOW],
    /// How far each label is believed.
    pub trust: Trust<'a>,
    /// Units of a piece of an evaluation.
    pub units: usize,
    /// The firmware's loop.
    pub turns: &'a mut T,
    /// Which network.
    pub net: PhantomData<N>,
}

/// The answer of a network, in pieces.
///
/// # Errors
/// [`Error::Network`].
pub fn logits<'a, N: Model>(
    turns: &mut impl Turns,
    units: usize,
    x: &[f32],
    w: &[f32],
    frozen: &[f32],
    acts: &'a mut [f32],
) -> Result<&'a [f32], Error> {
    let mut evaluation = Evaluation::<N>::forward(x, w, frozen, acts)?;
    let _ = turns.finish(|| evaluation.poll(units));
    Ok(nn::logits::<N>(acts))
}

impl<N: Model, T: Turns> Bench<'_, N, T> {
    /// The shipped weights.
    fn load_factory(&mut self) -> Result<(), Error> {
        nn::split::<N>(self.blob.weights(), self.w, self.frozen)?;
        self.turns.rest();
        Ok(())
    }

    /// Right answers of `w` on some samples.
    fn score(&mut self, samples: Samples<'_, i8>, of: impl Fn(usize) -> bool) -> Result<Score, Error> {
        let mut score = Score::default();
        for i in (0..samples.len()).filter(|i| of(*i)) {
            let label = samples.read(i, self.x).unwrap_or(u8::MAX);
            score.add(
                logits::<N>(self.turns, self.units, self.x, self.w, self.frozen, self.acts)?,
                label.into(),
            );
            self.turns.rest();
        }
        Ok(score)
    }

    /// Adds what `w` thinks of some labels.
    fn believe(&mut self, of: impl Fn(usize) -> bool) -> Result<(), Error> {
        for i in (0..self.labelled.len()).filter(|i| of(*i)) {
            let label = self.labelled.read(i, self.x).unwrap_or(u8::MAX);
            let z = logits::<N>(self.turns, self.units, self.x, self.w, self.frozen, self.acts)?;
            self.trust.add(i, z, label.into());
            self.turns.rest();
        }
        Ok(())
    }

    /// Sample `i` of labelled and old ones, and how much it counts.
    fn read(&mut self, i: usize, weigh: bool) -> (usize, f32) {
        let count = self.labelled.len();
        match i.checked_sub(count) {
            Some(old) => (self.blob.replay().read(old, self.x).unwrap_or(u8::MAX).into(), 1.0),
            None => {
                let label = self.labelled.read(i, self.x).unwrap_or(u8::MAX);
                (label.into(), if weigh { self.trust.of(i) } else { 1.0 })
            }
        }
    }

    /// The mean loss of some samples; writes or adds their mean gradient.
    fn gradient(&mut self, part: &[u8], weigh: bool, request: Request) -> Result<f32, Error> {
        if !request.accumulate {
            self.g.fill(0.0);
        }
        let scale = 1.0 / part.len().max(1) as f32;
        let mut sum = 0.0;
        for &i in part {
            let (label, weight) = self.read(i.into(), weigh);
            let mut evaluation = Evaluation::<N>::gradient(
                self.x,
                label,
                weight * scale,
                self.w,
                self.frozen,
                self.acts,
                self.g,
            )?;
            if let core::task::Poll::Ready(loss) = self.turns.finish(|| evaluation.poll(self.units)) {
                sum += weight * loss;
            }
        }
        Ok(scale * sum)
    }

    /// One step of a method on the samples of `batch`.
    fn step<B: Isa, M: Method<Sliced<B>>>(
        &mut self,
        b: &mut Sliced<B>,
        method: &mut M,
        clock: &Clock,
        batch: &[u8],
        weigh: bool,
    ) -> Result<f32, Error> {
        let (mut first, mut last) = (None, None);
        loop {
            let progress = self.turns.finish(|| match last {
                None => b.begin(method, self.w, clock),
                Some(loss) => b.resume(method, self.w, Eval { g: self.g, loss }),
            })?;
            let Progress::Ready(Next::Gradient(request)) = progress else {
                return Ok(first.unwrap_or(f32::NAN));
            };
            let part = batch.get(request.batch.range(batch.len())).unwrap_or_default();
            let loss = self.gradient(part, weigh, request)?;
            first.get_or_insert(loss);
            last = Some(loss);
        }
    }
}

/// A training run.
struct Run {
    name: &'static str,
    epochs: u32,
    /// The fold of labelled windows, and of their partners among the old ones, that sits out.
    outside: Option<(usize, usize)>,
    /// Whether labels count as far as they are believed.
    weigh: bool,
}

/// A method and what it runs with.
pub struct Trainer<'a, C: Choice, B, P, R> {
    /// The method's state.
    pub tuner: &'a mut C::Tuner,
    /// Who runs kernels.
    pub b: Sliced<B>,
    /// What the phases of a step show on.
    pub pin: P,
    /// Who is told.
    pub report: &'a mut R,
}

impl<C: Choice, B: Isa, P: OutputPin, R: Report> Trainer<'_, C, B, P, R> {
    /// The run that counts.
    const fn run(outside: Option<(usize, usize)>, weigh: bool) -> Run {
        Run { name: "wrist:tune", epochs: C::SETTINGS.epochs, outside, weigh }
    }

    /// Trains the shipped weights.
    fn train<'n, T: Turns>(
        &mut self,
        bench: &mut Bench<'n, C::Net, T>,
        run: &Run,
        after_epoch: &mut AfterEpoch<'_, Bench<'n, C::Net, T>, B>,
    ) -> Result<(), Error> {
        let Self { tuner, b, pin, report } = self;
        let settings = C::SETTINGS;
        let mut method = PhasePin::new(tuner.method::<B>(settings.seed), pin);
        let (mut order, mut step) = (bench.order(run), 0);
        let in_order = order.clone();
        let batch = settings.batch.min(order.len()).max(1);
        let total = run.epochs * (order.len() / batch) as u32;
        bench.load_factory()?;
        for epoch in 0..run.epochs {
            order.clone_from(&in_order);
            Draws::new(Key::new(settings.seed, Stream::Shuffle, epoch)).shuffle(&mut order);
            let (mut sum, mut refused) = (0.0, 0);
            for samples in order.chunks_exact(batch) {
                let clock = Clock { step, total, lr: settings.lr };
                let began = bench.turns.now();
                match bench.step(b, &mut method, &clock, samples, run.weigh) {
                    Ok(loss) => sum += loss,
                    Err(Error::Method(flatmin::Error::NonFinite(_))) => refused += 1,
                    Err(error) => return Err(error),
                }
                let ticks = bench.turns.now().wrapping_sub(began);
                let w = &*bench.w;
                bench.turns.aside(|| {
                    let hash = hash::state::<Sliced<B>, _>(w, &method);
                    report.row(Row { name: run.name, ticks, hash });
                });
                step += 1;
            }
            after_epoch(bench, b)?;
            let loss = sum / (total / run.epochs.max(1)).max(1) as f32;
            bench.turns.aside(|| {
                report.event(Event::Epoch { run: run.name, epoch: epoch + 1, loss, refused });
            });
        }
        Ok(())
    }
}

/// What happens after an epoch.
type AfterEpoch<'f, N, B> = dyn FnMut(&mut N, &mut Sliced<B>) -> Result<(), Error> + 'f;

/// Which samples a run learns from, by their numbers.
type Order = heapless::Vec<u8, { 2 * LABELLED }>;

impl<N: Model, T: Turns> Bench<'_, N, T> {
    /// The labelled windows and their partners among the old ones, without those that sit out.
    fn order(&self, run: &Run) -> Order {
        let labels = self.labelled.labels();
        let partner = |i: usize| i.checked_rem(labels.len()).unwrap_or(0);
        let sits_out = |i| run.outside.is_some_and(|(held, folds)| fold(labels, partner(i), folds) == held);
        let old = self.blob.replay().len().min(LABELLED);
        (0..labels.len() + old).filter(|i| !sits_out(*i)).map(|i| i as u8).take(2 * LABELLED).collect()
    }
}

/// A bench with a trainer.
pub struct Personaliser<'a, C: Choice, B, P, T, R> {
    /// On what.
    pub bench: Bench<'a, C::Net, T>,
    /// By which method.
    pub trainer: Trainer<'a, C, B, P, R>,
    /// The mean of the weights after every epoch, or the best.
    pub mean: &'a mut [f32],
}

impl<C: Choice, B: Isa, P: OutputPin, T: Turns, R: Report> Personaliser<'_, C, B, P, T, R> {
    /// Fine-tunes the shipped weights; what the guard decides. `w` holds what is kept.
    ///
    /// # Errors
    /// [`Error::Method`], [`Error::Network`]: only where a buffer does not fit.
    pub fn tune(&mut self) -> Result<Option<Outcome>, Error> {
        match C::SETTINGS.guard {
            Guard::Off => {
                let run = Trainer::<C, B, P, R>::run(None, false);
                self.trainer.train(&mut self.bench, &run, &mut |_, _| Ok(())).map(|()| None)
            }
            Guard::Accuracy => self.held_out(Criterion::Accuracy).map(Some),
            Guard::Loss => self.held_out(Criterion::Loss).map(Some),
            Guard::Trust => self.trusting().map(Some),
        }
    }

    /// The best epoch by samples that did not train: one of each class, and the old ones of the guard.
    fn held_out(&mut self, criterion: Criterion) -> Result<Outcome, Error> {
        let scores = |bench: &mut Bench<'_, C::Net, T>| -> Result<Scores, Error> {
            let (labelled, old) = (bench.labelled, bench.blob.validation());
            let new = bench.score(labelled, |i| fold(labelled.labels(), i, HELD_OUT) == 0)?;
            Ok(Scores { new, old: bench.score(old, |_| true)? })
        };
        let Self { bench, trainer, mean } = self;
        bench.load_factory()?;
        let rule = Rule { criterion, ..Rule::default() };
        let mut guard = tune::Guard::new(rule, scores(bench)?, &mut **mean);
        let run = Trainer::<C, B, P, R>::run(Some((0, HELD_OUT)), false);
        trainer.train(bench, &run, &mut |bench, b| {
            let found = scores(bench)?;
            guard.observe::<Sliced<B>>(b, bench.w, found)?;
            bench.turns.rest();
            Ok(())
        })?;
        nn::split::<C::Net>(bench.blob.weights(), bench.g, bench.frozen)?;
        Ok(guard.finish::<Sliced<B>>(&mut trainer.b, bench.w, bench.g)?)
    }

    /// All labelled windows, each as far as it is believed; see [`Trust`].
    fn trusting(&mut self) -> Result<Outcome, Error> {
        let Self { bench, trainer, mean } = self;
        let labelled = bench.labelled;
        let within = |k: usize| move |i: usize| fold(labelled.labels(), i, FOLDS) == k;
        bench.load_factory()?;
        bench.believe(|_| true)?;
        let factory = Scores { new: bench.score(labelled, |_| true)?, old: Score::default() };
        let epochs = (C::SETTINGS.epochs / 4).max(1);
        for (k, name) in ["wrist:fold-1", "wrist:fold-2"].into_iter().enumerate() {
            let run = Run { name, epochs, outside: Some((k, FOLDS)), weigh: false };
            trainer.train(bench, &run, &mut |_, _| Ok(()))?;
            bench.believe(within(k))?;
        }
        bench.tell_trust(trainer.report);
        let run = Trainer::<C, B, P, R>::run(None, true);
        let mut epoch = 0;
        trainer.train(bench, &run, &mut |bench, b| {
            bench.average(b, mean, epoch)?;
            epoch += 1;
            Ok(())
        })?;
        bench.w.iter_mut().zip(&**mean).for_each(|(w, mean)| *w = *mean);
        let found = Scores { new: bench.score(labelled, |_| true)?, old: Score::default() };
        let mut guard = tune::Guard::new(Rule::default(), factory, &mut **mean);
        guard.observe::<Sliced<B>>(&mut trainer.b, bench.w, found)?;
        nn::split::<C::Net>(bench.blob.weights(), bench.g, bench.frozen)?;
        match guard.finish::<Sliced<B>>(&mut trainer.b, bench.w, bench.g)? {
            Outcome::Kept { .. } => Ok(Outcome::Kept { epoch: run.epochs }),
            rolled_back => Ok(rolled_back),
        }
    }
}

impl<N: Model, T: Turns> Bench<'_, N, T> {
    /// Takes `w` as observation `count` into a [`Swa`], slice by slice.
    fn average<B: Isa>(&mut self, b: &mut Sliced<B>, mean: &mut [f32], count: u32) -> Result<(), Error> {
        for (mean, w) in mean.chunks_mut(AVERAGED).zip(self.w.chunks(AVERAGED)) {
            let mut swa = Swa::new(mean);
            State::<Sliced<B>>::set_scalars(&mut swa, count);
            swa.observe(b, w)?;
            self.turns.rest();
        }
        Ok(())
    }

    fn tell_trust(&mut self, report: &mut impl Report) {
        let (mut crc, mut least, mut most) = (Crc32::new(), f32::INFINITY, 0.0_f32);
        for i in 0..self.labelled.len() {
            let trust = self.trust.of(i);
            crc.floats(&[trust]);
            (least, most) = (least.min(trust), most.max(trust));
        }
        self.turns.aside(|| {
            report.row(Row { name: "wrist:trust", ticks: 0, hash: crc.finish() });
            report.event(Event::Trust { least, most });
        });
    }
}

/// Parameters of a piece of an average.
const AVERAGED: usize = 512;
