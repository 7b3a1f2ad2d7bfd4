//! All of it in order: measure and let label, fine-tune, test, keep.

use crate::board::Board;
use crate::choice::Choice;
use crate::collect::{self, Part};
use crate::imu::ADDRESS;
use crate::memory::Memory;
use crate::net::{Model, WINDOW};
use crate::personalise::{Bench, Grain, Personaliser, Trainer, logits};
use crate::pieces::Turns;
use crate::recording::Recording;
use crate::report::{Event, Report, Row};
use crate::{BLOB, Error, RECORDING, keep};
use core::borrow::BorrowMut;
use core::marker::PhantomData;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_storage::nor_flash::NorFlash;
use flatmin::backend::{Isa, Sliced};
use flatmin::blob::Blob;
use flatmin::checkpoint::Position;
use flatmin::hash::Crc32;
use flatmin::nn;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Item, ReplayBuffer};
use flatmin::tune::{Outcome, Samples, Score, Trust};

/// Right answers before and after, and what was decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Result {
    /// On the person's windows for the test: shipped weights, kept weights.
    pub new: [Score; 2],
    /// On the stored windows of old users.
    pub old: [Score; 2],
    /// What the guard decided, if there is one.
    pub outcome: Option<Outcome>,
    /// Whether the checkpoint was read back bit for bit.
    pub stored: bool,
}

/// Runs a session.
///
/// # Errors
/// [`Error`].
pub fn run<C, B, D, P, F, T, R>(
    board: Board<'_, D, P, F, T, R>,
    backend: B,
    memory: &mut Memory<C>,
    grain: Grain,
) -> core::result::Result<Result, Error>
where
    C: Choice,
    B: Isa,
    D: DelayNs,
    P: OutputPin,
    F: NorFlash,
    T: Turns,
    R: Report,
{
    let Board { mut delay, pin, flash, turns, report } = board;
    let blob = Blob::parse(BLOB)?.of::<C::Net>()?;
    let recording = Recording::of(RECORDING, ADDRESS)?;
    turns.rest();

    let Memory { w, g, mean, frozen, tuner, acts, x, labelled, trust } = memory;
    let (w, g, mean) = (w.borrow_mut(), g.borrow_mut(), mean.borrow_mut());
    let (frozen, acts) = (frozen.borrow_mut(), acts.borrow_mut());
    nn::split::<C::Net>(blob.weights(), w, frozen)?;
    let mut tester = Tester::<C::Net> { w, frozen, acts, units: grain.units, net: PhantomData };

    // The person labels; the shipped weights are tested on what comes later.
    let scale = blob.replay().scale();
    let draws = Draws::new(Key::new(C::SETTINGS.seed, Stream::Labelled, 0));
    let mut buffer = ReplayBuffer::new(
        WINDOW,
        &mut labelled.values,
        &mut labelled.labels,
        &mut labelled.classes,
        scale,
        draws,
    )?;
    let mut before = Score::default();
    let recording =
        collect::windows(recording, &mut delay, turns, &blob, x, &mut |turns, part, label, x| {
            match part {
                Part::Labelled => _ = buffer.offer(x, label)?,
                Part::Tested => tester.add(turns, &mut before, x, label)?,
            }
            turns.rest();
            Ok(())
        })?;
    let labelled = buffer.samples();
    let old = tester.score(turns, blob.validation(), x)?;
    turns.aside(|| {
        report.row(Row { name: "wrist:samples", ticks: 0, hash: hash(labelled) });
        report.event(Event::Collected { labelled: labelled.len(), tested: before.total });
        tell(report, "wrist:right:shipped", "new, shipped", before);
        tell(report, "wrist:right:shipped", "old, shipped", old);
    });

    let Tester { w, frozen, acts, units, .. } = tester;
    let bench = Bench {
        blob,
        labelled,
        w,
        g,
        frozen,
        acts,
        x,
        trust: Trust::new(trust),
        units,
        turns,
        net: PhantomData,
    };
    let trainer = Trainer { tuner, b: Sliced::new(backend, grain.slice), pin, report };
    let mut personaliser = Personaliser::<C, _, _, _, _> { bench, trainer, mean };
    let outcome = personaliser.tune()?;

    let Personaliser { bench: Bench { w, g, frozen, acts, x, turns, .. }, trainer, .. } = personaliser;
    let report = trainer.report;
    turns.rest();
    let position = Position { seed: C::SETTINGS.seed, ..Position::default() };
    let stored = keep::keep::<C::Net, F, T>(flash, turns, w, g, position)?;

    // What a reset leads to is tested: the weights that were read back.
    let mut tester = Tester::<C::Net> { w: g, frozen, acts, units, net: PhantomData };
    let mut after = Score::default();
    collect::windows(recording, &mut delay, turns, &blob, x, &mut |turns, part, label, x| match part {
        Part::Labelled => Ok(()),
        Part::Tested => tester.add(turns, &mut after, x, label),
    })?;
    let old = [old, tester.score(turns, blob.validation(), x)?];
    turns.aside(|| {
        let mut crc = Crc32::new();
        crc.floats(tester.w);
        report.row(Row { name: "wrist:kept", ticks: 0, hash: crc.finish() });
        report.event(Event::Decided(outcome));
        report.event(Event::Stored(stored));
        tell(report, "wrist:right:kept", "new, kept", after);
        tell(report, "wrist:right:kept", "old, kept", old[1]);
    });
    Ok(Result { new: [before, after], old, outcome, stored })
}

/// Weights that are tested.
struct Tester<'a, N> {
    w: &'a mut [f32],
    frozen: &'a mut [f32],
    acts: &'a mut [f32],
    units: usize,
    net: PhantomData<N>,
}

impl<N: Model> Tester<'_, N> {
    fn add(
        &mut self,
        turns: &mut impl Turns,
        score: &mut Score,
        x: &[f32],
        label: u8,
    ) -> core::result::Result<(), Error> {
        let z = logits::<N>(turns, self.units, x, self.w, self.frozen, self.acts)?;
        score.add(z, label.into());
        turns.rest();
        Ok(())
    }

    fn score(
        &mut self,
        turns: &mut impl Turns,
        samples: Samples<'_, i8>,
        x: &mut [f32],
    ) -> core::result::Result<Score, Error> {
        let mut score = Score::default();
        for i in 0..samples.len() {
            let label = samples.read(i, x).unwrap_or(u8::MAX);
            self.add(turns, &mut score, x, label)?;
        }
        Ok(score)
    }
}

fn tell(report: &mut impl Report, name: &'static str, of: &'static str, score: Score) {
    report.row(Row { name, ticks: 0, hash: score.right });
    report.event(Event::Score { of, score });
}

fn hash(samples: Samples<'_, i8>) -> u32 {
    let mut crc = Crc32::new();
    for value in samples.values() {
        crc.bytes(&[value.real() as i8 as u8]);
    }
    crc.bytes(samples.labels());
    crc.finish()
}
