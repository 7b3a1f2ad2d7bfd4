//! Where do I want the gradient(s) taken, and how do I combine them?
//!
//! A method is a phase machine and nothing else: `begin` opens a step and says on which samples the first gradient is
//! wanted, `resume` takes a gradient and asks for the next one or is done. [`step`](crate::drive::step) is a loop over it,
//! and firmware may keep its own loop, do other work between the phases, and resume when a gradient is ready.

use crate::backend::Backend;
use crate::error::{Error, Quantity, require_len};
use crate::kernels::NonFinite;
use crate::optimizer::Optimizer;
use crate::state::State;
use core::ops::Range;

/// Which step this is, and its learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Clock {
    /// Steps done before this one.
    pub step: u32,
    /// Steps of the whole run: what schedules end at.
    pub total: u32,
    /// Learning rate of this step.
    pub lr: f32,
}

impl Clock {
    /// The clock of a method that has not begun.
    pub(crate) const ZERO: Self = Self { step: 0, total: 0, lr: 0.0 };
}

/// What a method wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Next {
    /// A gradient and a loss at the weights as they are now.
    Gradient(Request),
    /// Nothing: the step is over and the weights are clean.
    Done,
}

/// A request for a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Request {
    /// On which samples.
    pub batch: Batch,
    /// Add to what the gradient buffer holds instead of overwriting it.
    pub accumulate: bool,
}

/// On which samples a gradient is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Batch {
    /// The next mini-batch.
    Fresh,
    /// The mini-batch of the step's first gradient once more.
    Same,
    /// Part `index` of the step's mini-batch, cut into `of` parts; the mean over the part.
    Part {
        /// Which part, from 0.
        index: u32,
        /// How many parts, 1 to 65,535. (Of more, where a `usize` has 32 bits, the last ones come too short.)
        of: u32,
    },
}

impl Batch {
    /// Whether this opens a step: the first request for it.
    pub const fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh | Self::Part { index: 0, .. })
    }

    /// The samples of a mini-batch of `len` that are meant: all, or part m as `m*len/of .. (m+1)*len/of`.
    pub const fn range(self, len: usize) -> Range<usize> {
        match self {
            Self::Part { index, of } if of > 0 => {
                let (index, of) = (index as usize, of as usize);
                start(index, of, len)..start(index.saturating_add(1), of, len)
            }
            _ => 0..len,
        }
    }
}

/// `m * len / of`, in parts that fit: a product of 64 bits would bring a division of 64 bits into flash.
///
/// `m` is at most `of`, so 16 bits for each of them cannot saturate 32.
const fn start(m: usize, of: usize, len: usize) -> usize {
    m.saturating_mul(len / of).saturating_add(m.saturating_mul(len % of) / of)
}

impl Next {
    /// A request that overwrites the gradient.
    pub const fn gradient(batch: Batch) -> Self {
        Self::Gradient(Request { batch, accumulate: false })
    }

    /// A request that adds to the gradient.
    pub const fn accumulate(batch: Batch) -> Self {
        Self::Gradient(Request { batch, accumulate: true })
    }
}

/// An evaluation of the objective at the weights as they were when it was asked for.
#[derive(Debug)]
pub struct Eval<'a, B: Backend> {
    /// The gradient. The method may change it.
    pub g: &'a mut B::Vector,
    /// The loss.
    pub loss: B::Scalar,
}

/// A training method as a phase machine over base optimizer and kernels.
///
/// Weights are clean (unperturbed) at [`Next::Done`], after every error and after [`abort`](Method::abort); between phases
/// they may be perturbed. An error leaves weights and state as before the step.
pub trait Method<B: Backend>: State<B> {
    /// The stem of its file, its label and its row in every table.
    const NAME: &'static str;

    /// Refuses hyperparameters out of range at this step, and buffers that do not have `n` elements.
    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error>;

    /// Opens a step (aborting one that is under way) and asks for its first gradient.
    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error>;

    /// Takes the gradient that was asked for.
    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error>;

    /// Drops the step under way: the weights are as before the step or, once the base update ran, as after it.
    fn abort(&mut self, b: &mut B, w: &mut B::Vector);

    /// One base update with the gradient as it is, outside of any step: what a closed gate does instead of a step.
    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error>;

    /// The clean weights: `w` itself, or the saved copy while `w` is perturbed; `None` if there is no copy then. With the
    /// scalars from before the step they are what a checkpoint in the middle of a step stores.
    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector>;
}

/// Refuses a gradient that does not have `n` elements, and a loss or a gradient that is not finite; one reading pass.
pub(crate) fn accept<B: Backend>(b: &mut B, eval: &Eval<'_, B>, n: usize) -> Result<(), Error> {
    require_len("gradient", b.len(eval.g), n)?;
    b.check(&eval.loss, Quantity::Loss)?;
    let verdict = b.reduce(NonFinite {}, [&*eval.g]);
    b.check(&verdict, Quantity::Gradient)
}

/// Ends a step: accepts the evaluation, then moves `w` by the base optimizer, from `saved` if given.
pub(crate) fn descend<B: Backend, O: Optimizer<B>>(
    base: &mut O,
    b: &mut B,
    w: &mut B::Vector,
    saved: Option<&B::Vector>,
    eval: Eval<'_, B>,
    clock: &Clock,
) -> Result<Next, Error> {
    accept(b, &eval, b.len(w))?;
    base.update(b, w, saved, eval.g, clock);
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::Batch;

    #[test]
    fn the_parts_of_a_batch_are_those_of_the_formula() {
        for of in [1, 2, 3, 4, 7, 255, 65_535_u32] {
            for len in [0, 1, 3, 8, 1000, 65_536, u32::MAX as usize] {
                for index in (0..of).step_by(1 + of as usize / 50).chain([of - 1]) {
                    let bound = |m: u32| (u128::from(m) * len as u128 / u128::from(of)) as usize;
                    let part = Batch::Part { index, of }.range(len);
                    assert_eq!(part, bound(index)..bound(index + 1), "part {index} of {of}, {len} samples");
                }
            }
        }
    }
}
