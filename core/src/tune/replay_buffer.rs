//! Stored old samples, trained beside new ones so that old users are not forgotten.
//!
//! [`Samples`] reads them, from flash (a section of a [blob](crate::blob)) or from RAM. [`ReplayBuffer`] collects them
//! on the device from a stream, balanced by class; [`herding`] picks those that stand best for their class when all
//! candidates are at hand. One stored sample for each labelled one is a good measure (28 windows of the wrist network
//! as i8: 11 KB).

mod herding;
mod item;
mod reservoir;

pub use herding::herding;
pub use item::Item;
pub use reservoir::{Class, Offer, ReplayBuffer};

use crate::error::{Error, require_len};

/// Labelled samples in few bits: `x[j] = scale[j % scale.len()] * value[j]`.
///
/// ```
/// use flatmin::tune::Samples;
/// // Two samples of two values with a scale each, as they may lie in flash.
/// static VALUES: [i8; 4] = [100, -4, 3, 127];
/// static LABELS: [u8; 2] = [1, 0];
/// let samples = Samples::new(2, &VALUES, &LABELS, &[0.5, 0.25])?;
/// let mut x = [0.0; 2];
/// assert_eq!((samples.read(0, &mut x), x), (Some(1), [50.0, -1.0]));
/// assert_eq!((samples.len(), samples.count(0), samples.read(2, &mut x)), (2, 1, None));
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples<'a, Q> {
    dim: usize,
    values: &'a [Q],
    labels: &'a [u8],
    scale: &'a [f32],
}

/// None.
impl<Q> Default for Samples<'_, Q> {
    fn default() -> Self {
        Self { dim: 1, values: &[], labels: &[], scale: &[1.0] }
    }
}

impl<'a, Q: Item> Samples<'a, Q> {
    /// One sample a label, of `dim` values each.
    ///
    /// # Errors
    /// [`Error::Length`] when `values` does not hold `dim` for every label, or `scale` is empty.
    pub fn new(dim: usize, values: &'a [Q], labels: &'a [u8], scale: &'a [f32]) -> Result<Self, Error> {
        require_len("values", values.len(), dim.saturating_mul(labels.len()))?;
        require_len("scale", scale.len(), scale.len().max(1))?;
        Ok(Self { dim, values, labels, scale })
    }

    /// Samples.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Values of a sample.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// The label of sample `i`.
    #[must_use]
    pub fn label(&self, i: usize) -> Option<u8> {
        self.labels.get(i).copied()
    }

    /// The labels.
    #[must_use]
    pub const fn labels(&self) -> &'a [u8] {
        self.labels
    }

    /// The stored values of all samples, one after the other.
    #[must_use]
    pub const fn values(&self) -> &'a [Q] {
        self.values
    }

    /// What a stored 1 stands for, one value a channel.
    #[must_use]
    pub const fn scale(&self) -> &'a [f32] {
        self.scale
    }

    /// Samples of a class.
    #[must_use]
    pub fn count(&self, class: u8) -> usize {
        self.labels.iter().filter(|label| **label == class).count()
    }

    /// Writes sample `i` to `x` and returns its label; `None`, with `x` untouched, if there is no such sample or `x`
    /// does not have [`dim`](Self::dim) elements.
    pub fn read(&self, i: usize, x: &mut [f32]) -> Option<u8> {
        let label = self.label(i)?;
        let first = i.checked_mul(self.dim)?;
        let stored = self.values.get(first..first.checked_add(self.dim)?).filter(|_| x.len() == self.dim)?;
        for ((x, stored), scale) in x.iter_mut().zip(stored).zip(self.scale.iter().cycle()) {
            *x = *scale * stored.real();
        }
        Some(label)
    }
}
