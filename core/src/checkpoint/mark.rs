//! Confirm, roll back, undo: one mark in its own write unit.

use super::error::Error;
use super::header::{self, Header, MARK};
use super::job::{Buffer, Failed, Io, Job};
use super::table::{Slot, Table};
use core::convert::Infallible;

/// Writes one mark, then reads it back.
#[derive(Debug)]
pub struct Mark<'a> {
    table: &'a mut Table,
    slot: u32,
    at: u32,
    bytes: [u8; MARK],
    becomes: Slot,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Write,
    /// The write was handed out and nothing is known of it.
    InFlight,
    Check,
    Done,
}

impl<'a> Mark<'a> {
    /// Makes the candidate the current record.
    pub(super) fn confirm(table: &'a mut Table) -> Result<Self, Error<Infallible>> {
        let (slot, header) = candidate(table)?;
        let at = table.plan.confirmed(slot);
        let bytes = header::confirmed(header.sequence);
        Ok(Self::new(table, slot, at, bytes, Slot::Confirmed(header)))
    }

    /// Drops the candidate.
    pub(super) fn roll_back(table: &'a mut Table) -> Result<Self, Error<Infallible>> {
        let (slot, header) = candidate(table)?;
        Ok(Self::reject(table, slot, header))
    }

    /// Drops the current record in favour of the one before it.
    pub(super) fn undo(table: &'a mut Table) -> Result<Self, Error<Infallible>> {
        table.older().ok_or(if table.is_open { Error::NoOlder } else { Error::Closed })?;
        let (slot, header) = table.current().ok_or(Error::NoOlder)?;
        Ok(Self::reject(table, slot, header))
    }

    fn reject(table: &'a mut Table, slot: u32, header: Header) -> Self {
        let at = table.plan.rejected(slot);
        Self::new(table, slot, at, header::rejected(header.sequence), Slot::Rejected(header))
    }

    fn new(table: &'a mut Table, slot: u32, at: u32, bytes: [u8; MARK], becomes: Slot) -> Self {
        Self { table, slot, at, bytes, becomes, stage: Stage::Write }
    }
}

fn candidate(table: &Table) -> Result<(u32, Header), Error<Infallible>> {
    table.candidate().ok_or(if table.is_open { Error::NoCandidate } else { Error::Closed })
}

impl Job for Mark<'_> {
    type Output = ();

    fn io<'b>(&'b mut self, buffer: &'b mut Buffer) -> Io<'b> {
        let Some(bytes) = buffer.get_mut(..self.table.plan.round(MARK as u32) as usize) else {
            return Io::Nothing;
        };
        match self.stage {
            Stage::Write => {
                // Until it is known to be whole, only opening the store again tells which record is current.
                self.table.is_open = false;
                bytes.fill(0xff);
                if let Some(head) = bytes.first_chunk_mut() {
                    *head = self.bytes;
                }
                self.stage = Stage::InFlight;
                Io::Write { at: self.at, bytes }
            }
            // A write of unknown outcome, too, is settled by reading.
            Stage::InFlight | Stage::Check => {
                self.stage = Stage::Check;
                Io::Read { at: self.at, bytes }
            }
            Stage::Done => Io::Nothing,
        }
    }

    fn done(&mut self, buffer: &Buffer) -> Result<(), Error<Infallible>> {
        match self.stage {
            Stage::InFlight => self.stage = Stage::Check,
            Stage::Check if buffer.starts_with(&self.bytes) => {
                (self.stage, self.table.is_open) = (Stage::Done, true);
                match self.becomes {
                    Slot::Confirmed(header) => self.table.confirm(self.slot, header),
                    other => self.table.set(self.slot, other),
                }
            }
            Stage::Check => return Err(Error::Damaged),
            Stage::Write | Stage::Done => {}
        }
        Ok(())
    }

    fn refused(&mut self) {
        if self.stage == Stage::InFlight {
            (self.stage, self.table.is_open) = (Stage::Write, true);
        }
    }

    fn failed(&mut self) -> Failed {
        Failed::Told
    }

    fn output(&self) -> Option<()> {
        (self.stage == Stage::Done).then_some(())
    }
}
