//! The model blob: everything a device needs to fine-tune a shipped model, checked, and read in place from flash.
//!
//! `flatmin-sim pretrain --export FILE` writes one; firmware embeds it with [`include_blob!`](crate::include_blob) or
//! finds it in a flash partition. Host and device read it with the same [`Blob::parse`], which copies nothing.
//!
//! # Format, version 1
//! Little endian; offsets from the first byte, which must lie at a multiple of 4. `c` channels, `n` weights, `d` inputs,
//! `k` classes, `r` replay samples, `v` validation samples.
//!
//! | offset | type | field |
//! |---|---|---|
//! | 0 | 4 bytes | `FLTM` |
//! | 4 | u16 | version, 1 |
//! | 6 | u16 | `k` |
//! | 8 | u32 | bytes of the blob, checksum included |
//! | 12 | u32 | [layout hash](layout_hash) of the network |
//! | 16 | u32 x 5 | `n`, `d`, `c`, `r`, `v` |
//! | 36 | u32 | who was left out of its training, in the writer's numbers; `u32::MAX` is nobody |
//! | 40 | f32 x c | mean of each channel; input `i` belongs to channel `i % c` |
//! | | f32 x c | standard deviation of each channel |
//! | | f32 x c | scale of the stored samples of each channel |
//! | | f32 x n | weights: all parameters in layer order, weights before bias |
//! | | f32 x r k | the factory model's logits for the replay samples |
//! | | i8 x r d, i8 x v d | replay samples, validation samples: standardised inputs in units of `scale` |
//! | | u8 x r, u8 x v | their labels |
//! | | 0 to 3 bytes | zeros up to a multiple of 4 |
//! | | u32 | CRC-32 (IEEE) of all bytes before |

mod format;

pub use format::{Contents, Error, MAGIC, VERSION, layout_hash};

use crate::hash::Crc32;
use crate::tune::Samples;
use format::{HEADER, Sections, Shape, finite};

/// A blob, read in place.
///
/// ```
/// use flatmin::blob::{Blob, Contents, layout_hash};
/// use flatmin::nn::{Dense, Network};
/// use flatmin::tune::Samples;
/// type Net = Dense<2, 3>;
/// let weights = [0.5; Net::PARAMS];
/// let one = Samples::new(2, &[100, -100], &[1], &[0.02])?;
/// let contents = Contents {
///     layout: layout_hash::<Net>(),
///     classes: 3,
///     left_out: u32::MAX,
///     mean: &[1.0],
///     sd: &[2.0],
///     weights: &weights,
///     replay: one,
///     logits: &[0.0, 4.0, 1.0],
///     validation: Samples::new(2, &[], &[], &[0.02])?,
/// };
/// // In firmware the bytes lie in flash; here they are written to aligned memory.
/// let mut words = Vec::new();
/// contents.write(&mut |word| words.push(word))?;
/// let bytes: Vec<u8> = words.iter().flat_map(|word: &[u8; 4]| *word).collect();
/// # let aligned: Vec<u32> = words.iter().map(|word| u32::from_ne_bytes(*word)).collect();
/// # let bytes: &[u8] = bytemuck::cast_slice(&aligned);
///
/// let blob = Blob::parse(&bytes)?.of::<Net>()?;
/// assert_eq!((blob.weights(), blob.replay().len(), blob.logits(0)), (&weights[..], 1, Some(&[0.0, 4.0, 1.0][..])));
/// let mut x = [0.0; 2];
/// assert_eq!((blob.replay().read(0, &mut x), x), (Some(1), [2.0, -2.0]));
/// let mut raw = [5.0, -1.0];
/// blob.standardise(&mut raw);
/// assert_eq!(raw, [2.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blob<'a> {
    shape: Shape,
    mean: &'a [f32],
    sd: &'a [f32],
    weights: &'a [f32],
    logits: &'a [f32],
    replay: Samples<'a, i8>,
    validation: Samples<'a, i8>,
}

