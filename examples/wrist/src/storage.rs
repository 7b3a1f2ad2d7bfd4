//! Where a session keeps what it needs now and then: the labelled windows, and the weights of an epoch: the best, or
//! the mean of all.
//!
//! | place | static memory | flash |
//! |---|---|---|
//! | [`InRam`] | the windows as `i8`, a vector as long as the weights | the result |
//! | [`InFlash`] | an index of the windows | [`log::BYTES`] for windows; a record for every epoch that is kept or averaged, and the result |
//!
//! The bits are the same.

mod in_flash;
mod in_ram;
pub mod log;

pub use in_flash::{FlashKeeper, InFlash};
pub use in_ram::{InRam, Labelled, RamKeeper};

use crate::Error;
use crate::net::Model;
use crate::pieces::Turns;
use embedded_storage::nor_flash::NorFlash;

/// A place, by its static memory.
pub trait Storage<N: Model>: 'static {
    /// Before a session.
    const NEW: Self;
    /// It at work, on a flash.
    type Keeper<'a, F: NorFlash + 'a>: Keeper;

    /// Opens it, and writes nothing. Windows are stored in units of `scale`, `seed` decides which of them.
    ///
    /// # Errors
    /// [`Error::Method`].
    fn open<'a, F: NorFlash + 'a>(
        &'a mut self,
        flash: F,
        scale: &'a [f32],
        seed: u64,
    ) -> Result<Self::Keeper<'a, F>, Error>;
}

/// Keeps labelled windows, the weights of an epoch, and the result. Errors are those of the flash.
pub trait Keeper {
    /// Reads what a reset leads to, if there is something that fits; see [`Checkpoints::restore`](crate::keep::Checkpoints::restore).
    ///
    /// # Errors
    /// [`Error::Checkpoint`].
    fn restore(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<bool, Error>;

    /// Makes room for labelled windows, before the first.
    ///
    /// # Errors
    /// [`Error::Flash`].
    fn begin(&mut self, turns: &mut impl Turns) -> Result<(), Error>;

    /// Takes a window with its label into a class-balanced reservoir, or not.
    ///
    /// # Errors
    /// [`Error::Flash`], [`Error::Method`].
    fn offer(&mut self, x: &[f32], label: u8) -> Result<(), Error>;

    /// The labels of what was kept.
    fn labels(&self) -> &[u8];

    /// Reads window `i` and returns its label; `u8::MAX` where there is none.
    ///
    /// # Errors
    /// [`Error::Flash`].
    fn read(&mut self, i: usize, x: &mut [f32]) -> Result<u8, Error>;

    /// Keeps the weights of an epoch instead of those before.
    ///
    /// # Errors
    /// [`Error::Checkpoint`].
    fn keep_epoch(&mut self, turns: &mut impl Turns, w: &[f32]) -> Result<(), Error>;

    /// Puts what was kept last in place.
    ///
    /// # Errors
    /// [`Error::Checkpoint`].
    fn take_epoch(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error>;

    /// Makes `w` what a reset leads to, and reads it into `copy`. Whether it was read back bit for bit.
    ///
    /// # Errors
    /// [`Error::Checkpoint`].
    fn finish(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> Result<bool, Error>;
}
