//! Where a checkpoint is loaded to.

use super::position::Position;
use super::snapshot::{SCALARS, layout, scalars, words};
use crate::backend::Backend;
use crate::error::{Error, require_len};
use crate::layout::{Segment, params};
use crate::method::Method;
use crate::state::{State, Words};

/// Weights, method and average that a checkpoint is loaded into: built as they were when it was saved.
#[derive(Debug)]
pub struct Target<'a, B: Backend, M, A> {
    b: &'a mut B,
    segments: &'a [Segment],
    w: &'a mut [f32],
    method: &'a mut M,
    beside: &'a mut A,
    tag: u32,
    position: Position,
    scalars: [u32; SCALARS],
}

impl<'a, B, M, A> Target<'a, B, M, A>
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    /// The same parts as those of [`Snapshot::new`](super::Snapshot::new).
    ///
    /// # Errors
    /// [`Error::Length`] if `w` does not have the layout's length; [`Error::Unfinished`] if a
    /// [`Sliced`](crate::backend::Sliced) call is pending.
    pub fn new(
        b: &'a mut B,
        segments: &'a [Segment],
        w: &'a mut [f32],
        method: &'a mut M,
        beside: &'a mut A,
    ) -> Result<Self, Error> {
        const { assert!(scalars::<B, M, A>() <= SCALARS, "the state has too many scalars for a checkpoint") };
        require_len("weights", w.len(), params(segments))?;
        if !b.is_settled() {
            return Err(Error::Unfinished);
        }
        let (position, scalars) = (Position::default(), [0; SCALARS]);
        Ok(Self { b, segments, w, method, beside, tag: 0, position, scalars })
    }

    /// The number that the saving firmware gave.
    pub fn tag(self, tag: u32) -> Self {
        Self { tag, ..self }
    }

    /// Takes in the scalars, once all of them are there.
    fn apply(&mut self) {
        let mut words = self.scalars.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        self.position = Position::take(&mut next);
        let (method, beside) = (M::Scalars::take(&mut next), A::Scalars::take(&mut next));
        // A record from the middle of a step, saved without the scalars from before it, ends that step here: what
        // `abort` writes into the weights is overwritten next.
        self.method.set_scalars(method);
        self.method.abort(self.b, self.w);
        self.beside.set_scalars(beside);
    }
}

/// The destination of a record, for the machine that reads it.
pub trait Sink {
    /// Words of the record.
    fn words(&self) -> usize;
    /// The hash of what the record must fit.
    fn layout(&self) -> u32;
    /// Takes in the bytes of words `from ..`; called in order, without gaps.
    fn take(&mut self, from: usize, bytes: &[u8]);
    /// The position, once all is taken in.
    fn position(&self) -> Position;
}

impl<B, M, A> Sink for Target<'_, B, M, A>
where
    B: Backend<Vector = [f32]>,
    M: Method<B>,
    A: State<B>,
{
    fn words(&self) -> usize {
        words::<B, M, A>(self.w, self.method, self.beside)
    }

    fn layout(&self) -> u32 {
        layout::<B, M, A>(self.tag, self.segments, self.method, self.beside)
    }

    fn take(&mut self, from: usize, bytes: &[u8]) {
        let small = scalars::<B, M, A>();
        let (mut at, mut rest) = (from, bytes.as_chunks::<4>().0);
        while at < small
            && let Some((word, more)) = rest.split_first()
        {
            if let Some(slot) = self.scalars.get_mut(at) {
                *slot = u32::from_le_bytes(*word);
            }
            (at, rest) = (at + 1, more);
            if at == small {
                self.apply();
            }
        }
        let mut spread = Spread { skip: at.saturating_sub(small), words: rest };
        spread.floats(self.w);
        self.method.visit_mut(&mut |v| spread.floats(v));
        self.beside.visit_mut(&mut |v| spread.floats(v));
    }

    fn position(&self) -> Position {
        self.position
    }
}

/// Words that are laid into a row of vectors, after some places have been skipped.
struct Spread<'a> {
    skip: usize,
    words: &'a [[u8; 4]],
}

impl Spread<'_> {
    fn floats(&mut self, values: &mut [f32]) {
        let skip = self.skip.min(values.len());
        self.skip -= skip;
        for value in values.iter_mut().skip(skip) {
            let Some((word, rest)) = self.words.split_first() else { break };
            *value = f32::from_bits(u32::from_le_bytes(*word));
            self.words = rest;
        }
    }
}