impl<'a> Blob<'a> {
    /// Checks the bytes of a blob and reads it in place; bytes after its end are ignored, so a whole flash partition will
    /// do. Cost: one pass over the bytes (4 KB a millisecond or so on a Cortex-M4 at 64 MHz), no memory.
    ///
    /// # Errors
    /// Whatever the bytes are, one of [`Error`] or a blob whose every number is in its range.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let truncated = |needed| Error::Truncated { needed, found: bytes.len() };
        let header = bytes.first_chunk::<HEADER>().ok_or(truncated(HEADER))?;
        let (shape, len) = Shape::read(header)?;
        let (blob, _) = bytes.split_at_checked(len).ok_or(truncated(len))?;
        let (body, stored) = blob.split_last_chunk().ok_or(truncated(len))?;
        let mut crc = Crc32::new();
        crc.bytes(body);
        let (stored, computed) = (u32::from_le_bytes(*stored), crc.finish());
        if stored != computed {
            return Err(Error::Checksum { stored, computed });
        }
        match shape.sections() {
            Some(sections) if sections.len == len => Self::cut(shape, sections, body)?.checked(),
            _ => Err(Error::Malformed("sizes")),
        }
    }

    /// Cuts the body into its sections.
    fn cut(shape: Shape, sections: Sections, body: &'a [u8]) -> Result<Self, Error> {
        let Sections { floats, items, labels, .. } = sections;
        let rest = body.get(HEADER..).unwrap_or_default();
        let (rest, labels_at) = rest.split_at_checked(floats + items).ok_or(Error::Malformed("sizes"))?;
        let (floats, items) = rest.split_at_checked(floats).ok_or(Error::Malformed("sizes"))?;
        let labels = labels_at.get(..labels).ok_or(Error::Malformed("sizes"))?;
        if cfg!(target_endian = "big") {
            return Err(Error::Endian);
        }
        let mut floats: &[f32] = bytemuck::try_cast_slice(floats).map_err(|_| Error::Unaligned)?;
        let items: &[i8] = bytemuck::try_cast_slice(items).map_err(|_| Error::Unaligned)?;
        let mut take = |count| {
            let (section, rest) = floats.split_at_checked(count).unwrap_or_default();
            floats = rest;
            section
        };
        let [mean, sd, scale] = [(); 3].map(|()| take(shape.channels));
        let (weights, logits) = (take(shape.weights), take(shape.replay * shape.classes));
        let (replay, validation) = items.split_at_checked(shape.replay * shape.inputs).unwrap_or_default();
        let (replay_labels, validation_labels) = labels.split_at_checked(shape.replay).unwrap_or_default();
        let samples = |values, labels| {
            Samples::new(shape.inputs, values, labels, scale).map_err(|_| Error::Malformed("sizes"))
        };
        let (replay, validation) = (samples(replay, replay_labels)?, samples(validation, validation_labels)?);
        Ok(Self { shape, mean, sd, weights, logits, replay, validation })
    }

    /// Refuses numbers out of range.
    fn checked(self) -> Result<Self, Error> {
        for (floats, positive, what) in [
            (self.mean, false, "mean"),
            (self.sd, true, "standard deviation"),
            (self.replay.scale(), true, "scale"),
            (self.weights, false, "weights"),
            (self.logits, false, "logits"),
        ] {
            finite(floats, positive, what)?;
        }
        for (samples, what) in
            [(self.replay, "label of a replay sample"), (self.validation, "label of a validation sample")]
        {
            if samples.labels().iter().any(|label| usize::from(*label) >= self.shape.classes) {
                return Err(Error::Malformed(what));
            }
        }
        Ok(self)
    }

    /// This blob, if it was made for the network `N`.
    ///
    /// # Errors
    /// [`Error::Layout`] when it was made for another one.
    pub fn of<N: crate::nn::Network>(self) -> Result<Self, Error> {
        self.of_layout(layout_hash::<N>(), N::PARAMS)
    }

    /// This blob, if it was made for a network of this hash and so many parameters.
    ///
    /// # Errors
    /// [`Error::Layout`] when it was made for another one.
    pub fn of_layout(self, expected: u32, params: usize) -> Result<Self, Error> {
        if self.shape.layout == expected && self.shape.weights == params {
            Ok(self)
        } else {
            Err(Error::Layout { expected, found: self.shape.layout })
        }
    }

    /// All parameters in layer order; where every weight trains, the factory weights of a guard or an anchor.
    #[must_use]
    pub const fn weights(&self) -> &'a [f32] {
        self.weights
    }

    /// Who was left out of its training, in the writer's numbers; `u32::MAX` is nobody.
    #[must_use]
    pub const fn left_out(&self) -> u32 {
        self.shape.left_out
    }

    /// Values of an input.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.shape.inputs
    }

    /// The [`layout_hash`] of its network.
    #[must_use]
    pub const fn layout(&self) -> u32 {
        self.shape.layout
    }

    /// Classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.shape.classes
    }

    /// The mean of each channel.
    #[must_use]
    pub const fn mean(&self) -> &'a [f32] {
        self.mean
    }

    /// The standard deviation of each channel.
    #[must_use]
    pub const fn sd(&self) -> &'a [f32] {
        self.sd
    }

    /// Old samples to train beside new ones, balanced by class.
    #[must_use]
    pub const fn replay(&self) -> Samples<'a, i8> {
        self.replay
    }

    /// Old samples for the guard.
    #[must_use]
    pub const fn validation(&self) -> Samples<'a, i8> {
        self.validation
    }

    /// What the factory model answers to replay sample `i`, as it is stored.
    #[must_use]
    pub fn logits(&self, i: usize) -> Option<&'a [f32]> {
        self.logits.chunks_exact(self.shape.classes.max(1)).nth(i)
    }

    /// `(x - mean) / sd` of every value by its channel: from real units to what the network was trained on.
    pub fn standardise(&self, x: &mut [f32]) {
        for (x, (mean, sd)) in x.iter_mut().zip(self.mean.iter().zip(self.sd).cycle()) {
            *x = (*x - mean) / sd;
        }
    }
}

/// The bytes of a file, aligned so that [`Blob::parse`] can read them in place: `include_blob!("model.bin")`.
#[macro_export]
macro_rules! include_blob {
    ($path:expr $(,)?) => {{
        #[repr(C)]
        struct Aligned<Bytes: ?Sized> {
            align: [u32; 0],
            bytes: Bytes,
        }
        static FILE: &Aligned<[u8]> = &Aligned { align: [], bytes: *include_bytes!($path) };
        &FILE.bytes
    }};
}
