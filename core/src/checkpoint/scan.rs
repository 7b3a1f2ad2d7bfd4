//! Finding out what the slots hold.

use super::error::Error;
use super::header::{self, HEADER, Header, MARK, NoHeader};
use super::job::{Buffer, Failed, Io, Job};
use super::region::Plan;
use super::table::{Slot, Table};
use crate::hash::Crc32;
use core::convert::Infallible;

/// Reads headers, marks and payloads of all slots. A read that fails is repeated; if it fails
/// again, the slot is unreadable, and no other.
#[derive(Debug)]
pub struct Scan<'a> {
    table: &'a mut Table,
    slot: u32,
    part: Part,
    header: Header,
    mark: Mark,
    crc: Crc32,
    /// The last read has failed.
    again: bool,
}

/// What is read next of a slot.
#[derive(Clone, Copy, Debug)]
enum Part {
    Header,
    Confirmed,
    Rejected,
    Retired,
    /// From this byte on.
    Payload(u32),
}

/// What was found where the mark "confirmed" belongs.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Erased,
    Whole,
    Torn,
}

const NONE: Header = Header { sequence: 0, layout: 0, words: 0, crc: 0, step: 0 };

impl<'a> Scan<'a> {
    pub(super) fn new(table: &'a mut Table) -> Self {
        *table = Table::new(table.plan);
        Self {
            table,
            slot: 0,
            part: Part::Header,
            header: NONE,
            mark: Mark::Erased,
            crc: Crc32::new(),
            again: false,
        }
    }

    fn plan(&self) -> Plan {
        self.table.plan
    }

    /// Address and bytes of the next read.
    fn next(&self) -> (u32, u32) {
        let plan = self.plan();
        match self.part {
            Part::Header => (plan.base(self.slot), plan.round(HEADER as u32)),
            Part::Confirmed => (plan.confirmed(self.slot), plan.round(MARK as u32)),
            Part::Rejected => (plan.rejected(self.slot), plan.round(MARK as u32)),
            Part::Retired => {
                (plan.retired(self.slot, self.header.words.wrapping_mul(4)), plan.round(MARK as u32))
            }
            Part::Payload(at) => {
                let left = plan.round(self.header.words.wrapping_mul(4)).saturating_sub(at);
                (plan.payload(self.slot).wrapping_add(at), left.min(plan.chunk))
            }
        }
    }

    /// Files the slot and goes on to the next one.
    fn file(&mut self, what: Slot) {
        self.table.set(self.slot, what);
        self.slot += 1;
        self.part = Part::Header;
        self.table.is_open = self.slot >= self.plan().slots;
    }

    fn read_header(&mut self, buffer: &Buffer) {
        match Header::decode(buffer) {
            Err(NoHeader::Absent) => self.file(Slot::Empty),
            Err(NoHeader::Future { version, sequence }) => self.file(Slot::Future { version, sequence }),
            Ok(header) if header.words > self.plan().room() / 4 => self.file(Slot::Damaged(header)),
            Ok(header) => (self.header, self.part) = (header, Part::Confirmed),
        }
    }

    fn read_confirmed(&mut self, buffer: &Buffer, bytes: usize) {
        self.mark = match buffer.get(..bytes) {
            Some(bytes) if header::is_erased(bytes) => Mark::Erased,
            Some(bytes) if bytes.starts_with(&header::confirmed(self.header.sequence)) => Mark::Whole,
            _ => Mark::Torn,
        };
        self.part = Part::Rejected;
    }

    /// Judges the mark "rejected" or "retired"; then comes `next`.
    fn read_rejected(&mut self, buffer: &Buffer, bytes: usize, next: Part) {
        if !buffer.get(..bytes).is_some_and(header::is_erased) {
            // Also half a mark: whoever began to write it meant it.
            self.file(Slot::Rejected(self.header));
        } else {
            (self.crc, self.part) = (Crc32::new(), next);
            if let Part::Payload(at) = next {
                self.judge(at);
            }
        }
    }

    fn read_payload(&mut self, buffer: &Buffer, at: u32, bytes: u32) {
        // What the last read has beyond the payload is padding.
        let real = bytes.min(self.header.words.wrapping_mul(4).saturating_sub(at));
        self.crc.bytes(buffer.get(..real as usize).unwrap_or(&[]));
        self.part = Part::Payload(at + bytes);
        self.judge(at + bytes);
    }

    /// Files the slot if its payload has been read up to the end.
    fn judge(&mut self, at: u32) {
        if at < self.plan().round(self.header.words.wrapping_mul(4)) {
            return;
        }
        let header = self.header;
        self.file(match self.mark {
            _ if self.crc.finish() != header.crc => Slot::Damaged(header),
            Mark::Erased => Slot::Candidate(header),
            Mark::Whole => Slot::Confirmed(header),
            Mark::Torn => Slot::Torn(header),
        });
    }
}

impl Job for Scan<'_> {
    type Output = ();

    fn io<'b>(&'b mut self, buffer: &'b mut Buffer) -> Io<'b> {
        if self.table.is_open {
            return Io::Nothing;
        }
        let (at, bytes) = self.next();
        match buffer.get_mut(..bytes as usize) {
            Some(bytes) => Io::Read { at, bytes },
            None => Io::Nothing,
        }
    }

    fn done(&mut self, buffer: &Buffer) -> Result<(), Error<Infallible>> {
        if self.table.is_open {
            return Ok(());
        }
        self.again = false;
        let (_, bytes) = self.next();
        match self.part {
            Part::Header => self.read_header(buffer),
            Part::Confirmed => self.read_confirmed(buffer, bytes as usize),
            Part::Rejected => self.read_rejected(buffer, bytes as usize, Part::Retired),
            Part::Retired => self.read_rejected(buffer, bytes as usize, Part::Payload(0)),
            Part::Payload(at) => self.read_payload(buffer, at, bytes),
        }
        Ok(())
    }

    fn refused(&mut self) {}

    fn failed(&mut self) -> Failed {
        if core::mem::replace(&mut self.again, true) {
            self.again = false;
            self.file(Slot::Unreadable);
        }
        Failed::Tolerated
    }

    fn output(&self) -> Option<()> {
        self.table.is_open.then_some(())
    }
}
