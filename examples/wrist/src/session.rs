//! All of it in order: measure and let label, fine-tune, test, keep; or answer with what was kept before a reset.

use crate::bench::{Bench, Predictor};
use crate::board::Board;
use crate::choice::Choice;
use crate::collect::{self, Part};
use crate::imu::ADDRESS;
use crate::memory::Memory;
use crate::net::Model;
use crate::personalise::Personaliser;
use crate::pieces::{Grain, Turns};
use crate::recording::Recording;
use crate::report::{Event, Report, Row, tell};
use crate::storage::{Keeper, Storage};
use crate::train::Trainer;
use crate::{BLOB, Error, RECORDING};
use core::borrow::BorrowMut;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_storage::nor_flash::NorFlash;
use flatmin::backend::{Isa, Sliced};
use flatmin::blob::Blob;
use flatmin::hash::Crc32;
use flatmin::tune::replay_buffer::Item;
use flatmin::tune::{Outcome, Score, Scores, Trust};

/// What a session begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After a reset: the confirmed weights in flash answer, and nothing is trained or written. Without any that fit, as
    /// [`Start::Shipped`].
    Confirmed,
    /// The person labels, and the shipped weights are tuned: always they, since the guard compares with them, and errors of
    /// one session do not go into the next. What is kept replaces what was confirmed.
    Shipped,
}

/// Right answers before and after, and what was decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Result {
    /// On the person's windows for the test: the weights that the session begins with, those that it ends with.
    pub new: [Score; 2],
    /// On the stored windows of old users.
    pub old: [Score; 2],
    /// What the guard decided, if there is one and something was trained.
    pub outcome: Option<Outcome>,
    /// Whether what answers in the end lies in flash, read back bit for bit where it was written.
    pub stored: bool,
}

/// Runs a session, from `start`.
///
/// # Errors
/// [`Error`].
pub fn run<C, B, D, P, F, T, R>(
    board: Board<'_, D, P, F, T, R>,
    backend: B,
    memory: &mut Memory<C>,
    grain: Grain,
    start: Start,
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

    let Memory { w, g, frozen, tuner, acts, x, storage, trust } = memory;
    let (w, g) = (w.borrow_mut(), g.borrow_mut());
    let mut predictor = Predictor::<C::Net>::new(w, frozen.borrow_mut(), acts.borrow_mut(), grain.units);
    predictor.load_factory(&blob)?;
    let keeper = storage.open(flash, blob.replay().scale(), C::SETTINGS.seed)?;
    let trust = Trust::new(trust);
    let bench = Bench { blob, keeper, predictor, g, x, trust, turns };
    let mut session = Session { bench, recording, delay, report };

    if start == Start::Confirmed && session.restore()? {
        let Scores { new, old } = session.test(&[])?;
        return Ok(Result { new: [new; 2], old: [old; 2], outcome: None, stored: true });
    }
    let before = session.collect()?;
    let Session { bench, report, .. } = &mut session;
    let trainer = Trainer { tuner, b: Sliced::new(backend, grain.slice), pin, report: *report };
    let outcome = Personaliser::<C, _, _, _, _, _> { bench, trainer }.tune()?;
    let stored = session.keep()?;
    let after = session.test(&[Event::Decided(outcome), Event::Stored(stored)])?;
    Ok(Result { new: [before.new, after.new], old: [before.old, after.old], outcome, stored })
}

/// A bench, what is measured, who waits and who is told.
struct Session<'a, N, D, T, R, K> {
    bench: Bench<'a, N, T, K>,
    recording: Recording,
    delay: D,
    report: &'a mut R,
}

