//! From labelled windows to weights that are kept, or not: the guards.

use crate::Error;
use crate::bench::{Bench, Fold};
use crate::choice::Choice;
use crate::pieces::Turns;
use crate::report::{Event, Report, Row, tell};
use crate::storage::Keeper;
use crate::train::{Run, Trainer};
use embedded_hal::digital::OutputPin;
use flatmin::backend::Isa;
use flatmin::hash::Crc32;
use flatmin::tune::{self, Criterion, Outcome, Rule, Score, Scores, Verdict};

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
pub struct Personaliser<'p, 'a, C: Choice, B, P, T, R, K> {
    /// On what.
    pub bench: &'p mut Bench<'a, C::Net, T, K>,
    /// By which method.
    pub trainer: Trainer<'p, C, B, P, R>,
}

impl<C, B, P, T, R, K> Personaliser<'_, '_, C, B, P, T, R, K>
where
    C: Choice,
    B: Isa,
    P: OutputPin,
    T: Turns,
    R: Report,
    K: Keeper,
{
    /// Fine-tunes the shipped weights; what the guard decides. `w` holds what is kept.
    ///
    /// # Errors
    /// [`Error::Method`], [`Error::Network`] where a buffer does not fit; [`Error::Flash`], [`Error::Checkpoint`].
    #[inline(never)]
    pub fn tune(&mut self) -> Result<Option<Outcome>, Error> {
        match C::SETTINGS.guard {
            Guard::Off => {
                let run = Run::tune::<C>(None, false);
                self.trainer.train(self.bench, &run, &mut |_, _| Ok(())).map(|()| None)
            }
            Guard::Accuracy => self.held_out(Criterion::Accuracy).map(Some),
            Guard::Loss => self.held_out(Criterion::Loss).map(Some),
            Guard::Trust => self.trusting().map(Some),
        }
    }

    /// The best epoch by samples that did not train: one of each class, and the old ones of the guard.
    fn held_out(&mut self, criterion: Criterion) -> Result<Outcome, Error> {
        let fold = Some(Fold { k: 0, of: HELD_OUT });
        let scores = |bench: &mut Bench<'_, C::Net, T, K>| -> Result<Scores, Error> {
            Ok(Scores { new: bench.score_labelled(fold, false)?, old: bench.score_old()? })
        };
        let Self { bench, trainer } = self;
        bench.load_factory()?;
        let rule = Rule { criterion, ..Rule::default() };
        let mut guard = tune::Guard::new(rule, scores(bench)?, ());
        let run = Run::tune::<C>(fold, false);
        trainer.train(bench, &run, &mut |bench, _| {
            if guard.judge(scores(bench)?) == Verdict::Better {
                bench.keeper.keep_epoch(bench.turns, bench.predictor.w)?;
            }
            bench.turns.rest();
            Ok(())
        })?;
        match guard.outcome() {
            Outcome::Kept { .. } => bench.keeper.take_epoch(bench.turns, bench.predictor.w)?,
            Outcome::RolledBack => bench.load_factory()?,
        }
        Ok(guard.outcome())
    }

    /// All labelled windows, each as far as it is believed; see [`Trust`](tune::Trust).
    fn trusting(&mut self) -> Result<Outcome, Error> {
        let Self { bench, trainer } = self;
        bench.load_factory()?;
        let factory = Scores { new: bench.score_labelled(None, true)?, old: Score::default() };
        let epochs = (C::SETTINGS.epochs / 4).max(1);
        for (k, name) in ["wrist:fold-1", "wrist:fold-2"].into_iter().enumerate() {
            let fold = Some(Fold { k, of: FOLDS });
            let run = Run { name, epochs, outside: fold, weigh: false };
            trainer.train(bench, &run, &mut |_, _| Ok(()))?;
            bench.score_labelled(fold, true)?;
        }
        tell_trust(bench, trainer.report);
        let run = Run::tune::<C>(None, true);
        let mut epoch = 0;
        trainer.train(bench, &run, &mut |bench, b| {
            bench.average(b, epoch)?;
            epoch += 1;
            Ok(())
        })?;
        bench.keeper.take_epoch(bench.turns, bench.predictor.w)?;
        let found = Scores { new: bench.score_labelled(None, false)?, old: Score::default() };
        Ok(if Rule::default().prefers(&found, &factory, &factory) {
            Outcome::Kept { epoch: run.epochs }
        } else {
            bench.load_factory()?;
            Outcome::RolledBack
        })
    }
}

fn tell_trust<N, T: Turns, K: Keeper, R: Report>(bench: &mut Bench<'_, N, T, K>, report: &mut R) {
    let Bench { keeper, trust, turns, .. } = bench;
    tell(*turns, report, |report| {
        let (mut crc, mut least, mut most) = (Crc32::new(), f32::INFINITY, 0.0_f32);
        for i in 0..keeper.labels().len() {
            let trust = trust.of(i);
            crc.floats(&[trust]);
            (least, most) = (least.min(trust), most.max(trust));
        }
        report.row(Row { name: "wrist:trust", ticks: 0, hash: crc.finish() });
        report.event(Event::Trust { least, most });
    });
}
