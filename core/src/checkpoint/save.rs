//! Writing a record: what was there is retired, then erase, payload, check of payload and marks, header, check of the header.
//!
//! An erase that is cut may leave any word as it was and clear any other, a mark among them. Hence a record gets a second
//! mark before it is erased, so that no single word that is lost brings back what was rolled back or undone. The mark
//! stands at the record's end; where that is another erase unit than the header's, it outlives the header whatever
//! the cut does, since the header's unit is erased first.

use super::error::Error;
use super::header::{self, HEADER, Header, MARK};
use super::job::{Buffer, Failed, Io, Job};
use super::snapshot::Source;
use super::table::{Slot, Table};
use crate::hash::Crc32;
use core::convert::Infallible;

/// Writes a record into a free slot, one erase or one chunk a call. The header goes last: without it the slot is empty.
#[derive(Debug)]
pub struct Save<'a, S> {
    table: &'a mut Table,
    source: S,
    slot: u32,
    header: Header,
    bytes: u32,
    stage: Stage,
    /// A write was handed out and nothing is known of it.
    in_flight: bool,
    crc: Crc32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Reading where the mark "retired" of the record that was there belongs.
    Look(u32),
    /// Writing that mark.
    Retire(u32),
    /// This erase unit of the slot.
    Erase(u32),
    /// The payload from this byte on.
    Write(u32),
    /// Reading the payload back from this byte on.
    Check(u32),
    /// Reading the marks, which must be erased.
    CheckMark(Place),
    Header,
    CheckHeader,
    Done,
}

/// A mark of the new record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Confirmed,
    Rejected,
    Retired,
}

impl<'a, S: Source> Save<'a, S> {
    pub(super) fn new(table: &'a mut Table, source: S) -> Result<Self, Error<Infallible>> {
        let slot = table.target()?;
        let (words, room) = (source.words(), table.plan.room());
        if words > room as usize / 4 {
            return Err(Error::Room { needed: words.saturating_mul(4), room: room as usize });
        }
        let (layout, step) = (source.layout(), source.step());
        let stage = match table.slots().get(slot as usize) {
            Some(Slot::Candidate(old) | Slot::Confirmed(old) | Slot::Rejected(old) | Slot::Torn(old)) => {
                Stage::Look(table.plan.retired(slot, old.words.wrapping_mul(4)))
            }
            _ => Stage::Erase(0),
        };
        let header = Header { sequence: table.take_sequence(), layout, words: words as u32, crc: 0, step };
        Ok(Self {
            table,
            source,
            slot,
            header,
            bytes: words as u32 * 4,
            stage,
            in_flight: false,
            crc: Crc32::new(),
        })
    }

    fn restart(&mut self) {
        (self.stage, self.in_flight) = (Stage::Erase(0), false);
    }

    /// Bytes of payload in the chunk at `at`, and of the chunk with its padding.
    fn chunk(&self, at: u32) -> (u32, u32) {
        let real = self.bytes.saturating_sub(at).min(self.table.plan.chunk);
        (real, self.table.plan.round(real))
    }

    /// The stage that follows a chunk: the next chunk, or what comes after the last.
    fn beyond(&self, at: u32, chunk: impl Fn(u32) -> Stage, last: Stage) -> Stage {
        let at = at.saturating_add(self.table.plan.chunk);
        if at < self.bytes { chunk(at) } else { last }
    }
}

