//! From a bus to standardised windows with labels.

use crate::Error;
use crate::imu::{ADDRESS, Accel, Config, Gyro, Lsm6ds, Rate};
use crate::net::{CHANNELS, WINDOW};
use crate::pieces::Turns;
use crate::recording::{Exercise, Recording};
use core::task::Poll;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use flatmin::blob::Blob;

/// A wrist stays within these ranges.
pub const CONFIG: Config = Config { rate: Rate::Hz26, accel: Accel::G4, gyro: Gyro::Dps1000 };
/// Frames from the start of one window to the start of the next.
pub const HOP: usize = 32;
/// Between two questions whether a frame is ready, in milliseconds.
const PAUSE_MS: u32 = 4;
/// Questions after which the device counts as silent: ten frames at the slowest rate.
const PATIENCE: u32 = 200;

/// What a window of the recording serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The person says what it is: the first 36 % of an exercise.
    Labelled,
    /// It is kept apart to see what the labels were good for: from 46 % on.
    Tested,
}

impl Part {
    /// The part of a window that begins with frame `start` of `frames`. Windows overlap by half: a gap keeps what is tested
    /// apart from what is learnt.
    fn of(start: u32, frames: u32) -> Option<Self> {
        let (start, frames) = (u64::from(start) * 100, u64::from(frames));
        if start < 36 * frames {
            Some(Self::Labelled)
        } else {
            (start >= 46 * frames).then_some(Self::Tested)
        }
    }
}

/// Takes a window that serves something, with its label.
pub type See<'s, T> = dyn FnMut(&mut T, Part, u8, &[f32]) -> Result<(), Error> + 's;

/// Measures every exercise of the recording, and shows each window that serves something.
///
/// # Errors
/// [`Error::Imu`], and whatever `see` refuses.
pub fn windows<D: DelayNs, T: Turns>(
    recording: &mut Recording,
    delay: &mut D,
    turns: &mut T,
    blob: &Blob<'_>,
    x: &mut [f32; WINDOW],
    see: &mut See<'_, T>,
) -> Result<(), Error> {
    for exercise in recording.exercises() {
        recording.start(&exercise);
        let mut imu = Lsm6ds::new(&mut *recording, ADDRESS, CONFIG);
        imu.configure()?;
        measure(&mut imu, delay, turns, blob, x, &exercise, see)?;
    }
    Ok(())
}

/// One exercise.
fn measure<I: I2c, D: DelayNs, T: Turns>(
    imu: &mut Lsm6ds<I>,
    delay: &mut D,
    turns: &mut T,
    blob: &Blob<'_>,
    x: &mut [f32; WINDOW],
    exercise: &Exercise,
    see: &mut See<'_, T>,
) -> Result<(), Error> {
    let (mut start, mut filled) = (0, 0);
    while start + (WINDOW / CHANNELS) as u32 <= exercise.frames {
        fill(imu, delay, turns, blob, x.get_mut(filled..).unwrap_or_default())?;
        if let Some(part) = Part::of(start, exercise.frames) {
            see(turns, part, exercise.label, x)?;
        }
        let (first, second) = x.split_at_mut(HOP * CHANNELS);
        first.copy_from_slice(second);
        (start, filled) = (start + HOP as u32, HOP * CHANNELS);
    }
    Ok(())
}

const _: () = assert!(2 * HOP * CHANNELS == WINDOW, "a window slides by half of it");

/// Fills `x` with the next frames, each a piece of work.
fn fill<I: I2c, D: DelayNs>(
    imu: &mut Lsm6ds<I>,
    delay: &mut D,
    turns: &mut impl Turns,
    blob: &Blob<'_>,
    x: &mut [f32],
) -> Result<(), Error> {
    let mut frames = x.chunks_exact_mut(CHANNELS);
    let mut next = frames.next();
    let mut silent = 0;
    let done = turns.finish(|| {
        let Some(frame) = &mut next else { return Poll::Ready(Ok(())) };
        match imu.read() {
            Ok(Some(raw)) => {
                frame.copy_from_slice(&imu.real(raw));
                blob.standardise(frame);
                (next, silent) = (frames.next(), 0);
                Poll::Pending
            }
            Ok(None) if silent < PATIENCE => {
                delay.delay_ms(PAUSE_MS);
                silent += 1;
                Poll::Pending
            }
            Ok(None) => Poll::Ready(Err(crate::imu::Error::Silent)),
            Err(error) => Poll::Ready(Err(error)),
        }
    });
    match done {
        Poll::Ready(result) => result.map_err(Error::Imu),
        Poll::Pending => Ok(()),
    }
}
