//! All of it in order: measure and let label, fine-tune, test, keep.

use crate::bench::{Bench, Predictor, every};
use crate::board::Board;
use crate::choice::Choice;
use crate::collect::{self, Part, See};
use crate::imu::ADDRESS;
use crate::memory::Memory;
use crate::net::{Model, WINDOW};
use crate::personalise::Personaliser;
use crate::pieces::{Grain, Turns};
use crate::recording::Recording;
use crate::report::{Event, Report, Row};
use crate::train::Trainer;
use crate::{BLOB, Error, RECORDING, keep};
use core::borrow::BorrowMut;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_storage::nor_flash::NorFlash;
use flatmin::backend::{Isa, Sliced};
use flatmin::blob::Blob;
use flatmin::checkpoint::Position;
use flatmin::hash::Crc32;
use flatmin::tune::replay_buffer::{Item, ReplayBuffer};
use flatmin::tune::{Outcome, Samples, Score, Scores, Trust};

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
    let Board { delay, pin, flash, turns, report } = board;
    let blob = Blob::parse(BLOB)?.of::<C::Net>()?;
    let recording = Recording::of(RECORDING, ADDRESS)?;
    turns.rest();

    let Memory { w, g, mean, frozen, tuner, acts, x, labelled, trust } = memory;
    let (w, g, mean) = (w.borrow_mut(), g.borrow_mut(), mean.borrow_mut());
    let (frozen, acts) = (frozen.borrow_mut(), acts.borrow_mut());
    let mut shipped = Predictor::<C::Net>::new(w, frozen, acts, grain.units);
    shipped.load_factory(&blob)?;
    let mut session = Session { blob, recording, delay, x, turns, report };

    let seed = C::SETTINGS.seed;
    let mut buffer = labelled.buffer(blob.replay().scale(), seed)?;
    let before = session.collect(&mut shipped, &mut buffer)?;

    let Session { x, turns, report, .. } = &mut session;
    let (labelled, trust) = (buffer.samples(), Trust::new(trust));
    let bench = Bench { blob, labelled, predictor: shipped, g, x, trust, turns: *turns };
    let trainer = Trainer { tuner, b: Sliced::new(backend, grain.slice), pin, report: *report };
    let outcome = Personaliser::<C, _, _, _, _> { bench, trainer, mean }.tune()?;

    session.turns.rest();
    let position = Position { seed, ..Position::default() };
    let stored = keep::keep::<C::Net, F, T>(flash, session.turns, w, g, position)?;
    // What a reset leads to is tested: the weights that were read back.
    let mut kept = Predictor::<C::Net>::new(g, frozen, acts, grain.units);
    let after = session.test(&mut kept, outcome, stored)?;
    Ok(Result { new: [before.new, after.new], old: [before.old, after.old], outcome, stored })
}

/// What is measured, and who waits, works and is told.
struct Session<'a, D, T, R> {
    blob: Blob<'a>,
    recording: Recording,
    delay: D,
    x: &'a mut [f32; WINDOW],
    turns: &'a mut T,
    report: &'a mut R,
}

impl<D: DelayNs, T: Turns, R: Report> Session<'_, D, T, R> {
    /// Every window of the recording that serves something.
    fn windows(&mut self, see: &mut See<'_, T>) -> core::result::Result<(), Error> {
        let Self { blob, recording, delay, x, turns, .. } = self;
        *recording = collect::windows(*recording, delay, *turns, blob, x, see)?;
        Ok(())
    }

    /// The person labels; the shipped weights are tested on what comes later.
    fn collect<N: Model>(
        &mut self,
        shipped: &mut Predictor<'_, N>,
        buffer: &mut ReplayBuffer<'_, i8>,
    ) -> core::result::Result<Scores, Error> {
        let mut new = Score::default();
        self.windows(&mut |turns, part, label, x| {
            match part {
                Part::Labelled => _ = buffer.offer(x, label)?,
                Part::Tested => shipped.test(turns, &mut new, x, label)?,
            }
            turns.rest();
            Ok(())
        })?;
        let old = shipped.score(self.turns, self.blob.validation(), self.x, every)?;
        let (labelled, report) = (buffer.samples(), &mut *self.report);
        self.turns.aside(|| {
            report.row(Row { name: "wrist:samples", ticks: 0, hash: hash(labelled) });
            report.event(Event::Collected { labelled: labelled.len(), tested: new.total });
            tell(report, "wrist:right:shipped", "new, shipped", new);
            tell(report, "wrist:right:shipped", "old, shipped", old);
        });
        Ok(Scores { new, old })
    }

    /// Tests what is kept, and says how it came to be.
    fn test<N: Model>(
        &mut self,
        kept: &mut Predictor<'_, N>,
        outcome: Option<Outcome>,
        stored: bool,
    ) -> core::result::Result<Scores, Error> {
        let mut new = Score::default();
        self.windows(&mut |turns, part, label, x| match part {
            Part::Labelled => Ok(()),
            Part::Tested => kept.test(turns, &mut new, x, label),
        })?;
        let old = kept.score(self.turns, self.blob.validation(), self.x, every)?;
        let report = &mut *self.report;
        self.turns.aside(|| {
            let mut crc = Crc32::new();
            crc.floats(kept.w);
            report.row(Row { name: "wrist:kept", ticks: 0, hash: crc.finish() });
            report.event(Event::Decided(outcome));
            report.event(Event::Stored(stored));
            tell(report, "wrist:right:kept", "new, kept", new);
            tell(report, "wrist:right:kept", "old, kept", old);
        });
        Ok(Scores { new, old })
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
