use crate::backend::Backend;
use crate::error::Error;
use crate::method::{Batch, Clock, Eval, Method, Next, descend};
use crate::optimizer::Optimizer;
use crate::state::{Cost, State};

/// The base optimizer alone: one gradient at the weights as they are.
///
/// ```text
/// w = base(w, g)
/// ```
///
/// **Source**: none; what every method becomes when its perturbation is 0. **Deviations**: none.
/// **Cost**: no vector beside the optimizer's; 1 gradient; no read. **Defaults**: the optimizer's.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::Sgd};
/// let (mut w, mut g) = ([4.0], [0.0]);
/// let mut method = Plain::new(Sgd::new());
/// let clock = Clock { step: 0, total: 1, lr: 0.25 };
/// step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///     g[0] = w[0];
///     Ok::<f32, ()>(0.5 * w[0] * w[0])
/// }).unwrap();
/// assert_eq!(w, [3.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Plain<O> {
    base: O,
    clock: Clock,
    waiting: bool,
}

impl<O> Plain<O> {
    /// Steps of `base`.
    pub const fn new(base: O) -> Self {
        Self { base, clock: Clock::ZERO, waiting: false }
    }
}

impl<B: Backend, O: Optimizer<B>> State<B> for Plain<O> {
    const COST: Cost = O::COST.plus(Cost { words: 1, ..Cost::NONE });
    type Scalars = (bool, O::Scalars);

    fn scalars(&self) -> Self::Scalars {
        (self.waiting, self.base.scalars())
    }

    fn set_scalars(&mut self, (waiting, base): Self::Scalars) {
        self.waiting = waiting;
        self.base.set_scalars(base);
    }

    fn forget(&mut self, updates: u32) {
        self.base.forget(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.base.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.base.visit_mut(see);
    }
}

impl<B: Backend, O: Optimizer<B>> Method<B> for Plain<O> {
    const NAME: &'static str = "plain";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        self.base.ready(b, n, clock)
    }

    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        self.abort(b, w);
        <Self as Method<B>>::ready(self, b, b.len(w), clock)?;
        b.open();
        (self.clock, self.waiting) = (*clock, true);
        Ok(Next::gradient(Batch::Fresh))
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        if !self.waiting {
            return Err(Error::NoStep);
        }
        self.waiting = false;
        let clock = self.clock;
        self.plain(b, w, eval, &clock)
    }

    fn abort(&mut self, _: &mut B, _: &mut B::Vector) {
        self.waiting = false;
    }

    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error> {
        descend(&mut self.base, b, w, None, eval, clock)
    }

    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        Some(w)
    }
}
