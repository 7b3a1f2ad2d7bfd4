//! A kernel in pieces: [`Sliced`] cuts methods, so a kernel call is made one.

use super::{Pool, Row};
use flatmin::backend::{Backend, Isa, Progress, Sliced};
use flatmin::error::Error;
use flatmin::method::{Clock, Eval, Method, Next};
use flatmin::state::{Cost, State};

/// A method that is one kernel call, so that [`Sliced`] can cut it.
struct One<F>(F);

impl<B: Backend, F> State<B> for One<F> {
    const COST: Cost = Cost::NONE;
    type Scalars = ();
    fn scalars(&self) {}
    fn set_scalars(&mut self, (): ()) {}
    fn visit(&self, _: &mut impl FnMut(&B::Vector)) {}
    fn visit_mut(&mut self, _: &mut impl FnMut(&mut B::Vector)) {}
}

impl<B: Backend, F: FnMut(&mut B)> Method<B> for One<F> {
    const NAME: &'static str = "one";
    fn ready(&self, _: &B, _: usize, _: &Clock) -> Result<(), Error> {
        Ok(())
    }
    fn begin(&mut self, b: &mut B, _: &mut B::Vector, _: &Clock) -> Result<Next, Error> {
        (self.0)(b);
        Ok(Next::Done)
    }
    fn resume(&mut self, _: &mut B, _: &mut B::Vector, _: Eval<'_, B>) -> Result<Next, Error> {
        Err(Error::NoStep)
    }
    fn abort(&mut self, _: &mut B, _: &mut B::Vector) {}
    fn plain(&mut self, _: &mut B, _: &mut B::Vector, _: Eval<'_, B>, _: &Clock) -> Result<Next, Error> {
        Err(Error::NoStep)
    }
    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        Some(w)
    }
}

/// Runs a kernel in pieces of `budget` elements; the number of pieces.
pub fn run_sliced<B: Isa>(row: &Row<Sliced<B>>, inner: B, budget: usize, pool: &mut Pool) -> usize {
    let mut sliced = Sliced::new(inner, budget);
    let clock = Clock { step: 0, total: 1, lr: 0.0 };
    let mut method = One(|b: &mut Sliced<B>| (row.run)(b, pool));
    let mut pieces = 1;
    while sliced.begin(&mut method, &mut [], &clock) == Ok(Progress::Pending) {
        pieces += 1;
    }
    pieces
}