impl<N: Model, D: DelayNs, T: Turns, R: Report, K: Keeper> Session<'_, N, D, T, R, K> {
    /// Reads what a reset leads to into the gradient's place, and says whether there was something that fits.
    #[inline(never)]
    fn restore(&mut self) -> core::result::Result<bool, Error> {
        let Self { bench: Bench { keeper, g, turns, .. }, report, .. } = self;
        let confirmed = keeper.restore(*turns, g)?;
        turns.aside(|| report.event(Event::Begun { confirmed }));
        Ok(confirmed)
    }

    /// The person labels; the shipped weights are tested on what comes later.
    #[inline(never)]
    fn collect(&mut self) -> core::result::Result<Scores, Error> {
        let Self { bench, recording, delay, report } = self;
        let Bench { blob, keeper, predictor, x, turns, .. } = bench;
        let mut new = Score::default();
        keeper.begin(*turns)?;
        collect::windows(recording, delay, *turns, blob, x, &mut |turns, part, label, x| {
            match part {
                Part::Labelled => keeper.offer(x, label)?,
                Part::Tested => predictor.test(turns, &mut new, x, label)?,
            }
            turns.rest();
            Ok(())
        })?;
        let old = bench.score_old()?;
        let Bench { blob, keeper, x, turns, .. } = bench;
        let labelled = keeper.labels().len();
        let mut result = Ok(Scores { new, old });
        tell(*turns, *report, |report| {
            match hash(keeper, blob.replay().scale(), &mut **x) {
                Ok(hash) => report.row(Row { name: "wrist:samples", ticks: 0, hash }),
                Err(error) => result = Err(error),
            }
            report.event(Event::Collected { labelled, tested: new.total });
            tell_score(report, "wrist:right:shipped", "new, shipped", new);
            tell_score(report, "wrist:right:shipped", "old, shipped", old);
        });
        result
    }

    /// Makes the weights what a reset leads to, and reads them back into the gradient's place.
    #[inline(never)]
    fn keep(&mut self) -> core::result::Result<bool, Error> {
        let Bench { keeper, predictor, g, turns, .. } = &mut self.bench;
        turns.rest();
        keeper.finish(*turns, predictor.w, g)
    }

    /// Tests what a reset leads to, and says how it came to be.
    #[inline(never)]
    fn test(&mut self, how: &[Event]) -> core::result::Result<Scores, Error> {
        let Self { bench, recording, delay, report } = self;
        let Bench { blob, predictor: Predictor { frozen, acts, units, .. }, g, x, turns, .. } = bench;
        let mut kept = Predictor::<N>::new(g, frozen, acts, *units);
        let mut new = Score::default();
        collect::windows(recording, delay, *turns, blob, x, &mut |turns, part, label, x| match part {
            Part::Labelled => Ok(()),
            Part::Tested => kept.test(turns, &mut new, x, label),
        })?;
        let old = kept.score(*turns, blob.validation(), &mut **x)?;
        tell(*turns, *report, |report| {
            let mut crc = Crc32::new();
            crc.floats(kept.w);
            report.row(Row { name: "wrist:kept", ticks: 0, hash: crc.finish() });
            how.iter().for_each(|event| report.event(*event));
            tell_score(report, "wrist:right:kept", "new, kept", new);
            tell_score(report, "wrist:right:kept", "old, kept", old);
        });
        Ok(Scores { new, old })
    }
}

fn tell_score(report: &mut impl Report, name: &'static str, of: &'static str, score: Score) {
    report.row(Row { name, ticks: 0, hash: score.right });
    report.event(Event::Score { of, score });
}

/// The hash of the labelled windows as they are stored: all values, then all labels.
fn hash(keeper: &mut impl Keeper, scale: &[f32], x: &mut [f32]) -> core::result::Result<u32, Error> {
    let mut crc = Crc32::new();
    for i in 0..keeper.labels().len() {
        keeper.read(i, x)?;
        for (x, scale) in x.iter().zip(scale.iter().cycle()) {
            crc.bytes(&[i8::nearest(*x / *scale) as u8]);
        }
    }
    crc.bytes(keeper.labels());
    Ok(crc.finish())
}
