//! A NOR flash in RAM: what stands in for your chip's driver.

use crate::storage::log;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// Bytes of the smallest erase.
const ERASE: usize = 4096;
/// A checkpoint of the network's weights.
pub const SLOT: usize = 2 * ERASE;
/// Two of them, at the beginning. Behind them lies the log of labelled windows, where they are kept in flash.
pub const CHECKPOINTS: usize = 2 * SLOT;
/// All of it.
pub const BYTES: usize = CHECKPOINTS + log::BYTES;

/// Writes clear bits, erasing sets them, as in the real one.
#[derive(Debug)]
pub struct RamFlash {
    bytes: [u8; BYTES],
}

impl RamFlash {
    /// Erased.
    pub const NEW: Self = Self { bytes: [0xff; BYTES] };

    fn part(&mut self, from: u32, len: usize) -> &mut [u8] {
        let from = from as usize;
        self.bytes.get_mut(from..from.saturating_add(len)).unwrap_or_default()
    }
}

impl ErrorType for RamFlash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for RamFlash {
    const READ_SIZE: usize = 1;

    #[inline(never)]
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let stored = self.part(offset, bytes.len());
        bytes.iter_mut().zip(stored).for_each(|(byte, stored)| *byte = *stored);
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl NorFlash for RamFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    #[inline(never)]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        self.part(from, to.saturating_sub(from) as usize).fill(0xff);
        Ok(())
    }

    #[inline(never)]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let stored = self.part(offset, bytes.len());
        stored.iter_mut().zip(bytes).for_each(|(stored, byte)| *stored &= *byte);
        Ok(())
    }
}
