//! Loops over the phase machine, for callers who have their objective at hand.

use crate::backend::Backend;
use crate::error::Error;
use crate::method::{Clock, Eval, Method, Next, Request};
use crate::state::State;
use core::fmt;

/// Why a step was dropped. The weights are clean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepError<E> {
    /// The objective failed.
    Objective(E),
    /// The method refused.
    Method(Error),
}

impl<E: fmt::Display> fmt::Display for StepError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objective(error) => write!(f, "the objective failed: {error}"),
            Self::Method(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for StepError<E> {}

/// A method and weights that are cleaned when dropped: by a panic of the objective, by a future that is given up.
struct Step<'a, B: Backend, M: Method<B>> {
    b: &'a mut B,
    method: &'a mut M,
    w: &'a mut B::Vector,
}

impl<B: Backend, M: Method<B>> Drop for Step<'_, B, M> {
    fn drop(&mut self) {
        self.method.abort(self.b, self.w);
    }
}

/// One step of `method` on `w`: asks `objective(w, g, request)` for gradients until the step is done, and returns the
/// loss of the first.
///
/// The objective writes the mean gradient of the requested samples into `g`, or adds it if the request says so, and
/// returns the loss. Whatever goes wrong, an error of the objective, a panic, a value that is not finite, the weights are
/// clean afterwards.
pub fn step<B: Backend, M: Method<B>, E>(
    method: &mut M,
    b: &mut B,
    w: &mut B::Vector,
    g: &mut B::Vector,
    clock: &Clock,
    mut objective: impl FnMut(&B::Vector, &mut B::Vector, Request) -> Result<B::Scalar, E>,
) -> Result<B::Scalar, StepError<E>> {
    let step = Step { b, method, w };
    let mut next = step.method.begin(step.b, step.w, clock).map_err(StepError::Method)?;
    let mut first = None;
    loop {
        // A method that asks for nothing has no loss to return; none does.
        let Next::Gradient(request) = next else { return first.ok_or(StepError::Method(Error::NoStep)) };
        let loss = objective(step.w, g, request).map_err(StepError::Objective)?;
        first.get_or_insert(loss.clone());
        next = step.method.resume(step.b, step.w, Eval { g, loss }).map_err(StepError::Method)?;
    }
}

/// Asks the backend how many updates it refused after the fact, and takes them back from what `state` counts: afterwards
/// its scalars are those of a CPU that refused in time. Waits for a device, so call it every few hundred steps and before
/// a checkpoint. Returns the number.
pub fn settle<B: Backend, S: State<B>>(b: &mut B, state: &mut S) -> u32 {
    let refused = b.refused();
    state.forget(refused);
    refused
}

/// [`step`] with an objective that waits. A future that is dropped leaves the weights clean.
pub async fn step_async<B: Backend, M: Method<B>, E>(
    method: &mut M,
    b: &mut B,
    w: &mut B::Vector,
    g: &mut B::Vector,
    clock: &Clock,
    mut objective: impl AsyncFnMut(&B::Vector, &mut B::Vector, Request) -> Result<B::Scalar, E>,
) -> Result<B::Scalar, StepError<E>> {
    let step = Step { b, method, w };
    let mut next = step.method.begin(step.b, step.w, clock).map_err(StepError::Method)?;
    let mut first = None;
    loop {
        let Next::Gradient(request) = next else { return first.ok_or(StepError::Method(Error::NoStep)) };
        let loss = objective(step.w, g, request).await.map_err(StepError::Objective)?;
        first.get_or_insert(loss.clone());
        next = step.method.resume(step.b, step.w, Eval { g, loss }).map_err(StepError::Method)?;
    }
}
