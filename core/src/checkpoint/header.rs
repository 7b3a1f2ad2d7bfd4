//! The bytes of a header and of the marks.
//!
//! All words are little-endian. These eight words keep their places in every version of the format, so that an older
//! firmware can tell a newer record from garbage:
//!
//! | word | |
//! |---|---|
//! | 0 | magic, `FLTM` |
//! | 1 | version of the format |
//! | 2 | sequence number: the newer of two records has the higher one |
//! | 3 | hash of what the record must fit ([`Snapshot::layout`](super::Snapshot::layout)) |
//! | 4 | words of payload |
//! | 5 | CRC-32 of the payload |
//! | 6 | steps done, for whoever lists the slots |
//! | 7 | CRC-32 of words 0 to 6 |

use crate::hash::Crc32;

/// Bytes of a header.
pub const HEADER: usize = 32;
/// Bytes of a mark.
pub const MARK: usize = 8;
/// The version that this crate reads and writes.
pub const VERSION: u32 = 2;

const MAGIC: u32 = u32::from_le_bytes(*b"FLTM");
const CONFIRMED: u32 = u32::from_le_bytes(*b"GOOD");
const REJECTED: u32 = u32::from_le_bytes(*b"NOGO");

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// The newer of two records has the higher number.
    pub sequence: u32,
    /// What the record must fit.
    pub layout: u32,
    /// Words of payload.
    pub words: u32,
    /// CRC-32 of the payload.
    pub crc: u32,
    /// Steps done.
    pub step: u32,
}

/// Why bytes are not a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoHeader {
    /// Erased flash, a format before the first release, or anything else.
    Absent,
    /// A record of a newer format; its sequence number is known.
    Future {
        /// The version.
        version: u32,
        /// The sequence number.
        sequence: u32,
    },
}

fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let mut out = [0; N];
    let (chunks, _) = bytes.as_chunks::<4>();
    if chunks.len() < N {
        return None;
    }
    for (word, chunk) in out.iter_mut().zip(chunks) {
        *word = u32::from_le_bytes(*chunk);
    }
    Some(out)
}

fn crc(words: &[u32]) -> u32 {
    let mut crc = Crc32::new();
    for word in words {
        crc.bytes(&word.to_le_bytes());
    }
    crc.finish()
}

/// Writes words over the start of `out`, as far as it goes.
fn put(words: &[u32], out: &mut [u8]) {
    for (chunk, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
}

impl Header {
    /// Its bytes.
    pub fn encode(&self) -> [u8; HEADER] {
        let Self { sequence, layout, words, crc: payload, step } = *self;
        let head = [MAGIC, VERSION, sequence, layout, words, payload, step];
        let [a, b, c, d, e, f, g] = head;
        let mut out = [0; HEADER];
        put(&[a, b, c, d, e, f, g, crc(&head)], &mut out);
        out
    }

    /// Reads the first [`HEADER`] bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoHeader> {
        let Some(all) = words::<8>(bytes) else { return Err(NoHeader::Absent) };
        let [magic, version, sequence, layout, words, payload, step, check] = all;
        if magic != MAGIC || check != crc(&[magic, version, sequence, layout, words, payload, step]) {
            return Err(NoHeader::Absent);
        }
        if version < VERSION {
            return Err(NoHeader::Absent);
        }
        if version > VERSION {
            return Err(NoHeader::Future { version, sequence });
        }
        Ok(Self { sequence, layout, words, crc: payload, step })
    }
}

/// The bytes of the mark that makes record `sequence` the current one.
pub(super) fn confirmed(sequence: u32) -> [u8; MARK] {
    mark(CONFIRMED, sequence)
}

/// The bytes of the mark that takes record `sequence` back.
pub(super) fn rejected(sequence: u32) -> [u8; MARK] {
    mark(REJECTED, sequence)
}

fn mark(kind: u32, sequence: u32) -> [u8; MARK] {
    let mut out = [0; MARK];
    put(&[kind, crc(&[kind, sequence])], &mut out);
    out
}

/// Whether flash holds nothing but ones.
pub(super) fn is_erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: Header = Header { sequence: 7, layout: 0x1234, words: 99, crc: 5, step: 3 };

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Header::decode(&EXAMPLE.encode()), Ok(EXAMPLE));
        assert_eq!(Header::decode(&[0xff; HEADER]), Err(NoHeader::Absent));
        assert_eq!(Header::decode(&[]), Err(NoHeader::Absent));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..HEADER * 8 {
            let mut bytes = EXAMPLE.encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&bytes), Err(NoHeader::Absent), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_version_is_told_from_garbage_and_from_none() {
        let of = |version: u32| {
            let mut bytes = EXAMPLE.encode();
            bytes[4..8].copy_from_slice(&version.to_le_bytes());
            let words: [u32; 7] = words(&bytes).unwrap_or_default();
            bytes[28..].copy_from_slice(&crc(&words).to_le_bytes());
            Header::decode(&bytes)
        };
        assert_eq!(of(VERSION + 1), Err(NoHeader::Future { version: VERSION + 1, sequence: 7 }));
        assert_eq!(of(VERSION), Ok(EXAMPLE));
        assert_eq!(of(0), Err(NoHeader::Absent));
    }

    #[test]
    fn marks_belong_to_one_record() {
        assert_ne!(confirmed(1), confirmed(2));
        assert_ne!(confirmed(1), rejected(1));
        assert!(!is_erased(&confirmed(1)) && is_erased(&[0xff; 3]) && is_erased(&[]));
    }
}
