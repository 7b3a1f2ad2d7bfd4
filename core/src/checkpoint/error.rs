//! What can go wrong with a checkpoint.

use super::region::Misfit;
use core::convert::Infallible;
use core::fmt;

/// Why a call on a store did not succeed; `E` is the error of the flash. No error harms a confirmed checkpoint: a
/// read that fails is repeated before it counts, and what it should have read is overwritten last ([`Slot::Unreadable`]).
///
/// [`Slot::Unreadable`]: super::Slot::Unreadable
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The flash failed. A save may be advanced on (after a failed write it starts again with erasing); after a failed
    /// confirm, rollback or undo, open the store again to see what became of it.
    Flash(E),
    /// The region does not fit the flash.
    Region(Misfit),
    /// The record does not fit into a slot.
    Room {
        /// Bytes of the record.
        needed: usize,
        /// Bytes of a slot that are left for it.
        room: usize,
    },
    /// There is no confirmed checkpoint: start from the factory weights.
    Empty,
    /// There is no candidate to load, confirm or roll back.
    NoCandidate,
    /// There is no confirmed checkpoint before the current one to go back to.
    NoOlder,
    /// The record was saved by a firmware with another network, method, optimizer, average or tag.
    Layout {
        /// The hash of what is being loaded into.
        expected: u32,
        /// The hash in the record.
        found: u32,
    },
    /// There is no confirmed checkpoint, but a record of a newer firmware's format.
    Version {
        /// Its version.
        found: u32,
    },
    /// What was read is not what was written or erased. A save may be advanced on: it starts again with erasing. A load has
    /// spoiled what it loaded into, and the store has dropped that record: load again for the one before it.
    Damaged,
    /// The store has not been opened.
    Closed,
}

impl Error<Infallible> {
    /// The same for a flash with errors of its own.
    pub(super) fn widen<E>(self) -> Error<E> {
        match self {
            Self::Flash(never) => match never {},
            Self::Region(misfit) => Error::Region(misfit),
            Self::Room { needed, room } => Error::Room { needed, room },
            Self::Empty => Error::Empty,
            Self::NoCandidate => Error::NoCandidate,
            Self::NoOlder => Error::NoOlder,
            Self::Layout { expected, found } => Error::Layout { expected, found },
            Self::Version { found } => Error::Version { found },
            Self::Damaged => Error::Damaged,
            Self::Closed => Error::Closed,
        }
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "the flash failed: {error:?}"),
            Self::Region(misfit) => write!(f, "the region does not fit the flash: {}", misfit.what()),
            Self::Room { needed, room } => {
                write!(f, "the record has {needed} bytes, but a slot only holds {room}: enlarge the slots")
            }
            Self::Empty => f.write_str("there is no confirmed checkpoint; start from the factory weights"),
            Self::NoCandidate => f.write_str("there is no candidate; save one first"),
            Self::NoOlder => f.write_str("there is no older confirmed checkpoint to go back to"),
            Self::Layout { expected, found } => write!(
                f,
                "the checkpoint belongs to another network, method or tag: layout {found:08x}, not {expected:08x}"
            ),
            Self::Version { found } => {
                write!(f, "the checkpoint has format {found}, newer than this firmware; update it")
            }
            Self::Damaged => f.write_str("what was read from the flash is not what was written"),
            Self::Closed => f.write_str("the store has not been opened; call open first"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}
