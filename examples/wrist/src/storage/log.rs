//! Labelled windows in a log in flash, and which of them count.
//!
//! NOR flash cannot replace a window without erasing its neighbours. So a window that enters the reservoir is appended, and
//! the reservoir in RAM holds places in the log. The shipped recording takes 91 places; once the log is full,
//! later windows are passed by. The index is in RAM only: after a reset the person labels again.

use crate::Error;
use crate::flash;
use crate::memory::LABELLED;
use crate::net::{CHANNELS, CLASSES, WINDOW};
use crate::pieces::Turns;
use embedded_storage::nor_flash::{NorFlash, NorFlashError};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Class, Item, Offer, ReplayBuffer};

/// Windows that the log holds.
pub const LOG: usize = 128;
/// Bytes of it: twelve erase units of 4 KiB.
pub const BYTES: usize = LOG * WINDOW;
/// Bytes of an operation of the flash: whole frames.
const CHUNK: usize = 16 * CHANNELS;
const _: () = assert!(WINDOW.is_multiple_of(CHUNK) && LOG <= u8::MAX as usize);

/// Where the windows lie that count.
#[derive(Debug)]
pub struct Index {
    /// Places in the log.
    pub places: [u8; LABELLED],
    /// Exercises.
    pub labels: [u8; LABELLED],
    /// What was seen of each.
    pub classes: [Class; CLASSES],
}

impl Index {
    /// Before a session.
    pub const NEW: Self =
        Self { places: [0; LABELLED], labels: [0; LABELLED], classes: [Class::NEW; CLASSES] };
}

/// A log with its index.
#[derive(Debug)]
pub(super) struct Log<'a> {
    /// A reservoir whose samples are places.
    index: ReplayBuffer<'a, u8>,
    scale: &'a [f32],
    /// Windows in the log.
    len: u8,
}

impl<'a> Log<'a> {
    /// An empty one.
    pub(super) fn new(index: &'a mut Index, scale: &'a [f32], seed: u64) -> Result<Self, Error> {
        let draws = Draws::new(Key::new(seed, Stream::Labelled, 0));
        let Index { places, labels, classes } = index;
        Ok(Self { index: ReplayBuffer::new(1, places, labels, classes, &[1.0], draws)?, scale, len: 0 })
    }

    pub(super) fn labels(&self) -> &[u8] {
        self.index.samples().labels()
    }

    /// Appends a window, if the reservoir takes it.
    pub(super) fn offer(&mut self, flash: &mut impl NorFlash, x: &[f32], label: u8) -> Result<(), Error> {
        if usize::from(self.len) == LOG || self.index.offer(&[self.len.into()], label)? == Offer::PassedBy {
            return Ok(());
        }
        let mut at = address(self.len);
        for part in x.chunks_exact(CHUNK) {
            let mut bytes = [0; CHUNK];
            let scaled = part.iter().zip(self.scale.iter().cycle()).map(|(x, scale)| *x / *scale);
            bytes.iter_mut().zip(scaled).for_each(|(byte, x)| *byte = i8::nearest(x) as u8);
            flash.write(at, &bytes).map_err(refused)?;
            at += CHUNK as u32;
        }
        self.len += 1;
        Ok(())
    }

    /// Reads window `i` of those that count.
    pub(super) fn read(&self, flash: &mut impl NorFlash, i: usize, x: &mut [f32]) -> Result<u8, Error> {
        let mut place = [0.0];
        let Some(label) = self.index.samples().read(i, &mut place) else { return Ok(u8::MAX) };
        let mut at = address(u8::nearest(place[0]));
        for part in x.chunks_exact_mut(CHUNK) {
            let mut bytes = [0; CHUNK];
            flash.read(at, &mut bytes).map_err(refused)?;
            let stored = bytes.iter().zip(self.scale.iter().cycle());
            part.iter_mut().zip(stored).for_each(|(x, (byte, scale))| *x = *scale * (*byte as i8).real());
            at += CHUNK as u32;
        }
        Ok(label)
    }
}

/// Erases the flash of a log.
pub(super) fn erase<F: NorFlash>(flash: &mut F, turns: &mut impl Turns) -> Result<(), Error> {
    const { assert!(CHUNK.is_multiple_of(F::WRITE_SIZE) && CHUNK.is_multiple_of(F::READ_SIZE)) };
    const { assert!((flash::LOG as usize).is_multiple_of(F::ERASE_SIZE)) };
    for unit in 0..BYTES.div_ceil(F::ERASE_SIZE) {
        let from = flash::LOG + (unit * F::ERASE_SIZE) as u32;
        flash.erase(from, from + F::ERASE_SIZE as u32).map_err(refused)?;
        turns.rest();
    }
    Ok(())
}

/// Where a place of the log lies in flash.
const fn address(place: u8) -> u32 {
    flash::LOG + place as u32 * WINDOW as u32
}

fn refused(error: impl NorFlashError) -> Error {
    Error::Flash(error.kind())
}
