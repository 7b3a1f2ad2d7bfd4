//! A board that the compiler knows nothing about: what it answers depends on arguments.

use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType as PinErrorType, OutputPin};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Memory that behaves like a flash, as far as it goes; beyond, it fails.
pub struct Flash<'a>(pub &'a mut [u8]);

#[derive(Debug)]
pub struct Failed;

impl NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Flash<'_> {
    fn at(&mut self, at: u32, len: usize) -> Result<&mut [u8], Failed> {
        self.0.get_mut(at as usize..).and_then(|bytes| bytes.get_mut(..len)).ok_or(Failed)
    }
}

impl ErrorType for Flash<'_> {
    type Error = Failed;
}

impl ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let found = self.at(at, bytes.len())?;
        bytes.iter_mut().zip(found).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 512;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        self.at(from, to.saturating_sub(from) as usize)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Failed> {
        self.at(at, bytes.len())?.iter_mut().zip(bytes).for_each(|(to, from)| *to &= *from);
        Ok(())
    }
}

/// A pin, and a delay.
pub struct Wire<'a>(pub &'a mut u32);

impl PinErrorType for Wire<'_> {
    type Error = Infallible;
}

impl OutputPin for Wire<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        *self.0 &= !1;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        *self.0 |= 1;
        Ok(())
    }
}

impl DelayNs for Wire<'_> {
    fn delay_ns(&mut self, ns: u32) {
        *self.0 = self.0.wrapping_add(ns);
    }
}
