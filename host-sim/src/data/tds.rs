//! TDS1, the container of small data sets: samples or sensor streams in 4, 8 or 16 bits, with labels and groups.
//!
//! Little endian throughout:
//!
//! | offset | type | field |
//! | --- | --- | --- |
//! | 0 | 4 bytes | `TDS1` |
//! | 4 | u8 | kind: 0 samples, 1 streams |
//! | 5 | u8 | dtype: 0 u8, 1 i8, 2 i16, 3 u4 (low nibble first) |
//! | 6 | u8 | classes |
//! | 7 | u8 | channels |
//! | 8 | u32 | number of samples or streams |
//! | 12 | 3 x u16 | dims (an item of a samples file has `d0 * d1 * d2` values) |
//! | 18 | u16 | 0 |
//! | 20 | u32 | sample rate in mHz (streams) |
//! | 24 | 8 bytes | 0 |
//! | 32 | f32 x (1 or channels) | scale: real = scale * stored |
//!
//! Samples go on with the values, then a label, a group and a split byte each. Streams go on with records
//! `{first frame u32, frames u32, label, subject, side, 0}`, then the interleaved frames. The last four bytes are the
//! CRC-32 (IEEE) of everything before them.

mod error;
mod read;
mod write;

pub use error::TdsError;
pub use read::decode;
pub use write::encode;

use std::fmt;

const MAGIC: [u8; 4] = *b"TDS1";
const HEADER_BYTES: usize = 32;
const CRC_BYTES: usize = 4;

/// How one stored value is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// Unsigned byte.
    U8,
    /// Signed byte.
    I8,
    /// Signed 16 bits, little endian.
    I16,
    /// Unsigned nibble, two a byte, low nibble first.
    U4,
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::U4 => "u4",
        })
    }
}

impl Dtype {
    /// The least and the greatest value this type can hold.
    pub const fn range(self) -> (i16, i16) {
        match self {
            Dtype::U8 => (0, 255),
            Dtype::I8 => (-128, 127),
            Dtype::I16 => (i16::MIN, i16::MAX),
            Dtype::U4 => (0, 15),
        }
    }

    const fn bits(self) -> usize {
        match self {
            Dtype::U4 => 4,
            Dtype::U8 | Dtype::I8 => 8,
            Dtype::I16 => 16,
        }
    }
}

/// A decoded TDS1 file, still in stored integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Tds {
    /// Number of classes; every label is below it.
    pub classes: u8,
    /// Channels of a frame (streams) or of an item (samples).
    pub channels: u8,
    /// How values are packed in the file.
    pub dtype: Dtype,
    /// Shape of an item.
    pub dims: [u16; 3],
    /// Sample rate in mHz; 0 for samples.
    pub rate_mhz: u32,
    /// The items.
    pub body: Body,
}

/// The two kinds of TDS1 file.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Items of one fixed shape.
    Samples(Samples),
    /// Recordings of varying length.
    Streams(Streams),
}

/// Items of one fixed shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// real = scale * stored.
    pub scale: f32,
    /// Stored values, item after item.
    pub values: Vec<i16>,
    /// One label an item.
    pub labels: Vec<u8>,
    /// One group (a writer, say) an item.
    pub groups: Vec<u8>,
    /// One split an item: 0 train, 1 test.
    pub splits: Vec<u8>,
}

/// Recordings of varying length.
#[derive(Debug, Clone, PartialEq)]
pub struct Streams {
    /// real = scale * stored, one a channel.
    pub scales: Vec<f32>,
    /// Where each recording lies and whose it is.
    pub records: Vec<Record>,
    /// Stored values of all recordings, frame after frame, channels interleaved.
    pub frames: Vec<i16>,
}

/// One recording of a streams file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Index of its first frame.
    pub first: u32,
    /// Its length in frames.
    pub frames: u32,
    /// What was done.
    pub label: u8,
    /// Who did it.
    pub subject: u8,
    /// On which side: 1 is right.
    pub side: u8,
}

#[cfg(test)]
mod tests;
