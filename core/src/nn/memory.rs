//! The memory that an evaluation works in.

use core::ops::Range;

use super::layer::Params;

/// Everything that a caller lends to an evaluation.
#[derive(Debug)]
pub struct Memory<'a> {
    /// The input sample.
    pub x: &'a [f32],
    /// Trainable parameters.
    pub w: &'a [f32],
    /// Frozen parameters, perhaps in flash.
    pub frozen: &'a [f32],
    /// Activations, and in the backward pass their gradients.
    pub acts: &'a mut [f32],
    /// Gradient of the trainable parameters.
    pub g: &'a mut [f32],
}

impl<'a> Memory<'a> {
    /// A layer's share of the parameters.
    pub(super) fn params(&self, w: Range<usize>, frozen: Range<usize>) -> Option<Params<'a>> {
        Some(Params { w: self.w.get(w)?, frozen: self.frozen.get(frozen)? })
    }
}

/// Where in the activations the output of a layer lies: `len` floats, `offset` floats from one end.
///
/// Layers that train stack their outputs from one end. Below them only the latest output is alive, so
/// a frozen prefix alternates between the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    from_end: bool,
    offset: usize,
    len: usize,
}

impl Place {
    /// The output of the first layer.
    #[must_use]
    pub const fn first(len: usize) -> Self {
        Self { from_end: false, offset: 0, len }
    }

    /// Next to this output, which must be kept.
    #[must_use]
    pub const fn beside(self, len: usize) -> Self {
        Self { from_end: self.from_end, offset: self.offset + self.len, len }
    }

    /// At the other end: whatever is there is dead.
    #[must_use]
    pub const fn opposite(self, len: usize) -> Self {
        Self { from_end: !self.from_end, offset: 0, len }
    }

    fn range(self, total: usize) -> Range<usize> {
        let end = self.offset + self.len;
        if self.from_end {
            total.saturating_sub(end)..total.saturating_sub(self.offset)
        } else {
            self.offset..end
        }
    }

    /// The output.
    pub(super) fn of(self, acts: &[f32]) -> Option<&[f32]> {
        acts.get(self.range(acts.len()))
    }

    /// The output, to write.
    pub(super) fn of_mut(self, acts: &mut [f32]) -> Option<&mut [f32]> {
        let range = self.range(acts.len());
        acts.get_mut(range)
    }

    /// Two outputs that do not overlap, to write.
    pub(super) fn pair(self, other: Self, acts: &mut [f32]) -> Option<(&mut [f32], &mut [f32])> {
        let (a, b) = (self.range(acts.len()), other.range(acts.len()));
        if a.start <= b.start {
            let (low, high) = acts.split_at_mut_checked(b.start)?;
            Some((low.get_mut(a)?, high.get_mut(..b.len())?))
        } else {
            let (low, high) = acts.split_at_mut_checked(a.start)?;
            Some((high.get_mut(..a.len())?, low.get_mut(b)?))
        }
    }
}
