//! Reading a record.

use super::error::Error;
use super::header::Header;
use super::job::{Buffer, Failed, Io, Job};
use super::position::Position;
use super::table::{Slot, Table};
use super::target::Sink;
use crate::hash::Crc32;
use core::convert::Infallible;

/// Reads a record that the scan found whole into its target, one chunk a call.
#[derive(Debug)]
pub struct Load<'a, T> {
    table: &'a mut Table,
    target: T,
    slot: u32,
    header: Header,
    bytes: u32,
    at: u32,
    crc: Crc32,
    /// The last read has failed.
    again: bool,
}

impl<'a, T: Sink> Load<'a, T> {
    /// The record that a reset leads to.
    pub(super) fn current(table: &'a mut Table, target: T) -> Result<Self, Error<Infallible>> {
        let found = table.current().ok_or(table.nothing())?;
        Self::new(table, target, found)
    }

    /// The candidate.
    pub(super) fn candidate(table: &'a mut Table, target: T) -> Result<Self, Error<Infallible>> {
        let found =
            table.candidate().ok_or(if table.is_open { Error::NoCandidate } else { Error::Closed })?;
        Self::new(table, target, found)
    }

    fn new(
        table: &'a mut Table,
        target: T,
        (slot, header): (u32, Header),
    ) -> Result<Self, Error<Infallible>> {
        let expected = target.layout();
        if header.layout != expected || header.words as usize != target.words() {
            return Err(Error::Layout { expected, found: header.layout });
        }
        let bytes = header.words.wrapping_mul(4);
        Ok(Self { table, target, slot, header, bytes, at: 0, crc: Crc32::new(), again: false })
    }

    /// Bytes of the next read that are payload, and all bytes.
    fn next(&self) -> (u32, u32) {
        let real = self.bytes.saturating_sub(self.at).min(self.table.plan.chunk);
        (real, self.table.plan.round(real))
    }
}

impl<T: Sink> Job for Load<'_, T> {
    type Output = Position;

    fn io<'b>(&'b mut self, buffer: &'b mut Buffer) -> Io<'b> {
        let (_, bytes) = self.next();
        match buffer.get_mut(..bytes as usize) {
            Some(bytes) if !bytes.is_empty() => {
                Io::Read { at: self.table.plan.payload(self.slot).wrapping_add(self.at), bytes }
            }
            _ => Io::Nothing,
        }
    }

    fn done(&mut self, buffer: &Buffer) -> Result<(), Error<Infallible>> {
        self.again = false;
        let (real, _) = self.next();
        let payload = buffer.get(..real as usize).unwrap_or(&[]);
        self.crc.bytes(payload);
        self.target.take(self.at as usize / 4, payload);
        self.at = self.at.saturating_add(real);
        if self.at >= self.bytes && self.crc.finish() != self.header.crc {
            // The target is spoiled and the record is out of the race.
            self.table.set(self.slot, Slot::Damaged(self.header));
            return Err(Error::Damaged);
        }
        Ok(())
    }

    fn refused(&mut self) {}

    fn failed(&mut self) -> Failed {
        if !core::mem::replace(&mut self.again, true) {
            return Failed::Tolerated;
        }
        self.table.set(self.slot, Slot::Unreadable);
        Failed::Told
    }

    fn output(&self) -> Option<Position> {
        let good = self.at >= self.bytes && self.crc.finish() == self.header.crc;
        good.then(|| self.target.position())
    }
}
