//! Is the extra gradient worth it at this step?

use crate::backend::Backend;
use crate::error::Error;
use crate::method::{Batch, Clock, Eval, Method, Next};
use crate::state::{Cost, State};

/// Decides, before any gradient is computed, whether a step is the method's or the base optimizer's.
pub trait Gate<B: Backend>: State<B> {
    /// The stem of its file, its label and its row in every table.
    const NAME: &'static str;

    /// Whether the step at `clock` is the method's. Refuses hyperparameters out of range.
    fn opens(&mut self, clock: &Clock) -> Result<bool, Error>;
}

/// A method behind a gate: its own step where the gate opens, a plain step of its base optimizer where not.
#[derive(Clone, Copy, Debug)]
pub struct Gated<G, M> {
    gate: G,
    method: M,
    clock: Clock,
    phase: Phase,
}

/// Whose step is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// None.
    Idle,
    /// The method's.
    Open,
    /// The base optimizer's.
    Closed,
}

crate::state::phases!(Phase { Idle, Open, Closed });

impl<G, M> Gated<G, M> {
    /// Puts `method` behind `gate`.
    pub const fn new(gate: G, method: M) -> Self {
        Self { gate, method, clock: Clock::ZERO, phase: Phase::Idle }
    }
}

impl<B: Backend, G: Gate<B>, M: Method<B>> State<B> for Gated<G, M> {
    const COST: Cost = G::COST.plus(M::COST).plus(Cost { words: 1, ..Cost::NONE });
    type Scalars = (Phase, (G::Scalars, M::Scalars));

    fn scalars(&self) -> Self::Scalars {
        (self.phase, (self.gate.scalars(), self.method.scalars()))
    }

    fn set_scalars(&mut self, (phase, (gate, method)): Self::Scalars) {
        self.phase = phase;
        self.gate.set_scalars(gate);
        self.method.set_scalars(method);
    }

    fn forget(&mut self, updates: u32) {
        self.method.forget(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.gate.visit(see);
        self.method.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.gate.visit_mut(see);
        self.method.visit_mut(see);
    }
}

impl<B: Backend, G: Gate<B>, M: Method<B>> Method<B> for Gated<G, M> {
    const NAME: &'static str = M::NAME;

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        self.method.ready(b, n, clock)
    }

    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        self.abort(b, w);
        self.method.ready(b, b.len(w), clock)?;
        let before = self.gate.scalars();
        if self.gate.opens(clock)? {
            let next = self.method.begin(b, w, clock);
            match next {
                Ok(_) => self.phase = Phase::Open,
                Err(_) => self.gate.set_scalars(before),
            }
            return next;
        }
        b.open();
        (self.clock, self.phase) = (*clock, Phase::Closed);
        Ok(Next::gradient(Batch::Fresh))
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        let next = match self.phase {
            Phase::Idle => return Err(Error::NoStep),
            Phase::Open => self.method.resume(b, w, eval),
            Phase::Closed => self.method.plain(b, w, eval, &self.clock),
        };
        if !matches!(next, Ok(Next::Gradient(_))) {
            self.phase = Phase::Idle;
        }
        next
    }

    fn abort(&mut self, b: &mut B, w: &mut B::Vector) {
        if self.phase == Phase::Open {
            self.method.abort(b, w);
        }
        self.phase = Phase::Idle;
    }

    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error> {
        self.method.plain(b, w, eval, clock)
    }

    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        self.method.clean(w)
    }
}
