//! Windows and an epoch in flash: the memory of a session is what a step of training takes.
//!
//! The weights of an epoch become the candidate of the checkpoints, over the candidate before; the confirmed record is never
//! touched. A power cut at any moment leads to the weights that were confirmed last, and the person labels again.

use super::log::{self, Index, Log};
use super::{Keeper, Storage};
use crate::Error;
use crate::keep::Checkpoints;
use crate::net::Model;
use crate::pieces::Turns;
use core::marker::PhantomData;
use embedded_storage::nor_flash::NorFlash;
use flatmin::checkpoint::Position;

/// In flash.
#[derive(Debug)]
pub struct InFlash {
    /// Where the windows lie.
    pub index: Index,
}

impl<N: Model> Storage<N> for InFlash {
    const NEW: Self = Self { index: Index::NEW };
    type Keeper<'a, F: NorFlash + 'a> = FlashKeeper<'a, N, F>;

    fn open<'a, F: NorFlash + 'a>(
        &'a mut self,
        flash: F,
        scale: &'a [f32],
        seed: u64,
    ) -> Result<Self::Keeper<'a, F>, Error> {
        let log = Log::new(&mut self.index, scale, seed)?;
        let position = Position { seed, ..Position::default() };
        Ok(FlashKeeper { flash, log, position, net: PhantomData })
    }
}

/// [`InFlash`] at work.
#[derive(Debug)]
pub struct FlashKeeper<'a, N, F> {
    flash: F,
    log: Log<'a>,
    position: Position,
    net: PhantomData<N>,
}

impl<N: Model, F: NorFlash> Keeper for FlashKeeper<'_, N, F> {
    fn restore(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<bool, Error> {
        Checkpoints::<N, _>::open(&mut self.flash, turns)?.restore(turns, w)
    }

    fn begin(&mut self, turns: &mut impl Turns) -> Result<(), Error> {
        log::erase(&mut self.flash, turns)
    }

    fn offer(&mut self, x: &[f32], label: u8) -> Result<(), Error> {
        self.log.offer(&mut self.flash, x, label)
    }

    fn labels(&self) -> &[u8] {
        self.log.labels()
    }

    fn read(&mut self, i: usize, x: &mut [f32]) -> Result<u8, Error> {
        self.log.read(&mut self.flash, i, x)
    }

    #[inline(never)]
    fn keep_epoch(&mut self, turns: &mut impl Turns, w: &[f32]) -> Result<(), Error> {
        Checkpoints::<N, _>::open(&mut self.flash, turns)?.save(turns, w, self.position)
    }

    #[inline(never)]
    fn take_epoch(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        Checkpoints::<N, _>::open(&mut self.flash, turns)?.load_candidate(turns, w)
    }

    fn finish(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> Result<bool, Error> {
        let mut checkpoints = Checkpoints::<N, _>::open(&mut self.flash, turns)?;
        // What was kept last may be it.
        if !checkpoints.is_candidate(turns, w, copy) {
            checkpoints.save(turns, w, self.position)?;
        }
        checkpoints.confirm(turns, w, copy)
    }
}
