//! The tuned weights in flash: a trial record, read back, then confirmed.

use crate::Error;
use crate::flash::SLOT;
use crate::net::Model;
use crate::pieces::Turns;
use core::task::Poll;
use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};
use flatmin::backend::Portable;
use flatmin::checkpoint::{self, Job, Position, Region, Snapshot, Store, Target, Task};
use flatmin::methods::Plain;
use flatmin::optimizers::Sgd;

/// Writes `w` as a candidate, reads it back into `copy`, confirms it, and reads what a reset would lead to. Whether
/// `copy` is `w` after both.
///
/// # Errors
/// [`Error::Checkpoint`] when the flash refuses.
pub fn keep<N: Model, F: NorFlash, T: Turns>(
    flash: F,
    turns: &mut T,
    w: &[f32],
    copy: &mut [f32],
    position: Position,
) -> Result<bool, Error> {
    keep_in::<N, F, T>(flash, turns, w, copy, position).map_err(|error| match error {
        Stop::Flash(error) => flat(error),
        Stop::Buffer(error) => Error::Method(error),
    })
}

/// What stops a checkpoint, in the words of the flash.
enum Stop<E> {
    Flash(checkpoint::Error<E>),
    Buffer(flatmin::Error),
}

impl<E> From<checkpoint::Error<E>> for Stop<E> {
    fn from(error: checkpoint::Error<E>) -> Self {
        Self::Flash(error)
    }
}

impl<E> From<flatmin::Error> for Stop<E> {
    fn from(error: flatmin::Error) -> Self {
        Self::Buffer(error)
    }
}

fn keep_in<N: Model, F: NorFlash, T: Turns>(
    flash: F,
    turns: &mut T,
    w: &[f32],
    copy: &mut [f32],
    position: Position,
) -> Result<bool, Stop<F::Error>> {
    // Weights and nothing else: a method without state.
    let (b, method, nothing) = (&mut Portable, &mut Plain::new(Sgd::new()), &mut ());
    let mut store = Store::new(flash, Region::new(0, SLOT as u32))?;
    finish(turns, store.open())?;
    let record = Snapshot::<Portable, _, _>::new(b, N::LAYOUT, w, method, nothing, position)?;
    finish(turns, store.save(record)?)?;
    copy.fill(0.0);
    let target = Target::new(b, N::LAYOUT, copy, method, nothing)?;
    finish(turns, store.load_candidate(target)?)?;
    let on_trial = same(w, copy);
    finish(turns, store.confirm()?)?;
    copy.fill(0.0);
    let target = Target::new(b, N::LAYOUT, copy, method, nothing)?;
    finish(turns, store.load(target)?)?;
    Ok(on_trial && same(w, copy))
}

/// One flash operation a piece.
fn finish<F: NorFlash, J: Job>(
    turns: &mut impl Turns,
    mut task: Task<'_, F, J>,
) -> Result<(), Stop<F::Error>> {
    let done = turns.finish(|| match task.advance() {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(_)) => Poll::Ready(Ok(())),
        Err(error) => Poll::Ready(Err(Stop::Flash(error))),
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
