//! A stream of samples, kept fairly in little memory.

use super::{Item, Samples};
use crate::error::{Error, require, require_len};
use crate::rng::Draws;

/// A buffer that stays balanced by class, whatever the stream looks like.
///
/// ```text
/// while there is room: keep every sample
/// then, for a sample of class c
///     if c is not and never was as large as any:  it replaces a random sample of the largest class
///     else, with probability kept(c) / seen(c):  it replaces a random sample of class c
/// ```
///
/// Within a class every sample of the stream has the same chance to be kept; a class that is rare in the stream is kept
/// whole. Of equally large classes the first counts as the largest.
///
/// **Source**: Chrysakis & Moens 2020 (class-balancing reservoir sampling), Algorithm 1. **Deviations**: of several
/// classes of the largest size every one counts as the largest, which keeps them equal.
/// **Cost**: `dim` items and a byte a sample, 12 bytes a class; a sample that is kept costs a pass over the labels.
///
/// ```
/// use flatmin::rng::{Draws, Key, Stream};
/// use flatmin::tune::replay_buffer::{Class, Offer, ReplayBuffer};
/// let (mut values, mut labels, mut classes) = ([0_i8; 8], [0; 4], [Class::NEW; 2]);
/// let draws = Draws::new(Key::new(7, Stream::Replay, 0));
/// let mut buffer = ReplayBuffer::new(2, &mut values, &mut labels, &mut classes, &[0.5], draws)?;
/// // Nine of class 0, then one of class 1.
/// for i in 0..9 {
///     buffer.offer(&[i as f32, -1.0], 0)?;
/// }
/// assert_eq!(buffer.offer(&[50.0, 2.0], 1)?, Offer::Kept);
/// assert_eq!((buffer.samples().count(0), buffer.samples().count(1)), (3, 1));
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Debug)]
pub struct ReplayBuffer<'a, Q> {
    values: &'a mut [Q],
    labels: &'a mut [u8],
    classes: &'a mut [Class],
    scale: &'a [f32],
    dim: usize,
    len: usize,
    draws: Draws,
}

/// What the buffer knows of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    seen: u32,
    kept: u32,
    /// Whether it is or was as large as any class of a full buffer.
    full: bool,
}

impl Class {
    /// Nothing seen yet.
    pub const NEW: Self = Self { seen: 0, kept: 0, full: false };

    /// Samples of the stream.
    #[must_use]
    pub const fn seen(self) -> u32 {
        self.seen
    }

    /// Samples in the buffer.
    #[must_use]
    pub const fn kept(self) -> u32 {
        self.kept
    }
}

/// What became of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is in the buffer, perhaps instead of another one.
    Kept,
    /// It is not.
    PassedBy,
}

impl<'a, Q: Item> ReplayBuffer<'a, Q> {
    /// An empty buffer for `labels.len()` samples of `dim` values in `classes.len()` classes;
    /// a value is stored in units of its channel's `scale` (value `j` belongs to channel `j % scale.len()`).
    ///
    /// # Errors
    /// [`Error::Length`] when `values` does not hold `dim` items for every label, or `scale` is empty;
    /// [`Error::Hyperparameter`] when a scale is not finite and above 0.
    pub fn new(
        dim: usize,
        values: &'a mut [Q],
        labels: &'a mut [u8],
        classes: &'a mut [Class],
        scale: &'a [f32],
        draws: Draws,
    ) -> Result<Self, Error> {
        require_len("values", values.len(), dim.saturating_mul(labels.len()))?;
        require_len("scale", scale.len(), scale.len().max(1))?;
        scale.iter().try_for_each(|scale| require(scale.is_finite() && *scale > 0.0, "scale", *scale))?;
        classes.fill(Class::NEW);
        Ok(Self { values, labels, classes, scale, dim, len: 0, draws })
    }

    /// What is kept.
    #[must_use]
    pub fn samples(&self) -> Samples<'_, Q> {
        let values = self.values.get(..self.len * self.dim).unwrap_or_default();
        let labels = self.labels.get(..self.len).unwrap_or_default();
        Samples::new(self.dim, values, labels, self.scale).unwrap_or_default()
    }

    /// What is known of each class.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        self.classes
    }

    /// The next sample of the stream.
    ///
    /// # Errors
    /// [`Error::Length`] when `x` has not as many values as a stored sample, or there is no class `label`; the buffer is
    /// as before.
    pub fn offer(&mut self, x: &[f32], label: u8) -> Result<Offer, Error> {
        require_len("sample", x.len(), self.dim)?;
        let classes = self.classes.len();
        let class = self.classes.get_mut(usize::from(label));
        let class = class.ok_or(Error::Length {
            what: "classes",
            expected: usize::from(label) + 1,
            found: classes,
        })?;
        class.seen = class.seen.saturating_add(1);
        let slot = if self.len < self.labels.len() {
            self.len += 1;
            Some(self.len - 1)
        } else {
            self.evict(label)
        };
        let Some(slot) = slot else { return Ok(Offer::PassedBy) };
        self.store(slot, x, label);
        Ok(Offer::Kept)
    }

    /// The place of a sample that makes room for one of class `label`; none if it is not to be kept.
    fn evict(&mut self, label: u8) -> Option<usize> {
        // Backwards, as the last of equals is taken: the first.
        let by_size = self.classes.iter().enumerate().rev().max_by_key(|(_, class)| class.kept);
        let (largest, &Class { kept: most, .. }) = by_size?;
        let label = usize::from(label);
        let class = self.classes.get_mut(label)?;
        class.full |= class.kept == most;
        let Class { seen, kept, full } = *class;
        let from = match full {
            false => largest,
            true if self.draws.below(seen) < kept => label,
            true => return None,
        };
        let class = self.classes.get_mut(from)?;
        let rank = self.draws.below(class.kept) as usize;
        class.kept -= 1;
        let of_class = self.labels.iter().enumerate().filter(|(_, stored)| usize::from(**stored) == from);
        of_class.map(|(slot, _)| slot).nth(rank)
    }

    fn store(&mut self, slot: usize, x: &[f32], label: u8) {
        let first = slot * self.dim;
        let (Some(values), Some(stored)) =
            (self.values.get_mut(first..first + self.dim), self.labels.get_mut(slot))
        else {
            return;
        };
        for ((value, x), scale) in values.iter_mut().zip(x).zip(self.scale.iter().cycle()) {
            *value = Q::nearest(*x / *scale);
        }
        *stored = label;
        if let Some(class) = self.classes.get_mut(usize::from(label)) {
            class.kept += 1;
        }
    }
}
