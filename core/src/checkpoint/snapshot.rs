//! What a checkpoint holds: a training state as a row of words.

use super::position::Position;
use crate::backend::Backend;
use crate::error::{Error, require_len};
use crate::hash::Crc32;
use crate::layout::{Segment, params};
use crate::method::Method;
use crate::state::{State, Words};

/// Most words of scalars (of position, method and what stands beside it) in a record.
pub const SCALARS: usize = 64;

/// Words before the weights.
pub(super) const fn scalars<B: Backend, M: State<B>, A: State<B>>() -> usize {
    Position::LEN + <M::Scalars as Words>::LEN + <A::Scalars as Words>::LEN
}

/// A training state that is lent for the time of a save, so that it cannot change meanwhile.
///
/// The record holds the position, the scalars of method and average, the weights, and the vectors of both, bit for bit.
/// The weights are always the clean ones ([`Method::clean`]).
///
/// **During a step** the record is the step's start: hand over the scalars from before [`Method::begin`] by
/// [`started_at`](Self::started_at). The resumed run takes the step again, with the same bits.
///
/// Hyperparameters belong to the firmware and are not stored; [`tag`](Self::tag) tells apart what must not be mixed up.
#[derive(Debug)]
pub struct Snapshot<'a, B: Backend, M: State<B>, A: State<B>> {
    segments: &'a [Segment],
    w: &'a [f32],
    method: &'a M,
    beside: &'a A,
    scalars: M::Scalars,
    position: Position,
    tag: u32,
}

impl<'a, B, M, A> Snapshot<'a, B, M, A>
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    /// The state of `method` on weights `w` of layout `segments`, and of what stands beside it: an average, `&()`, or a
    /// pair.
    ///
    /// # Errors
    /// [`Error::Length`] if `w` does not have the layout's length; [`Error::Unfinished`] if half a kernel is done, in a
    /// [`Sliced`](crate::backend::Sliced) call that is pending: finish or abort it; [`Error::Perturbed`] during
    /// a step of a method that keeps no copy of the weights: save before it or after it.
    pub fn new(
        b: &B,
        segments: &'a [Segment],
        w: &'a [f32],
        method: &'a M,
        beside: &'a A,
        position: Position,
    ) -> Result<Self, Error> {
        const { assert!(scalars::<B, M, A>() <= SCALARS, "the state has too many scalars for a checkpoint") };
        require_len("weights", w.len(), params(segments))?;
        if !b.is_settled() {
            return Err(Error::Unfinished);
        }
        let clean = method.clean(w).ok_or(Error::Perturbed)?;
        require_len("saved weights", clean.len(), w.len())?;
        Ok(Self { segments, w: clean, method, beside, scalars: method.scalars(), position, tag: 0 })
    }

    /// The method's scalars from before the step that is under way.
    pub fn started_at(self, scalars: M::Scalars) -> Self {
        Self { scalars, ..self }
    }

    /// A number that a loading firmware must have too: which task, which set of hyperparameters. 0 unless set.
    pub fn tag(self, tag: u32) -> Self {
        Self { tag, ..self }
    }
}

/// The source of a record, for the machine that writes it.
pub trait Source {
    /// Words of the record.
    fn words(&self) -> usize;
    /// The hash of what the record must fit.
    fn layout(&self) -> u32;
    /// Steps done.
    fn step(&self) -> u32;
    /// The bytes of words `from ..`, as many as `out` holds.
    fn fill(&self, from: usize, out: &mut [u8]);
}

impl<B, M, A> Snapshot<'_, B, M, A>
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    /// Bytes of the record.
    pub fn bytes(&self) -> usize {
        self.words() * 4
    }

    /// The hash of what the record must fit: tag, tensors, the method's name, numbers of scalars, lengths of vectors.
    pub fn layout(&self) -> u32 {
        layout(self.tag, self.segments, self.method, self.beside)
    }
}

/// See [`Snapshot::layout`].
pub(super) fn layout<B, M, A>(tag: u32, segments: &[Segment], method: &M, beside: &A) -> u32
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    let mut crc = Crc32::new();
    crc.bytes(M::NAME.as_bytes());
    let mut word = |word: u32| crc.bytes(&word.to_le_bytes());
    for value in [tag, <M::Scalars as Words>::LEN as u32, <A::Scalars as Words>::LEN as u32] {
        word(value);
    }
    for segment in segments {
        for value in [segment.filters, segment.fan_in, segment.kind as u32] {
            word(value);
        }
    }
    method.visit(&mut |v| word(v.len() as u32));
    // What keeps a vector of the method from being taken for one of the average.
    word(u32::MAX);
    beside.visit(&mut |v| word(v.len() as u32));
    crc.finish()
}

/// Words of the record.
pub(super) fn words<B, M, A>(w: &[f32], method: &M, beside: &A) -> usize
where
    B: Backend<Vector = [f32]>,
    M: State<B>,
    A: State<B>,
{
    let mut words = scalars::<B, M, A>() + w.len();
    method.visit(&mut |v| words += v.len());
    beside.visit(&mut |v| words += v.len());
    words
}

/// Bytes that are taken from a row of words, after some have been skipped.
struct Window<'a> {
    skip: usize,
    out: core::slice::IterMut<'a, [u8; 4]>,
}

impl Window<'_> {
    fn word(&mut self, word: u32) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if let Some(out) = self.out.next() {
            *out = word.to_le_bytes();
        }
    }

    fn floats(&mut self, values: &[f32]) {
        let skip = self.skip.min(values.len());
        self.skip -= skip;
        for (value, out) in values.iter().skip(skip).zip(&mut self.out) {
            *out = value.to_le_bytes();
        }
    }
}

impl<B, M, A> Source for Snapshot<'_, B, M, A>
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    fn words(&self) -> usize {
        words(self.w, self.method, self.beside)
    }

    fn layout(&self) -> u32 {
        Snapshot::layout(self)
    }

    fn step(&self) -> u32 {
        self.position.step
    }

    fn fill(&self, from: usize, out: &mut [u8]) {
        let mut window = Window { skip: from, out: out.as_chunks_mut().0.iter_mut() };
        self.position.put(&mut |word| window.word(word));
        self.scalars.put(&mut |word| window.word(word));
        self.beside.scalars().put(&mut |word| window.word(word));
        window.floats(self.w);
        self.method.visit(&mut |v| window.floats(v));
        self.beside.visit(&mut |v| window.floats(v));
    }
}
