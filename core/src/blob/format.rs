//! The header of a blob, its writer, and what can be wrong with one.

use crate::hash::Crc32;
use crate::nn::Network;
use crate::tune::Samples;
use core::fmt;

/// The first four bytes.
pub const MAGIC: [u8; 4] = *b"FLTM";
/// The version that is written, and the only one that is read.
pub const VERSION: u16 = 1;
/// Bytes before the first float.
pub(super) const HEADER: usize = 40;

/// Refuses floats that are not finite or, where they must be `positive`, not above 0. (Only those are compared: without an
/// FPU that is a call.)
pub(super) fn finite(floats: &[f32], positive: bool, what: &'static str) -> Result<(), Error> {
    let good = floats.iter().all(|x| x.is_finite() && (!positive || *x > 0.0));
    if good { Ok(()) } else { Err(Error::Malformed(what)) }
}

/// Why bytes are no usable blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// There are fewer bytes than the blob has.
    Truncated {
        /// Bytes of the blob (of its header, if that is not there).
        needed: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The first four bytes are others: an erased flash, or another file.
    Magic([u8; 4]),
    /// A version that this library does not know.
    Version(u16),
    /// A bit is wrong somewhere.
    Checksum {
        /// The checksum at the end.
        stored: u32,
        /// That of the bytes.
        computed: u32,
    },
    /// The bytes do not lie at a multiple of 4; see [`include_blob!`](crate::include_blob).
    Unaligned,
    /// This machine is big-endian and cannot read the floats in place.
    Endian,
    /// The checksum is right, but this is out of range: whoever wrote the blob made a mistake.
    Malformed(&'static str),
    /// It was made for another network.
    Layout {
        /// The hash of the network.
        expected: u32,
        /// The hash in the blob.
        found: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, found } => {
                write!(f, "the model blob is cut off: {needed} bytes are needed, {found} are there")
            }
            Self::Magic(found) => {
                write!(f, "this is no model blob: it begins with {found:02x?} instead of FLTM")
            }
            Self::Version(found) => {
                write!(
                    f,
                    "the model blob has version {found}, but version {VERSION} is read; export it again"
                )
            }
            Self::Checksum { stored, computed } => write!(
                f,
                "the model blob is damaged: its checksum is {computed:08x} instead of {stored:08x}; write it again"
            ),
            Self::Unaligned => {
                f.write_str("the model blob does not lie at a multiple of 4 bytes; use include_blob!")
            }
            Self::Endian => f.write_str("a big-endian machine cannot read a model blob in place"),
            Self::Malformed(what) => {
                write!(f, "the model blob is malformed: {what} out of range; export it again")
            }
            Self::Layout { expected, found } => write!(
                f,
                "the model blob is of another network: layout {found:08x} instead of {expected:08x}"
            ),
        }
    }
}

impl core::error::Error for Error {}

/// CRC-32 of what must agree between a network and its weights: inputs, outputs, multiply-accumulates of a forward pass
/// (which know strides), and filters, fan-in and kind of every tensor in layer order, as little-endian u32. The scope
/// does not matter, nor do activation functions: a blob of a `Tanh` network passes for its `Relu` twin.
#[must_use]
pub const fn layout_hash<N: Network>() -> u32 {
    const { layout_of::<N>().finish() }
}

const fn layout_of<N: Network>() -> Crc32 {
    let mut crc = with_words(Crc32::new(), [N::IN as u32, N::OUT as u32, N::MACS as u32]);
    let mut i = 0;
    while let Some(tensor) = N::TENSORS.get(i) {
        let segment = tensor.segment;
        crc = with_words(crc, [segment.filters, segment.fan_in, segment.kind as u32]);
        i += 1;
    }
    crc
}

const fn with_words(mut crc: Crc32, [a, b, c]: [u32; 3]) -> Crc32 {
    crc.bytes(&a.to_le_bytes());
    crc.bytes(&b.to_le_bytes());
    crc.bytes(&c.to_le_bytes());
    crc
}

/// The numbers of a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) layout: u32,
    pub(super) classes: usize,
    pub(super) weights: usize,
    pub(super) inputs: usize,
    pub(super) channels: usize,
    pub(super) replay: usize,
    pub(super) validation: usize,
    pub(super) left_out: u32,
}

impl Shape {
    /// What a header says of the shape and of the bytes of the blob; the two need not fit each other.
    pub(super) fn read(header: &[u8; HEADER]) -> Result<(Self, usize), Error> {
        let (words, _) = header.as_chunks::<4>();
        let [magic, version, words @ ..] = words else { return Err(Error::Malformed("header")) };
        let [a, b, c, d] = *version;
        let (version, classes) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        if *magic != MAGIC {
            return Err(Error::Magic(*magic));
        }
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let word = |i: usize| words.get(i).map_or(0, |word| u32::from_le_bytes(*word));
        let size = |i| usize::try_from(word(i)).unwrap_or(usize::MAX);
        let shape = Self {
            layout: word(1),
            classes: classes.into(),
            weights: size(2),
            inputs: size(3),
            channels: size(4),
            replay: size(5),
            validation: size(6),
            left_out: word(7),
        };
        Ok((shape, size(0)))
    }

