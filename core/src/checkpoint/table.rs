//! What is known of the slots.

use super::error::Error;
use super::header::Header;
use super::region::{MAX_SLOTS, Plan};
use core::convert::Infallible;

/// What a slot holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Slot {
    /// Nothing is known: the store has not been opened, or a write to the slot did not end well.
    #[default]
    Unknown,
    /// No record: erased, or a save was interrupted.
    Empty,
    /// A complete record that waits for its confirmation.
    Candidate(Header),
    /// A complete, confirmed record.
    Confirmed(Header),
    /// A record that was rolled back.
    Rejected(Header),
    /// A record whose confirmation was interrupted. It cannot be confirmed any more: no word is written twice.
    Torn(Header),
    /// A record whose payload is damaged.
    Damaged(Header),
    /// A word of the header, the marks or the payload could not be read, twice in a row. It may come back when the store is
    /// opened again; until then the slot holds nothing, and it is overwritten only if no other can be (with two slots and a
    /// current record in the other one: by the next save), or after a newer record was confirmed.
    Unreadable,
    /// A record of a newer firmware.
    Future {
        /// Version of its format.
        version: u32,
        /// Its sequence number.
        sequence: u32,
    },
}

impl Slot {
    const fn sequence(self) -> Option<u32> {
        match self {
            Self::Unknown | Self::Empty | Self::Unreadable => None,
            Self::Candidate(h)
            | Self::Confirmed(h)
            | Self::Rejected(h)
            | Self::Torn(h)
            | Self::Damaged(h) => Some(h.sequence),
            Self::Future { sequence, .. } => Some(sequence),
        }
    }
}

/// Whether sequence number `a` comes after `b`; numbers may wrap around.
const fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// The slots of a region.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) plan: Plan,
    pub(super) is_open: bool,
    slots: [Slot; MAX_SLOTS],
    /// The highest sequence number seen or given away.
    highest: Option<u32>,
    /// How many numbers to leave out, for a record that cannot be read and may have them.
    gap: u32,
}

/// More numbers than a region's flash can be erased for.
const GAP: u32 = 1 << 20;

type Found = Option<(u32, Header)>;

impl Table {
    pub(super) const fn new(plan: Plan) -> Self {
        Self { plan, is_open: false, slots: [Slot::Unknown; MAX_SLOTS], highest: None, gap: 0 }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        self.slots.get(..self.plan.slots as usize).unwrap_or(&self.slots)
    }

    pub(super) fn set(&mut self, slot: u32, what: Slot) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = what;
        }
        if what == Slot::Unreadable {
            self.gap = GAP;
        }
        if let Some(sequence) = what.sequence()
            && self.highest.is_none_or(|highest| after(sequence, highest))
        {
            self.highest = Some(sequence);
        }
    }

    /// The newest record that `pick` takes; none while it is not known what the slots hold.
    fn newest(&self, pick: impl Fn(Slot) -> Option<Header>) -> Found {
        if !self.is_open {
            return None;
        }
        let mut best: Found = None;
        for (slot, what) in (0u32..).zip(self.slots()) {
            if let Some(header) = pick(*what)
                && best.is_none_or(|(_, other)| after(header.sequence, other.sequence))
            {
                best = Some((slot, header));
            }
        }
        best
    }

    /// Files a confirmation. It is newer than whatever could not be read, which is therefore worth nothing any more.
    pub(super) fn confirm(&mut self, slot: u32, header: Header) {
        for other in &mut self.slots {
            if *other == Slot::Unreadable {
                *other = Slot::Unknown;
            }
        }
        self.set(slot, Slot::Confirmed(header));
    }

    /// The record that a reset leads to.
    pub(super) fn current(&self) -> Found {
        self.newest(|slot| match slot {
            Slot::Confirmed(header) => Some(header),
            _ => None,
        })
    }

    /// The confirmed record before the current one.
    pub(super) fn older(&self) -> Found {
        let (_, current) = self.current()?;
        self.newest(|slot| match slot {
            Slot::Confirmed(header) if header.sequence != current.sequence => Some(header),
            _ => None,
        })
    }

    /// The newest unconfirmed record, if it is newer than the current one.
    pub(super) fn candidate(&self) -> Found {
        let newest = self.newest(|slot| match slot {
            Slot::Candidate(header) => Some(header),
            _ => None,
        })?;
        match self.current() {
            Some((_, current)) if !after(newest.1.sequence, current.sequence) => None,
            _ => Some(newest),
        }
    }

    /// Where the next record goes: never over the current one nor, with three slots, over the candidate; else over what is
    /// worth least. What cannot be read may be the last confirmed record and goes last.
    pub(super) fn target(&self) -> Result<u32, Error<Infallible>> {
        if !self.is_open {
            return Err(Error::Closed);
        }
        let (current, candidate) =
            (self.current().map(|(slot, _)| slot), self.candidate().map(|(slot, _)| slot));
        let mut best: Option<(u32, (u32, u32))> = None;
        for (slot, what) in (0u32..).zip(self.slots()) {
            if Some(slot) == current {
                continue;
            }
            let worth = match what {
                Slot::Unreadable => 4,
                Slot::Candidate(_) if Some(slot) == candidate => 3,
                Slot::Confirmed(_) => 2,
                Slot::Future { .. } => 1,
                _ => 0,
            };
            // Among equals the oldest; how far a slot is behind tells it even where numbers wrap.
            let behind = self.next_sequence().wrapping_sub(what.sequence().unwrap_or(0));
            let rank = (worth, !behind);
            if best.is_none_or(|(_, other)| rank < other) {
                best = Some((slot, rank));
            }
        }
        best.map(|(slot, _)| slot).ok_or(Error::Closed)
    }

    /// One more than the highest sequence number.
    fn next_sequence(&self) -> u32 {
        self.highest.map_or(0, |highest| highest.wrapping_add(1)).wrapping_add(self.gap)
    }

    /// The next record's sequence number. None is used twice between two openings, even if a save is given up.
    pub(super) fn take_sequence(&mut self) -> u32 {
        let sequence = self.next_sequence();
        (self.highest, self.gap) = (Some(sequence), 0);
        sequence
    }

    /// Why there is no record to load.
    pub(super) fn nothing(&self) -> Error<Infallible> {
        if !self.is_open {
            return Error::Closed;
        }
        let future = self.slots().iter().find_map(|slot| match slot {
            Slot::Future { version, .. } => Some(*version),
            _ => None,
        });
        future.map_or(Error::Empty, |found| Error::Version { found })
    }
}
