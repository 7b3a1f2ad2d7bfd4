//! The tensors of a network, and the vectors that they are kept in.

use super::error::{Buffer, Error, check};
use super::sequential::Network;
use crate::layout::{Kind, Segment};

/// One parameter tensor of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Shape and kind.
    pub segment: Segment,
    /// Whether it is kept in the trainable vector (else in the frozen one).
    pub trainable: bool,
}

impl Tensor {
    /// A tensor of `filters` rows of `fan_in` floats.
    #[must_use]
    pub const fn new(filters: usize, fan_in: usize, kind: Kind, trainable: bool) -> Self {
        Self { segment: Segment { filters: filters as u32, fan_in: fan_in as u32, kind }, trainable }
    }

    /// Floats in the tensor.
    #[must_use]
    pub const fn floats(self) -> usize {
        self.segment.filters as usize * self.segment.fan_in as usize
    }
}

/// Tensors that the table of a network can hold.
const MAX_TENSORS: usize = 64;

/// The tensors of a network in layer order: a table for constants, of which firmware keeps a short copy.
#[derive(Clone, Copy, Debug)]
pub struct Tensors {
    list: [Tensor; MAX_TENSORS],
    len: usize,
}

impl Tensors {
    /// No tensor.
    pub const NONE: Self = Self { list: [Tensor::new(0, 0, Kind::Weight, false); MAX_TENSORS], len: 0 };

    /// These tensors, then `more`.
    #[must_use]
    pub const fn then(mut self, more: &[Tensor]) -> Self {
        assert!(self.len + more.len() <= MAX_TENSORS, "a network has at most 64 tensors");
        let mut i = 0;
        while i < more.len() {
            self.list[self.len] = more[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Number of trainable (or of frozen) tensors.
    #[must_use]
    pub const fn count(&self, trainable: bool) -> usize {
        let (mut count, mut i) = (0, 0);
        while i < self.len && i < MAX_TENSORS {
            count += (self.list[i].trainable == trainable) as usize;
            i += 1;
        }
        count
    }

    /// Floats in the trainable (or in the frozen) tensors.
    #[must_use]
    pub const fn floats(&self, trainable: bool) -> usize {
        let (mut floats, mut i) = (0, 0);
        while i < self.len && i < MAX_TENSORS {
            floats += (self.list[i].trainable == trainable) as usize * self.list[i].floats();
            i += 1;
        }
        floats
    }

    /// Values of a vector with one value a filter of the trainable (or of the frozen) tensors, see
    /// [`layout::filters`](crate::layout::filters).
    #[must_use]
    pub const fn slots(&self, trainable: bool) -> usize {
        let (mut slots, mut i) = (0, 0);
        while i < self.len && i < MAX_TENSORS {
            slots += (self.list[i].trainable == trainable) as usize * self.list[i].segment.slots();
            i += 1;
        }
        slots
    }

    /// Tensor `i` in layer order.
    #[must_use]
    pub const fn get(&self, i: usize) -> Option<Tensor> {
        if i < self.len && i < MAX_TENSORS { Some(self.list[i]) } else { None }
    }

    /// The first tensors.
    const fn first<const S: usize>(&self) -> [Tensor; S] {
        let (mut first, mut i) = ([Tensor::new(0, 0, Kind::Weight, false); S], 0);
        while i < S && i < MAX_TENSORS {
            first[i] = self.list[i];
            i += 1;
        }
        first
    }
}

/// The tensors of `N`, at run time: of three tables the one that is not much too long goes to flash (a kilobyte otherwise).
fn tensors<N: Network>() -> impl Iterator<Item = &'static Tensor> {
    let table: &[Tensor] = match N::TENSORS.len {
        0..=8 => &const { N::TENSORS.first::<8>() },
        9..=24 => &const { N::TENSORS.first::<24>() },
        _ => &const { N::TENSORS.list },
    };
    table.iter().take(N::TENSORS.len)
}

/// The segments of the trainable vector of `N`, in order, as a constant:
///
/// ```
/// use flatmin::{layout::Segment, nn::{self, Bias, Dense, Network, Relu}};
/// type Net = nn::seq!(Dense<4, 8, Bias>, Relu<8>, Dense<8, 3>);
/// const LAYOUT: [Segment; Net::SEGMENTS] = nn::segments::<Net, { Net::SEGMENTS }>();
/// assert_eq!((LAYOUT.len(), LAYOUT[1].filters, LAYOUT[1].fan_in), (3, 3, 8));
/// ```
///
/// # Panics
/// If `S` is not [`N::SEGMENTS`](Network::SEGMENTS), when the program is compiled.
#[must_use]
pub const fn segments<N: Network, const S: usize>() -> [Segment; S] {
    const { assert!(S == N::SEGMENTS, "the length must be Net::SEGMENTS") };
    let mut segments = [Segment { filters: 0, fan_in: 0, kind: Kind::Weight }; S];
    let (mut tensor, mut filled) = (0, 0);
    while filled < S && tensor < MAX_TENSORS {
        let Tensor { segment, trainable } = N::TENSORS.list[tensor];
        if trainable {
            segments[filled] = segment;
            filled += 1;
        }
        tensor += 1;
    }
    segments
}

/// Splits a vector of all parameters (layer order, weights before bias) into `w` and `frozen`.
///
/// # Errors
/// [`Error::Length`], before anything is written.
pub fn split<N: Network>(full: &[f32], w: &mut [f32], frozen: &mut [f32]) -> Result<(), Error> {
    check_vectors::<N>(full.len(), w.len(), frozen.len())?;
    let (mut full, mut w, mut frozen) = (full.iter(), w.iter_mut(), frozen.iter_mut());
    for tensor in tensors::<N>() {
        let part = if tensor.trainable { &mut w } else { &mut frozen };
        part.zip(&mut full).take(tensor.floats()).for_each(|(part, full)| *part = *full);
    }
    Ok(())
}

/// Puts `w` and `frozen` together again: the inverse of [`split`].
///
/// # Errors
/// [`Error::Length`], before anything is written.
pub fn merge<N: Network>(w: &[f32], frozen: &[f32], full: &mut [f32]) -> Result<(), Error> {
    check_vectors::<N>(full.len(), w.len(), frozen.len())?;
    let (mut full, mut w, mut frozen) = (full.iter_mut(), w.iter(), frozen.iter());
    for tensor in tensors::<N>() {
        let part = if tensor.trainable { &mut w } else { &mut frozen };
        full.by_ref().zip(part).take(tensor.floats()).for_each(|(full, part)| *full = *part);
    }
    Ok(())
}

fn check_vectors<N: Network>(full: usize, w: usize, frozen: usize) -> Result<(), Error> {
    check(Buffer::Parameters, N::PARAMS, full)?;
    check(Buffer::Weights, N::TRAINABLE, w)?;
    check(Buffer::Frozen, N::FROZEN, frozen)
}
