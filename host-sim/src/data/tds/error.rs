//! What can be wrong with a TDS1 file.

use super::Dtype;

/// Why bytes are not a TDS1 file, or why a value cannot be written as one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TdsError {
    /// The first four bytes are not `TDS1`.
    #[error(
        "not a TDS1 file: it starts with {found:02x?} instead of \"TDS1\"; pass a file in the TDS1 format"
    )]
    Magic {
        /// The first bytes found.
        found: Vec<u8>,
    },
    /// The file ends inside a field.
    #[error(
        "the file ends early: at byte {at}, {needed} bytes are needed for {what}, and {have} are left; copy the file again"
    )]
    Truncated {
        /// The field that is cut.
        what: &'static str,
        /// Where the field starts.
        at: usize,
        /// Bytes it needs.
        needed: usize,
        /// Bytes there are.
        have: usize,
    },
    /// Sizes in the header multiply to more than memory can address.
    #[error(
        "the header asks for {items} items of {values} values, more than fits in memory; the header is damaged"
    )]
    TooLarge {
        /// Items asked for.
        items: u32,
        /// Values an item.
        values: u64,
    },
    /// Bytes are left between the last field and the checksum.
    #[error("{extra} bytes too many before the checksum; the header's counts do not match the file")]
    Trailing {
        /// Bytes left over.
        extra: usize,
    },
    /// The checksum does not match.
    #[error(
        "checksum {found:08x} where the content gives {computed:08x}; the file is damaged, copy it again"
    )]
    Checksum {
        /// The CRC-32 in the file.
        found: u32,
        /// The CRC-32 of its content.
        computed: u32,
    },
    /// The kind byte is neither samples nor streams.
    #[error("kind {0} at byte 4 is unknown; 0 (samples) and 1 (streams) are supported")]
    Kind(u8),
    /// The dtype byte is unknown.
    #[error("dtype {0} at byte 5 is unknown; 0 (u8), 1 (i8), 2 (i16) and 3 (u4) are supported")]
    Dtype(u8),
    /// The file holds nothing to learn from.
    #[error("the file has no {0}; it must have at least one")]
    Empty(&'static str),
    /// An odd number of nibbles cannot fill whole bytes.
    #[error("{values} values of u4 do not fill whole bytes; their number must be even")]
    OddNibbles {
        /// Number of values.
        values: usize,
    },
    /// The bytes of the frames are not a whole number of frames.
    #[error(
        "{values} values are not whole frames of {channels} channels; the frames are cut or the header is damaged"
    )]
    RaggedFrames {
        /// Number of values.
        values: usize,
        /// Channels of a frame.
        channels: usize,
    },
    /// A label is not below the number of classes.
    #[error(
        "item {item} has label {label}, but the file has {classes} classes; labels go from 0 to classes - 1"
    )]
    Label {
        /// Index of the sample or stream.
        item: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: u8,
    },
    /// A record points outside the frames.
    #[error("stream {stream} spans frames {first}..{end}, but the file has {frames}; its record is damaged")]
    Span {
        /// Index of the stream.
        stream: usize,
        /// Its first frame.
        first: u64,
        /// One past its last frame.
        end: u64,
        /// Frames in the file.
        frames: usize,
    },
    /// A scale is NaN or infinite.
    #[error("scale {index} is {value}; scales must be finite numbers")]
    Scale {
        /// Index of the scale.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// A value does not fit the type it shall be stored in (writing only).
    #[error("value {value} at index {index} does not fit {dtype}; choose a wider dtype or scale the data")]
    Range {
        /// Index of the value.
        index: usize,
        /// The value.
        value: i16,
        /// The type chosen.
        dtype: Dtype,
    },
    /// Two lists that go together differ in length (writing only).
    #[error("{what} has {found} entries where {expected} are needed")]
    Length {
        /// The list at fault.
        what: &'static str,
        /// Entries needed.
        expected: usize,
        /// Entries found.
        found: usize,
    },
}
