//! Steps in pieces, for a machine with a watchdog: thin loops over [`Sliced`] with the bits of [`step`](super::step).

use super::StepError;
use crate::backend::{Isa, Progress, Sliced};
use crate::error::Error;
use crate::method::{Clock, Eval, Method, Next, Request};

/// A sliced step under way. When dropped, by a panic or a future that is given up, it leaves clean weights.
struct Pieces<'a, B: Isa, M: Method<Sliced<B>>> {
    b: &'a mut Sliced<B>,
    method: &'a mut M,
    w: &'a mut [f32],
    g: &'a mut [f32],
    clock: &'a Clock,
    /// The loss of the evaluation that is being taken; none before the first.
    loss: Option<f32>,
}

impl<B: Isa, M: Method<Sliced<B>>> Pieces<'_, B, M> {
    /// One piece of the phase under way.
    fn piece(&mut self) -> Result<Progress, StepError<core::convert::Infallible>> {
        let progress = match self.loss {
            None => self.b.begin(self.method, self.w, self.clock),
            Some(loss) => self.b.resume(self.method, self.w, Eval { g: self.g, loss }),
        };
        progress.map_err(StepError::Method)
    }

    /// One piece of giving the step up.
    fn abort(&mut self) -> Progress {
        let eval = Eval { g: &mut *self.g, loss: self.loss.unwrap_or(0.0) };
        self.b.abort(self.method, self.w, self.clock, eval)
    }
}

impl<B: Isa, M: Method<Sliced<B>>> Drop for Pieces<'_, B, M> {
    fn drop(&mut self) {
        while self.abort() == Progress::Pending {}
    }
}

/// The same loop twice, the second time with waits.
macro_rules! loops {
    ($(#[$doc:meta])* $name:ident, $objective:ident, $between:ident $(, $async:ident $await:ident)?) => {
        $(#[$doc])*
        pub $($async)? fn $name<B: Isa, M: Method<Sliced<B>>, E>(
            method: &mut M,
            b: &mut Sliced<B>,
            w: &mut [f32],
            g: &mut [f32],
            clock: &Clock,
            mut objective: impl $objective(&[f32], &mut [f32], Request) -> Result<f32, E>,
            mut between: impl $between(),
        ) -> Result<f32, StepError<E>> {
            let mut pieces = Pieces { b, method, w, g, clock, loss: None };
            let mut first = None;
            loop {
                match pieces.piece() {
                    Ok(Progress::Pending) => between()$(.$await)?,
                    Ok(Progress::Ready(Next::Gradient(request))) => {
                        let loss = match objective(pieces.w, pieces.g, request)$(.$await)? {
                            Ok(loss) => loss,
                            Err(error) => {
                                while pieces.abort() == Progress::Pending {
                                    between()$(.$await)?;
                                }
                                return Err(StepError::Objective(error));
                            }
                        };
                        first.get_or_insert(loss);
                        pieces.loss = Some(loss);
                    }
                    Ok(Progress::Ready(Next::Done)) => {
                        return first.ok_or(StepError::Method(Error::NoStep));
                    }
                    Err(StepError::Method(error)) => return Err(StepError::Method(error)),
                    Err(StepError::Objective(never)) => match never {},
                }
            }
        }
    };
}

loops! {
    /// [`step`](super::step) in pieces of the budget of `b`, with a call of `between` after every piece that leaves work:
    /// feed the watchdog, let another task run, wait. Same bits, whatever the budget.
    ///
    /// Whatever goes wrong, the weights are clean afterwards. What an error of the objective leaves to restore is done in
    /// pieces, too; after a panic, or when a future is dropped, it is done in one.
    step_sliced, FnMut, FnMut
}
loops! {
    /// [`step_sliced`] with an objective and a `between` that wait. A future that is dropped leaves the weights clean.
    step_sliced_async, AsyncFnMut, AsyncFnMut, async await
}
