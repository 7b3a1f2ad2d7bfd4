//! Everything in RAM: the flash sees the result only.

use super::{Keeper, Storage};
use crate::Error;
use crate::keep::Checkpoints;
use crate::memory::LABELLED;
use crate::net::{CLASSES, Model, Vector, WINDOW};
use crate::pieces::Turns;
use core::borrow::BorrowMut;
use core::marker::PhantomData;
use embedded_storage::nor_flash::NorFlash;
use flatmin::checkpoint::Position;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Class, ReplayBuffer};

/// In RAM.
#[derive(Debug)]
pub struct InRam<N: Model> {
    /// The weights of an epoch.
    pub epoch: N::Weights,
    /// What the person labelled.
    pub labelled: Labelled,
}

/// Labelled windows in the form of the stored old ones.
#[derive(Debug)]
pub struct Labelled {
    /// Values in units of the shipped model's scale.
    pub values: [i8; LABELLED * WINDOW],
    /// Exercises.
    pub labels: [u8; LABELLED],
    /// What was seen of each.
    pub classes: [Class; CLASSES],
}

impl Labelled {
    const NEW: Self =
        Self { values: [0; LABELLED * WINDOW], labels: [0; LABELLED], classes: [Class::NEW; CLASSES] };
}

impl<N: Model> Storage<N> for InRam<N> {
    const NEW: Self = Self { epoch: Vector::ZEROS, labelled: Labelled::NEW };
    type Keeper<'a, F: NorFlash + 'a> = RamKeeper<'a, N, F>;

    fn open<'a, F: NorFlash + 'a>(
        &'a mut self,
        flash: F,
        scale: &'a [f32],
        seed: u64,
    ) -> Result<Self::Keeper<'a, F>, Error> {
        let Self { epoch, labelled: Labelled { values, labels, classes } } = self;
        let draws = Draws::new(Key::new(seed, Stream::Labelled, 0));
        let buffer = ReplayBuffer::new(WINDOW, values, labels, classes, scale, draws)?;
        let position = Position { seed, ..Position::default() };
        Ok(RamKeeper { flash, buffer, epoch: epoch.borrow_mut(), position, net: PhantomData })
    }
}

/// [`InRam`] at work.
#[derive(Debug)]
pub struct RamKeeper<'a, N, F> {
    flash: F,
    buffer: ReplayBuffer<'a, i8>,
    epoch: &'a mut [f32],
    position: Position,
    net: PhantomData<N>,
}

impl<N: Model, F: NorFlash> Keeper for RamKeeper<'_, N, F> {
    fn restore(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<bool, Error> {
        Checkpoints::<N, _>::open(&mut self.flash, turns)?.restore(turns, w)
    }

    fn begin(&mut self, _: &mut impl Turns) -> Result<(), Error> {
        Ok(())
    }

    fn offer(&mut self, x: &[f32], label: u8) -> Result<(), Error> {
        self.buffer.offer(x, label)?;
        Ok(())
    }

    fn labels(&self) -> &[u8] {
        self.buffer.samples().labels()
    }

    fn read(&mut self, i: usize, x: &mut [f32]) -> Result<u8, Error> {
        Ok(self.buffer.samples().read(i, x).unwrap_or(u8::MAX))
    }

    fn keep_epoch(&mut self, _: &mut impl Turns, w: &[f32]) -> Result<(), Error> {
        self.epoch.iter_mut().zip(w).for_each(|(kept, w)| *kept = *w);
        Ok(())
    }

    fn take_epoch(&mut self, _: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        w.iter_mut().zip(&*self.epoch).for_each(|(w, kept)| *w = *kept);
        Ok(())
    }

    fn finish(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> Result<bool, Error> {
        let mut checkpoints = Checkpoints::<N, _>::open(&mut self.flash, turns)?;
        checkpoints.save(turns, w, self.position)?;
        checkpoints.confirm(turns, w, copy)
    }
}
