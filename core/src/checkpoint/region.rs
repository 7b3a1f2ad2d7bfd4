//! Where checkpoints lie in flash.

use super::header::{HEADER, MARK};

/// Most slots of a region.
pub const MAX_SLOTS: usize = 8;
/// Bytes that one call reads or writes at most, and the largest write unit of a flash that is supported.
pub const CHUNK: usize = 256;

/// Part of a flash that is kept for checkpoints: two or more slots of one size. Erased flash must read as 0xff: on any
/// other every save ends with [`Error::Damaged`](super::Error::Damaged).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Region {
    /// First byte; a multiple of the erase size.
    pub start: u32,
    /// Bytes of a slot; a multiple of the erase size. A header of 32 bytes, [`Snapshot::bytes`](super::Snapshot::bytes) and
    /// three marks of 8, each rounded up to whole write units, must fit.
    pub slot: u32,
    /// Slots, 2 to [`MAX_SLOTS`]. Two keep the last confirmed checkpoint; with three, a candidate also survives until
    /// the next one is complete.
    pub slots: u32,
    /// Bytes that one call reads or writes at most: a multiple of the write size, up to [`CHUNK`]. Fewer make calls
    /// shorter.
    pub chunk: u32,
}

impl Region {
    /// Two slots of `slot` bytes, one after the other from `start`.
    pub const fn new(start: u32, slot: u32) -> Self {
        Self { start, slot, slots: 2, chunk: CHUNK as u32 }
    }
}

/// What a flash demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Geometry {
    /// Bytes of the smallest read.
    pub read: usize,
    /// Bytes of the smallest write.
    pub write: usize,
    /// Bytes of the smallest erase.
    pub erase: usize,
    /// Bytes in all.
    pub capacity: usize,
}

/// Why a region cannot be used on a flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Misfit {
    /// The read and write sizes of the flash are no powers of two up to [`CHUNK`].
    Unit,
    /// The erase size of the flash is no multiple of its write size.
    Erase,
    /// The region's start or slot is no multiple of the erase size, or a slot is empty.
    Unaligned,
    /// The number of slots is not 2 to [`MAX_SLOTS`].
    Slots,
    /// The chunk is 0, longer than [`CHUNK`], or no multiple of the write size and of 4.
    Chunk,
    /// The region ends beyond the flash, or beyond 2^32.
    Capacity,
}

impl Misfit {
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Unit => "the flash's read and write sizes must be powers of two up to 256",
            Self::Erase => "the flash's erase size must be a multiple of its write size",
            Self::Unaligned => "start and slot must be multiples of the flash's erase size",
            Self::Slots => "there must be 2 to 8 slots",
            Self::Chunk => "the chunk must be a multiple of 4 and of the flash's write size, up to 256",
            Self::Capacity => "the region must lie within the flash",
        }
    }
}

/// A region on a flash that it fits. Every address that a store uses comes from here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    start: u32,
    slot: u32,
    pub(super) slots: u32,
    pub(super) chunk: u32,
    pub(super) unit: u32,
    pub(super) erase: u32,
}

const fn multiple(value: u32, of: u32) -> bool {
    matches!(value.checked_rem(of), Some(0))
}

impl Plan {
    pub(super) fn new(region: Region, flash: Geometry) -> Result<Self, Misfit> {
        let Region { start, slot, slots, chunk } = region;
        let good = |size: usize| size.is_power_of_two() && size <= CHUNK;
        if !good(flash.read) || !good(flash.write) {
            return Err(Misfit::Unit);
        }
        let unit = flash.read.max(flash.write) as u32;
        let erase = u32::try_from(flash.erase).map_err(|_| Misfit::Erase)?;
        if erase == 0 || !multiple(erase, unit) {
            return Err(Misfit::Erase);
        }
        if slot == 0 || !multiple(start, erase) || !multiple(slot, erase) {
            return Err(Misfit::Unaligned);
        }
        if slots < 2 || slots > MAX_SLOTS as u32 {
            return Err(Misfit::Slots);
        }
        if chunk == 0 || chunk > CHUNK as u32 || !multiple(chunk, unit) || !multiple(chunk, 4) {
            return Err(Misfit::Chunk);
        }
        let end = slot.checked_mul(slots).and_then(|bytes| bytes.checked_add(start));
        match end {
            Some(end) if end as usize <= flash.capacity => {
                Ok(Self { start, slot, slots, chunk, unit, erase })
            }
            _ => Err(Misfit::Capacity),
        }
    }

    /// `bytes`, rounded up to whole units.
    pub(super) const fn round(&self, bytes: u32) -> u32 {
        // A power of two.
        let mask = self.unit.wrapping_sub(1);
        bytes.wrapping_add(mask) & !mask
    }

    /// The first byte of a slot: its header.
    pub(super) const fn base(&self, slot: u32) -> u32 {
        self.start.wrapping_add(self.slot.wrapping_mul(slot))
    }

    /// Where the mark "confirmed" of a slot stands.
    pub(super) const fn confirmed(&self, slot: u32) -> u32 {
        self.base(slot).wrapping_add(self.round(HEADER as u32))
    }

    /// Where the mark "rejected" of a slot stands.
    pub(super) const fn rejected(&self, slot: u32) -> u32 {
        self.confirmed(slot).wrapping_add(self.round(MARK as u32))
    }

    /// The first byte of a slot's payload.
    pub(super) const fn payload(&self, slot: u32) -> u32 {
        self.rejected(slot).wrapping_add(self.round(MARK as u32))
    }

    /// Where the mark "retired" of a slot with a payload of `bytes` stands: behind it, far from the others and, if the
    /// record has more than one, in another erase unit than the header.
    pub(super) const fn retired(&self, slot: u32, bytes: u32) -> u32 {
        self.payload(slot).wrapping_add(self.round(bytes))
    }

    /// Bytes of a slot that are not payload.
    const fn frame(&self) -> u32 {
        self.retired(0, 0).wrapping_sub(self.base(0)).wrapping_add(self.round(MARK as u32))
    }

    /// Bytes of payload that fit into a slot.
    pub(super) const fn room(&self) -> u32 {
        self.slot.saturating_sub(self.frame())
    }

    /// Units of erasing that hold a payload of `bytes` and what stands around it.
    pub(super) fn erases(&self, bytes: u32) -> u32 {
        let used = self.frame().wrapping_add(self.round(bytes));
        used.wrapping_add(self.erase.wrapping_sub(1)).checked_div(self.erase).unwrap_or(0)
    }
}