    /// The sections of its blob; `None` beyond all memory, or without channel or class.
    pub(super) fn sections(&self) -> Option<Sections> {
        let labels = self.replay.checked_add(self.validation)?;
        let items = labels.checked_mul(self.inputs)?;
        let floats = self.channels.checked_mul(3)?.checked_add(self.weights)?;
        let floats = floats.checked_add(self.replay.checked_mul(self.classes)?)?.checked_mul(4)?;
        let len = HEADER.checked_add(floats)?.checked_add(items)?.checked_add(labels)?;
        let len = len.checked_next_multiple_of(4)?.checked_add(4)?;
        let some = self.channels > 0 && (1..=256).contains(&self.classes);
        some.then_some(Sections { floats, items, labels, len })
    }
}

/// Bytes of the sections of a blob.
pub(super) struct Sections {
    pub(super) floats: usize,
    /// Stored values.
    pub(super) items: usize,
    pub(super) labels: usize,
    /// All of it, header and checksum included.
    pub(super) len: usize,
}

/// What goes into a blob; see the [format](super).
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// [`layout_hash`] of the network.
    pub layout: u32,
    /// Classes, 1 to 256.
    pub classes: usize,
    /// Who was left out of its training, in numbers of your own; `u32::MAX` is nobody.
    pub left_out: u32,
    /// The mean of each channel; one 0 where inputs are not standardised.
    pub mean: &'a [f32],
    /// The standard deviation of each channel; one 1 where inputs are not standardised.
    pub sd: &'a [f32],
    /// All parameters in layer order.
    pub weights: &'a [f32],
    /// Old samples to train on, or none.
    pub replay: Samples<'a, i8>,
    /// The factory model's logits for them.
    pub logits: &'a [f32],
    /// Old samples to validate with, or none; of the same length and scale as the others.
    pub validation: Samples<'a, i8>,
}

impl Contents<'_> {
    /// Writes the blob word by word, so that it needs no memory: to a file, or to a flash page.
    ///
    /// # Errors
    /// [`Error::Malformed`], before anything is written, when the parts do not fit each other or a number is out of the
    /// range that [`Blob::parse`](super::Blob::parse) accepts.
    pub fn write(&self, sink: &mut impl FnMut([u8; 4])) -> Result<(), Error> {
        let shape = Shape {
            layout: self.layout,
            classes: self.classes,
            weights: self.weights.len(),
            inputs: self.replay.dim(),
            channels: self.mean.len(),
            replay: self.replay.len(),
            validation: self.validation.len(),
            left_out: self.left_out,
        };
        let len = self.check(&shape)?;
        let mut words = Words { crc: Crc32::new(), word: [0; 4], filled: 0, sink };
        words.bytes(&MAGIC);
        words.bytes(&VERSION.to_le_bytes());
        words.bytes(&(shape.classes as u16).to_le_bytes());
        let sizes = [shape.weights, shape.inputs, shape.channels, shape.replay, shape.validation];
        let sizes = sizes.map(|size| size as u32);
        let header = [len, shape.layout].into_iter().chain(sizes).chain([shape.left_out]);
        header.for_each(|word| words.bytes(&word.to_le_bytes()));
        for floats in [self.mean, self.sd, self.replay.scale(), self.weights, self.logits] {
            floats.iter().for_each(|float| words.bytes(&float.to_le_bytes()));
        }
        for samples in [self.replay, self.validation] {
            samples.values().iter().for_each(|value| words.bytes(&value.to_le_bytes()));
        }
        words.bytes(self.replay.labels());
        words.bytes(self.validation.labels());
        words.finish();
        Ok(())
    }

    /// The bytes of the blob, if it will be accepted.
    fn check(&self, shape: &Shape) -> Result<u32, Error> {
        let (replay, validation) = (self.replay, self.validation);
        let mut labels = replay.labels().iter().chain(validation.labels());
        let checks = [
            (self.sd.len() == shape.channels, "standard deviation"),
            (replay.scale().len() == shape.channels, "scale"),
            (validation.dim() == shape.inputs, "length of a validation sample"),
            (
                validation.is_empty() || validation.scale() == replay.scale(),
                "scale of the validation samples",
            ),
            (Some(self.logits.len()) == shape.replay.checked_mul(shape.classes), "number of logits"),
            (labels.all(|label| usize::from(*label) < shape.classes), "label"),
        ];
        if let Some((_, what)) = checks.iter().find(|(holds, _)| !holds) {
            return Err(Error::Malformed(what));
        }
        finite(self.mean, false, "mean")?;
        finite(self.sd, true, "standard deviation")?;
        finite(replay.scale(), true, "scale")?;
        finite(self.weights, false, "weights")?;
        finite(self.logits, false, "logits")?;
        let len = shape.sections().and_then(|sections| u32::try_from(sections.len).ok());
        len.ok_or(Error::Malformed("sizes"))
    }
}

/// Bytes on their way to a sink of words, and into a checksum.
struct Words<'a, F> {
    crc: Crc32,
    word: [u8; 4],
    filled: usize,
    sink: &'a mut F,
}

impl<F: FnMut([u8; 4])> Words<'_, F> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.crc.bytes(bytes);
        for byte in bytes {
            if let Some(slot) = self.word.get_mut(self.filled) {
                *slot = *byte;
            }
            self.filled += 1;
            if self.filled == self.word.len() {
                (self.sink)(self.word);
                (self.word, self.filled) = ([0; 4], 0);
            }
        }
    }

    /// Fills the last word and writes the checksum.
    fn finish(mut self) {
        while self.filled > 0 {
            self.bytes(&[0]);
        }
        (self.sink)(self.crc.finish().to_le_bytes());
    }
}
