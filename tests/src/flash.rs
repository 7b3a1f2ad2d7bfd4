//! A NOR flash in memory that is as strict as the contract allows, and whose power can be cut at any byte.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use embedded_storage_async::nor_flash as asynchronous;
use std::ops::Range;

/// What the flash may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashError {
    /// The power is gone; so is every later call until [`Flash::reboot`].
    PowerLost,
    /// A word that was being written or erased when the power was cut, where error correction notices it.
    TornWord,
    /// The flash did nothing; the same call may be repeated.
    Busy,
    /// The flash did not do what it was told, and half of it may be done.
    Broken,
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// What the words look like that a cut leaves half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// The bytes before the cut are as they should be, those after it as they were.
    Prefix,
    /// As `Prefix`, and the bits around the cut are anything.
    Noise,
    /// The word cannot be read any more.
    Unreadable,
    /// Of an erase: the word at the cut is erased, every other is as it was.
    Only,
    /// Of an erase: the word at the cut is as it was, every other is erased.
    Spared,
}

impl Torn {
    /// Every kind that a write can leave.
    pub const WRITE: [Self; 3] = [Self::Prefix, Self::Noise, Self::Unreadable];
    /// Every kind that an erase can leave: its words change in any order.
    pub const ERASE: [Self; 5] = [Self::Prefix, Self::Noise, Self::Unreadable, Self::Only, Self::Spared];
    /// Bytes that `Only` and `Spared` are about, unless a write unit has more: those of a mark, so that all of it is lost.
    pub const WORD: usize = 8;
}

/// A cut: at the writing operation number `operation`, counted from 0, after `bytes` bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which write or erase.
    pub operation: usize,
    /// How many of its bytes are done.
    pub bytes: usize,
    /// What becomes of the word at the cut.
    pub torn: Torn,
}

/// A write or an erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whether it is an erase.
    pub erase: bool,
    /// First byte.
    pub at: usize,
    /// Bytes.
    pub len: usize,
}

/// A flash that writes `WRITE` bytes and erases `ERASE` bytes at least.
///
/// # Panics
/// If a call is not aligned, out of range, erases more than one unit, or writes a word twice.
#[derive(Clone, Debug)]
pub struct Flash<const WRITE: usize, const ERASE: usize> {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Words written since they were erased.
    written: Vec<bool>,
    unreadable: Vec<bool>,
    /// Writes and erases so far.
    pub log: Vec<Operation>,
    /// When the power goes.
    pub cut: Option<Cut>,
    dead: bool,
    /// Calls answered so far, and which of them find the flash busy (every n-th).
    calls: usize,
    /// Every which call finds the flash busy; 0 for none.
    pub busy_every: usize,
    /// The writing operation that fails half way, once, without a cut.
    pub break_at: Option<usize>,
    /// Reads so far.
    pub reads: usize,
    /// Reads that fail, by their number; a later read of the same word may succeed.
    pub failing: Range<usize>,
    /// What erased bytes read as.
    pub erased: u8,
    /// A byte that no erase reaches.
    pub stuck: Option<usize>,
}

impl<const WRITE: usize, const ERASE: usize> Flash<WRITE, ERASE> {
    /// An erased flash of `units` erase units.
    pub fn new(units: usize) -> Self {
        let words = units * ERASE / WRITE;
        Self {
            bytes: vec![0xff; units * ERASE],
            written: vec![false; words],
            unreadable: vec![false; words],
            log: Vec::new(),
            cut: None,
            dead: false,
            calls: 0,
            busy_every: 0,
            break_at: None,
            reads: 0,
            failing: 0..0,
            erased: 0xff,
            stuck: None,
        }
    }

    /// Power is back; the log starts anew.
    pub fn reboot(&mut self) {
        (self.dead, self.cut) = (false, None);
        self.log.clear();
    }

    /// Makes the word at `at` unreadable.
    pub fn spoil(&mut self, at: usize) {
        self.unreadable[at / WRITE] = true;
    }

    /// Makes it readable again.
    pub fn heal(&mut self, at: usize) {
        self.unreadable[at / WRITE] = false;
    }

    /// What every call begins with.
    fn enter(&mut self) -> Result<(), FlashError> {
        self.calls += 1;
        match self {
            Self { dead: true, .. } => Err(FlashError::PowerLost),
            Self { busy_every: n, calls, .. } if *n > 0 && calls.is_multiple_of(*n) => Err(FlashError::Busy),
            _ => Ok(()),
        }
    }

