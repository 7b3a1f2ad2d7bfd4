//! From labelled windows to weights that are kept, or not: the guards.

use crate::Error;
use crate::bench::{Bench, every};
use crate::choice::Choice;
use crate::pieces::Turns;
use crate::report::{Event, Report, Row};
use crate::train::{Run, Trainer};
use embedded_hal::digital::OutputPin;
use flatmin::backend::{Isa, Sliced};
use flatmin::hash::Crc32;
use flatmin::nn;
use flatmin::tune::{self, Criterion, Outcome, Rule, Score, Scores, fold};

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

impl Settings {
    /// What is shipped.
    pub const DEFAULT: Self = Self { epochs: 15, batch: 8, lr: 0.003, guard: Guard::Trust, seed: 10 };
}

/// Folds behind trust.
const FOLDS: usize = 2;
/// Labelled windows a class of which one is held out.
const HELD_OUT: usize = 4;

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
                let run = Run::tune::<C>(None, false);
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
            Ok(Scores { new, old: bench.score(old, every)? })
        };
        let Self { bench, trainer, mean } = self;
        bench.load_factory()?;
        let rule = Rule { criterion, ..Rule::default() };
        let mut guard = tune::Guard::new(rule, scores(bench)?, &mut **mean);
        let run = Run::tune::<C>(Some((0, HELD_OUT)), false);
        trainer.train(bench, &run, &mut |bench, b| {
            let found = scores(bench)?;
            guard.observe::<Sliced<B>>(b, bench.predictor.w, found)?;
            bench.turns.rest();
            Ok(())
        })?;
        nn::split::<C::Net>(bench.blob.weights(), bench.g, bench.predictor.frozen)?;
        Ok(guard.finish::<Sliced<B>>(&mut trainer.b, bench.predictor.w, bench.g)?)
    }

    /// All labelled windows, each as far as it is believed; see [`Trust`](tune::Trust).
    fn trusting(&mut self) -> Result<Outcome, Error> {
        let Self { bench, trainer, mean } = self;
        let labelled = bench.labelled;
        let within = |k: usize| move |i: usize| fold(labelled.labels(), i, FOLDS) == k;
        bench.load_factory()?;
        bench.believe(every)?;
        let factory = Scores { new: bench.score(labelled, every)?, old: Score::default() };
        let epochs = (C::SETTINGS.epochs / 4).max(1);
        for (k, name) in ["wrist:fold-1", "wrist:fold-2"].into_iter().enumerate() {
            let run = Run { name, epochs, outside: Some((k, FOLDS)), weigh: false };
            trainer.train(bench, &run, &mut |_, _| Ok(()))?;
            bench.believe(within(k))?;
        }
        tell_trust(bench, trainer.report);
        let run = Run::tune::<C>(None, true);
        let mut epoch = 0;
        trainer.train(bench, &run, &mut |bench, b| {
            bench.average(b, mean, epoch)?;
            epoch += 1;
            Ok(())
        })?;
        bench.predictor.w.iter_mut().zip(&**mean).for_each(|(w, mean)| *w = *mean);
        let found = Scores { new: bench.score(labelled, every)?, old: Score::default() };
        let mut guard = tune::Guard::new(Rule::default(), factory, &mut **mean);
        guard.observe::<Sliced<B>>(&mut trainer.b, bench.predictor.w, found)?;
        nn::split::<C::Net>(bench.blob.weights(), bench.g, bench.predictor.frozen)?;
        match guard.finish::<Sliced<B>>(&mut trainer.b, bench.predictor.w, bench.g)? {
            Outcome::Kept { .. } => Ok(Outcome::Kept { epoch: run.epochs }),
            rolled_back => Ok(rolled_back),
        }
    }
}

fn tell_trust<N, T: Turns>(bench: &mut Bench<'_, N, T>, report: &mut impl Report) {
    let (mut crc, mut least, mut most) = (Crc32::new(), f32::INFINITY, 0.0_f32);
    for i in 0..bench.labelled.len() {
        let trust = bench.trust.of(i);
        crc.floats(&[trust]);
        (least, most) = (least.min(trust), most.max(trust));
    }
    bench.turns.aside(|| {
        report.row(Row { name: "wrist:trust", ticks: 0, hash: crc.finish() });
        report.event(Event::Trust { least, most });
    });
}
