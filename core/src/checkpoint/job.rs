//! What scanning, saving, marking and loading have in common: each is a row of single flash operations.
//!
//! A job says which operation comes next and learns what became of it; it never touches the flash. Hence the blocking
//! store and the asynchronous one are two small drivers over the same jobs.

use super::error::Error;
use super::region::CHUNK;

/// What one operation reads or writes. It lives for that operation and is not the job's, since jobs are handed on by value and
/// each copy would take so much stack.
pub(super) type Buffer = [u8; CHUNK];

/// One flash operation. Addresses are those of the flash.
#[derive(Debug)]
pub enum Io<'a> {
    /// None: the job is over.
    Nothing,
    /// Erases `from..to`, one erase unit.
    Erase {
        /// First byte.
        from: u32,
        /// The byte after the last.
        to: u32,
    },
    /// Writes words that were never written since they were erased.
    Write {
        /// First byte.
        at: u32,
        /// What to write.
        bytes: &'a [u8],
    },
    /// Reads.
    Read {
        /// First byte.
        at: u32,
        /// Where to.
        bytes: &'a mut [u8],
    },
}

/// What became of an operation that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The job goes on without it.
    Tolerated,
    /// The caller must know.
    Told,
}

/// A row of flash operations.
///
/// An operation that was handed out and neither succeeded nor was refused, because it failed or because the future that
/// waited for it was dropped, may have happened in part: the job's next [`io`](Job::io) must allow for it.
pub trait Job {
    /// What it ends with.
    type Output;

    /// The next operation; what it reads or writes is in `buffer`.
    fn io<'b>(&'b mut self, buffer: &'b mut Buffer) -> Io<'b>;

    /// It succeeded, with that buffer.
    fn done(&mut self, buffer: &Buffer) -> Result<(), Error<core::convert::Infallible>>;

    /// The flash was busy and did nothing: the same operation comes next.
    fn refused(&mut self);

    /// It failed, perhaps half way.
    fn failed(&mut self) -> Failed;

    /// The result, once the job is over.
    fn output(&self) -> Option<Self::Output>;
}