    /// Puts `data` at `at`, or as much of it as a cut or a fault allows.
    fn change(&mut self, operation: Operation, data: &[u8]) -> Result<(), FlashError> {
        let number = self.log.len();
        self.log.push(operation);
        let at = operation.at;
        if let Some(cut) = self.cut
            && cut.operation == number
            && operation.erase
            && matches!(cut.torn, Torn::Only | Torn::Spared)
        {
            self.dead = true;
            self.erase_some(operation, cut);
            return Err(FlashError::PowerLost);
        }
        let (done, torn, error) = match (self.cut, self.break_at) {
            (Some(cut), _) if cut.operation == number => {
                self.dead = true;
                (cut.bytes.min(data.len()), cut.torn, Some(FlashError::PowerLost))
            }
            (_, Some(broken)) if broken == number => {
                self.break_at = None;
                (data.len() / 2, Torn::Noise, Some(FlashError::Broken))
            }
            _ => (data.len(), Torn::Prefix, None),
        };
        self.bytes[at..at + done].copy_from_slice(&data[..done]);
        for word in 0..data.len() / WRITE {
            let (start, index) = (word * WRITE, at / WRITE + word);
            if start >= done {
                // An erase that was cut leaves nothing of its unit to rely on.
                if operation.erase && error.is_some() && done > 0 {
                    self.tear(operation, index, start.max(done), torn);
                }
                continue;
            }
            self.written[index] = !operation.erase;
            self.unreadable[index] = false;
            if done < start + WRITE {
                self.tear(operation, index, done, torn);
            }
        }
        error.map_or(Ok(()), Err)
    }

    /// Erases the word at the cut and no other, or every other.
    fn erase_some(&mut self, operation: Operation, cut: Cut) {
        let word = WRITE.max(Torn::WORD);
        for at in operation.at..operation.at + operation.len {
            if ((at - operation.at) / word == cut.bytes / word) == (cut.torn == Torn::Only) {
                self.bytes[at] = self.erased;
                (self.written[at / WRITE], self.unreadable[at / WRITE]) = (false, false);
            }
        }
    }

    /// What is left of word `index` from byte `from` of the operation on.
    fn tear(&mut self, operation: Operation, index: usize, from: usize, torn: Torn) {
        match torn {
            Torn::Prefix | Torn::Only | Torn::Spared => {}
            Torn::Unreadable => self.unreadable[index] = true,
            Torn::Noise => {
                for i in operation.at + from..(index + 1) * WRITE {
                    // A write only clears bits, an erase only sets them.
                    let noise = (operation.at * 31 + i * 7 + from * 13) as u8;
                    let byte = &mut self.bytes[i];
                    *byte = if operation.erase { *byte | noise } else { *byte & noise };
                }
            }
        }
    }

    fn read_now(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.enter()?;
        let at = offset as usize;
        assert!(at.is_multiple_of(WRITE) && bytes.len().is_multiple_of(WRITE), "unaligned read");
        self.reads += 1;
        if self.failing.contains(&(self.reads - 1)) {
            return Err(FlashError::Broken);
        }
        if self.unreadable[at / WRITE..(at + bytes.len()) / WRITE].contains(&true) {
            bytes.fill(0xa5);
            return Err(FlashError::TornWord);
        }
        bytes.copy_from_slice(&self.bytes[at..at + bytes.len()]);
        Ok(())
    }

    fn erase_now(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.enter()?;
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(ERASE) && to == from + ERASE, "one erase unit a call: {from}..{to}");
        let old = self.stuck.map(|at| (at, self.bytes[at]));
        self.change(Operation { erase: true, at: from, len: ERASE }, &[self.erased; ERASE])?;
        if let Some((at, byte)) = old {
            self.bytes[at] = byte;
        }
        Ok(())
    }

    fn write_now(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.enter()?;
        let at = offset as usize;
        assert!(at.is_multiple_of(WRITE) && bytes.len().is_multiple_of(WRITE), "unaligned write");
        let words = at / WRITE..(at + bytes.len()) / WRITE;
        assert!(!self.written[words].contains(&true), "a word is written twice at {at}");
        self.change(Operation { erase: false, at, len: bytes.len() }, bytes)
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for Flash<WRITE, ERASE> {
    type Error = FlashError;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for Flash<WRITE, ERASE> {
    const READ_SIZE: usize = WRITE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.read_now(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for Flash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.erase_now(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.write_now(offset, bytes)
    }
}

/// Waits once.
async fn pause() {
    let mut waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// Every call waits before it begins and before it ends, so that a future can be dropped at either place.
impl<const WRITE: usize, const ERASE: usize> asynchronous::ReadNorFlash for Flash<WRITE, ERASE> {
    const READ_SIZE: usize = WRITE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        pause().await;
        let result = self.read_now(offset, bytes);
        pause().await;
        result
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WRITE: usize, const ERASE: usize> asynchronous::NorFlash for Flash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        pause().await;
        let result = self.erase_now(from, to);
        pause().await;
        result
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        pause().await;
        let result = self.write_now(offset, bytes);
        pause().await;
        result
    }
}