impl<S: Source> Job for Save<'_, S> {
    type Output = ();

    fn io<'b>(&'b mut self, buffer: &'b mut Buffer) -> Io<'b> {
        if self.in_flight {
            // It may have been written in part, and no word is written twice.
            self.restart();
        }
        let plan = self.table.plan;
        let mark = plan.round(MARK as u32) as usize;
        match self.stage {
            Stage::Look(at) => match buffer.get_mut(..mark) {
                Some(bytes) => Io::Read { at, bytes },
                None => Io::Nothing,
            },
            Stage::Retire(at) => {
                self.table.set(self.slot, Slot::Unknown);
                let Some(bytes) = buffer.get_mut(..mark) else { return Io::Nothing };
                bytes.fill(0);
                self.in_flight = true;
                Io::Write { at, bytes }
            }
            Stage::Erase(unit) => {
                // The first unit goes first, and with it the header of whatever the slot held.
                self.table.set(self.slot, Slot::Unknown);
                let from = plan.base(self.slot).wrapping_add(unit.wrapping_mul(plan.erase));
                Io::Erase { from, to: from.wrapping_add(plan.erase) }
            }
            Stage::Write(at) => {
                let (real, padded) = self.chunk(at);
                let Some(bytes) = buffer.get_mut(..padded as usize) else { return Io::Nothing };
                let (payload, padding) =
                    bytes.split_at_mut_checked(real as usize).unwrap_or((&mut [], &mut []));
                self.source.fill(at as usize / 4, payload);
                padding.fill(0xff);
                self.in_flight = true;
                Io::Write { at: plan.payload(self.slot).wrapping_add(at), bytes }
            }
            Stage::Check(at) => {
                let (_, padded) = self.chunk(at);
                match buffer.get_mut(..padded as usize) {
                    Some(bytes) => Io::Read { at: plan.payload(self.slot).wrapping_add(at), bytes },
                    None => Io::Nothing,
                }
            }
            Stage::CheckMark(place) => {
                let at = match place {
                    Place::Confirmed => plan.confirmed(self.slot),
                    Place::Rejected => plan.rejected(self.slot),
                    Place::Retired => plan.retired(self.slot, self.bytes),
                };
                match buffer.get_mut(..mark) {
                    Some(bytes) => Io::Read { at, bytes },
                    None => Io::Nothing,
                }
            }
            Stage::Header | Stage::CheckHeader => {
                let Some(bytes) = buffer.get_mut(..plan.round(HEADER as u32) as usize) else {
                    return Io::Nothing;
                };
                let at = plan.base(self.slot);
                if self.stage == Stage::CheckHeader {
                    return Io::Read { at, bytes };
                }
                bytes.fill(0xff);
                if let Some(head) = bytes.first_chunk_mut() {
                    *head = self.header.encode();
                }
                self.in_flight = true;
                Io::Write { at, bytes }
            }
            Stage::Done => Io::Nothing,
        }
    }

    fn done(&mut self, buffer: &Buffer) -> Result<(), Error<Infallible>> {
        self.in_flight = false;
        let mark = self.table.plan.round(MARK as u32) as usize;
        match self.stage {
            Stage::Look(at) => {
                // Not erased: a save before this one was cut. No word is written twice.
                let free = buffer.get(..mark).is_some_and(header::is_erased);
                self.stage = if free { Stage::Retire(at) } else { Stage::Erase(0) };
            }
            Stage::Retire(_) => self.stage = Stage::Erase(0),
            Stage::Erase(unit) if unit + 1 < self.table.plan.erases(self.bytes) => {
                self.stage = Stage::Erase(unit + 1);
            }
            Stage::Erase(_) => (self.stage, self.crc) = (Stage::Write(0), Crc32::new()),
            Stage::Write(at) => {
                let (real, _) = self.chunk(at);
                self.crc.bytes(buffer.get(..real as usize).unwrap_or(&[]));
                self.stage = self.beyond(at, Stage::Write, Stage::Check(0));
                if self.stage == Stage::Check(0) {
                    self.header.crc = core::mem::take(&mut self.crc).finish();
                }
            }
            Stage::Check(at) => {
                let (real, _) = self.chunk(at);
                self.crc.bytes(buffer.get(..real as usize).unwrap_or(&[]));
                self.stage = self.beyond(at, Stage::Check, Stage::CheckMark(Place::Confirmed));
                if !matches!(self.stage, Stage::Check(_)) && self.crc.finish() != self.header.crc {
                    self.restart();
                    return Err(Error::Damaged);
                }
            }
            Stage::CheckMark(place) => {
                if !buffer.get(..mark).is_some_and(header::is_erased) {
                    self.restart();
                    return Err(Error::Damaged);
                }
                self.stage = match place {
                    Place::Confirmed => Stage::CheckMark(Place::Rejected),
                    Place::Rejected => Stage::CheckMark(Place::Retired),
                    Place::Retired => Stage::Header,
                };
            }
            Stage::Header => self.stage = Stage::CheckHeader,
            Stage::CheckHeader => {
                if Header::decode(buffer) != Ok(self.header) {
                    self.restart();
                    return Err(Error::Damaged);
                }
                self.stage = Stage::Done;
                self.table.set(self.slot, Slot::Candidate(self.header));
            }
            Stage::Done => {}
        }
        Ok(())
    }

    fn refused(&mut self) {
        self.in_flight = false;
    }

    fn failed(&mut self) -> Failed {
        if let Stage::Look(_) = self.stage {
            // What cannot be read cannot be written either.
            self.restart();
            return Failed::Tolerated;
        }
        // An erase is repeated; a write stays in flight; what cannot be read back is written again.
        if matches!(self.stage, Stage::Check(_) | Stage::CheckMark(_) | Stage::CheckHeader) {
            self.restart();
        }
        Failed::Told
    }

    fn output(&self) -> Option<()> {
        (self.stage == Stage::Done).then_some(())
    }
}
