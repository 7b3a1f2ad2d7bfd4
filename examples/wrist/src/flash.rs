//! Where a session keeps what survives a reset, and a NOR flash in RAM: what stands in for your chip's driver.

use crate::storage::log;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// Where it begins, as the driver counts. Most drivers count from the first byte of the chip's flash, which is the vector
/// table of the program: a 0 here lets the first save erase it. [`is_behind`] looks.
// board: behind your program, and a multiple of your flash's erase unit
pub const START: u32 = 256 * 1024;
/// Bytes of the smallest erase.
const ERASE: usize = 4096;
/// A checkpoint of the network's weights.
pub const SLOT: usize = 2 * ERASE;
/// Two of them, from [`START`] on.
pub const CHECKPOINTS: usize = 2 * SLOT;
/// Behind them lies the log of labelled windows, where they are kept in flash.
pub const LOG: u32 = START + CHECKPOINTS as u32;
/// All of it.
pub const BYTES: usize = CHECKPOINTS + log::BYTES;

/// Whether all of it lies behind a program that ends before the address `end`.
///
/// An address becomes what the driver counts by its lower 24 bits, since chips map their flash to a multiple of 16 MiB
/// (nRF52 0x0000_0000, STM32 0x0800_0000, RP2040 0x1000_0000); so a bootloader before the program counts, too.
// board: another mask, where the flash begins elsewhere or is larger
pub const fn is_behind(end: usize) -> bool {
    end & 0x00ff_ffff <= START as usize
}

/// Writes clear bits, erasing sets them, as in the real one. What lies before [`START`] is the program's: it refuses.
#[derive(Debug)]
pub struct RamFlash {
    bytes: [u8; BYTES],
}

impl RamFlash {
    /// Erased.
    pub const NEW: Self = Self { bytes: [0xff; BYTES] };

    fn part(&mut self, from: u32, len: usize) -> Result<&mut [u8], NorFlashErrorKind> {
        let from = from.wrapping_sub(START) as usize;
        self.bytes.get_mut(from..from.saturating_add(len)).ok_or(NorFlashErrorKind::OutOfBounds)
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
        let stored = self.part(offset, bytes.len())?;
        bytes.iter_mut().zip(stored).for_each(|(byte, stored)| *byte = *stored);
        Ok(())
    }

    fn capacity(&self) -> usize {
        START as usize + BYTES
    }
}

impl NorFlash for RamFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE;

    #[inline(never)]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        self.part(from, to.saturating_sub(from) as usize)?.fill(0xff);
        Ok(())
    }

    #[inline(never)]
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let stored = self.part(offset, bytes.len())?;
        stored.iter_mut().zip(bytes).for_each(|(stored, byte)| *stored &= *byte);
        Ok(())
    }
}
