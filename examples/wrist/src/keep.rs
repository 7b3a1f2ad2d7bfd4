//! Weights in flash: a trial record, read back, then confirmed.

use crate::BLOB;
use crate::Error;
use crate::flash::{SLOT, START};
use crate::net::Model;
use crate::pieces::Turns;
use core::marker::PhantomData;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use flatmin::backend::Portable;
use flatmin::checkpoint::{self, Job, Position, Region, Snapshot, Store, Target, Task};
use flatmin::methods::Plain;
use flatmin::optimizers::Sgd;

/// The checksum of the shipped model: weights that were tuned from another one do not fit.
const MODEL: u32 = match BLOB.last_chunk() {
    Some(bytes) => u32::from_le_bytes(*bytes),
    None => 0,
};

/// Checkpoints of the weights of a network, and of nothing else: a method without state.
///
/// Errors are [`Error::Checkpoint`] when the flash refuses, [`Error::Method`] when a vector is not as long as the weights.
#[derive(Debug)]
pub struct Checkpoints<N, F: NorFlash> {
    store: Store<Common<F>>,
    net: PhantomData<N>,
}

impl<N: Model, F: NorFlash> Checkpoints<N, F> {
    /// Those of a flash, which may be lent.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    pub fn open(flash: F, turns: &mut impl Turns) -> Result<Self, Error> {
        let mut store = Store::new(Common(flash), Region::new(START, SLOT as u32))?;
        finish(turns, store.open())?;
        Ok(Self { store, net: PhantomData })
    }

    /// Writes `w` as a candidate.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn save(&mut self, turns: &mut impl Turns, w: &[f32], position: Position) -> Result<(), Error> {
        let (b, method) = (&Portable, &Plain::new(Sgd::new()));
        finish(
            turns,
            self.store
                .save(Snapshot::<Portable, _, _>::new(b, N::LAYOUT, w, method, &(), position)?.tag(MODEL))?,
        )
    }

    /// Reads the candidate.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn load_candidate(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        let (b, method, nothing) = (&mut Portable, &mut Plain::new(Sgd::new()), &mut ());
        w.fill(0.0);
        finish(turns, self.store.load_candidate(Target::new(b, N::LAYOUT, w, method, nothing)?.tag(MODEL))?)
    }

    /// Reads what a reset leads to.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn load(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        let (b, method, nothing) = (&mut Portable, &mut Plain::new(Sgd::new()), &mut ());
        w.fill(0.0);
        finish(turns, self.store.load(Target::new(b, N::LAYOUT, w, method, nothing)?.tag(MODEL))?)
    }

    /// Reads what a reset leads to, if there is something that fits: confirmed weights of this network and this shipped
    /// model. Else `w` is spoiled.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    pub fn restore(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<bool, Error> {
        use checkpoint::Error::{Damaged, Empty, Layout, Version};
        let mut loaded = self.load(turns, w);
        if loaded == Err(Error::Checkpoint(Damaged)) {
            // The store has dropped that record: the one before it.
            loaded = self.load(turns, w);
        }
        match loaded {
            Err(Error::Checkpoint(Empty | Damaged | Layout { .. } | Version { .. })) => Ok(false),
            loaded => loaded.map(|()| true),
        }
    }

    /// Whether the candidate is `w`; it is read into `copy`.
    pub fn is_candidate(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> bool {
        self.load_candidate(turns, copy).is_ok() && same(w, copy)
    }

    /// Reads the candidate back into `copy`, confirms it, and reads what a reset would lead to. Whether `copy` is `w`
    /// after both.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    pub fn confirm(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> Result<bool, Error> {
        self.load_candidate(turns, copy)?;
        let on_trial = same(w, copy);
        finish(turns, self.store.confirm()?)?;
        self.load(turns, copy)?;
        Ok(on_trial && same(w, copy))
    }
}

/// One flash operation a piece.
fn finish<F: NorFlash, J: Job>(
    turns: &mut impl Turns,
    mut task: Task<'_, Common<F>, J>,
) -> Result<(), Error> {
    let _ = turns.finish(|| task.advance().map(|poll| poll.map(drop)))?;
    Ok(())
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// A flash whose errors are of the common kind.
#[derive(Debug)]
struct Common<F>(F);

impl<F> ErrorType for Common<F> {
    type Error = NorFlashErrorKind;
}

impl<F: NorFlash> ReadNorFlash for Common<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.0.read(offset, bytes).map_err(|error| error.kind())
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> NorFlash for Common<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.0.erase(from, to).map_err(|error| error.kind())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.0.write(offset, bytes).map_err(|error| error.kind())
    }
}
