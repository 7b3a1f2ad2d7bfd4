//! Weights in flash: a trial record, read back, then confirmed.

use crate::Error;
use crate::flash::SLOT;
use crate::net::Model;
use crate::pieces::Turns;
use core::marker::PhantomData;
use core::task::Poll;
use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};
use flatmin::backend::Portable;
use flatmin::checkpoint::{self, Job, Position, Region, Snapshot, Store, Target, Task};
use flatmin::methods::Plain;
use flatmin::optimizers::Sgd;

/// Checkpoints of the weights of a network, and of nothing else: a method without state.
///
/// Errors are [`Error::Checkpoint`] when the flash refuses, [`Error::Method`] when a vector is not as long as the weights.
#[derive(Debug)]
pub struct Checkpoints<N, F: NorFlash> {
    store: Store<F>,
    net: PhantomData<N>,
}

impl<N: Model, F: NorFlash> Checkpoints<N, F> {
    /// Those of a flash, which may be lent.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    pub fn open(flash: F, turns: &mut impl Turns) -> Result<Self, Error> {
        let mut store = Store::new(flash, Region::new(0, SLOT as u32)).map_err(flat)?;
        finish(turns, Ok(store.open()))?;
        Ok(Self { store, net: PhantomData })
    }

    /// Writes `w` as a candidate.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn save(&mut self, turns: &mut impl Turns, w: &[f32], position: Position) -> Result<(), Error> {
        let (b, method) = (&Portable, &Plain::new(Sgd::new()));
        finish(
            turns,
            self.store.save(Snapshot::<Portable, _, _>::new(b, N::LAYOUT, w, method, &(), position)?),
        )
    }

    /// Reads the candidate.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn load_candidate(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        let (b, method, nothing) = (&mut Portable, &mut Plain::new(Sgd::new()), &mut ());
        w.fill(0.0);
        finish(turns, self.store.load_candidate(Target::new(b, N::LAYOUT, w, method, nothing)?))
    }

    /// Reads what a reset leads to.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    #[inline(never)]
    pub fn load(&mut self, turns: &mut impl Turns, w: &mut [f32]) -> Result<(), Error> {
        let (b, method, nothing) = (&mut Portable, &mut Plain::new(Sgd::new()), &mut ());
        w.fill(0.0);
        finish(turns, self.store.load(Target::new(b, N::LAYOUT, w, method, nothing)?))
    }

    /// Whether the candidate is `w`; it is read into `copy`.
    pub fn is_candidate(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> bool {
        self.load_candidate(turns, copy).is_ok() && same(w, copy)
    }

    /// Reads the candidate back into `copy`, confirms it, and reads what a reset would lead to. Whether `copy` is `w`
    /// after both.
    ///
    /// # Errors
    /// See [`Checkpoints`].
    pub fn confirm(&mut self, turns: &mut impl Turns, w: &[f32], copy: &mut [f32]) -> Result<bool, Error> {
        self.load_candidate(turns, copy)?;
        let on_trial = same(w, copy);
        finish(turns, self.store.confirm())?;
        self.load(turns, copy)?;
        Ok(on_trial && same(w, copy))
    }
}

/// One flash operation a piece.
#[inline(always)]
fn finish<F: NorFlash, J: Job>(
    turns: &mut impl Turns,
    task: Result<Task<'_, F, J>, checkpoint::Error<F::Error>>,
) -> Result<(), Error> {
    let mut task = task.map_err(flat)?;
    let done = turns.finish(|| match task.advance() {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(_)) => Poll::Ready(Ok(())),
        Err(error) => Poll::Ready(Err(flat(error))),
    });
    match done {
        Poll::Ready(result) => result,
        Poll::Pending => Ok(()),
    }
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// The error of any flash in the words of the common one.
fn flat<E: NorFlashError>(error: checkpoint::Error<E>) -> Error {
    use checkpoint::Error as E2;
    let error: checkpoint::Error<NorFlashErrorKind> = match error {
        E2::Flash(error) => E2::Flash(error.kind()),
        E2::Region(misfit) => E2::Region(misfit),
        E2::Room { needed, room } => E2::Room { needed, room },
        E2::Empty => E2::Empty,
        E2::NoCandidate => E2::NoCandidate,
        E2::NoOlder => E2::NoOlder,
        E2::Layout { expected, found } => E2::Layout { expected, found },
        E2::Version { found } => E2::Version { found },
        E2::Closed => E2::Closed,
        _ => E2::Damaged,
    };
    Error::Checkpoint(error)
}
