use crate::backend::Backend;
use crate::error::{Error, Quantity, require_len, require_not_negative};
use crate::kernels::{Copy, SaveAscend, SqNorm};
use crate::method::{Batch, Clock, Eval, Method, Next, descend};
use crate::optimizer::Optimizer;
use crate::schedule::Schedule;
use crate::state::{Cost, State, phases};
use core::borrow::BorrowMut;

/// Sharpness-aware minimization: descend along the gradient taken at the worst point of a small ball.
///
/// ```text
/// e = rho g / (||g|| + eps)        g = grad L(w), one norm over all weights
/// s = grad L(w + e)                on the same mini-batch
/// w = base(w, s)                   from the unperturbed weights
/// ```
///
/// **Source**: Foret et al. 2021, eq. 2 and Algorithm 1; eps as in davda54/sam.
/// **Deviations**: weights are restored from a copy, so exactly; a zero gradient climbs nowhere, where a form without
/// eps gives NaN; weight decay belongs to the base optimizer and enters neither gradient.
/// **Cost**: one vector (the saved weights) beside the optimizer's; 2 gradients; no read.
/// **Defaults**: rho 0.15, what the fine-tuning experiments of this project found safe (the paper: 0.05); eps 1e-12.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Sam, optimizers::Sgd};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = Sam::new(Sgd::new(), [0.0; 2]).rho(0.05);
/// for t in 0..100 {
///     let clock = Clock { step: t, total: 100, lr: 0.1 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 0.05));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sam<O, V, R = f32> {
    rho: R,
    eps: f32,
    base: O,
    saved: V,
    clock: Clock,
    phase: Phase,
}

/// What the next gradient is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No step is under way.
    Idle,
    /// For the climb.
    Ascent,
    /// For the base update.
    Descent,
}

phases!(Phase { Idle, Ascent, Descent });

impl<O, V> Sam<O, V> {
    /// SAM over `base`, with a buffer as long as the weights.
    pub const fn new(base: O, saved: V) -> Self {
        Self { rho: 0.15, eps: 1e-12, base, saved, clock: Clock::ZERO, phase: Phase::Idle }
    }
}

impl<O, V, R> Sam<O, V, R> {
    /// Radius of the ball, at least 0.
    pub fn rho<S>(self, rho: S) -> Sam<O, V, S> {
        let Self { eps, base, saved, clock, phase, .. } = self;
        Sam { rho, eps, base, saved, clock, phase }
    }

    /// What is added to the gradient's norm, at least 0.
    pub fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }
}

impl<B: Backend, O: Optimizer<B>, V: BorrowMut<B::Vector>, R: Schedule> State<B> for Sam<O, V, R> {
    const COST: Cost = O::COST.plus(Cost { vectors: 1, words: 1, ..Cost::NONE });
    type Scalars = (Phase, O::Scalars);

    fn scalars(&self) -> Self::Scalars {
        (self.phase, self.base.scalars())
    }

    fn set_scalars(&mut self, (phase, base): Self::Scalars) {
        self.phase = phase;
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

impl<O, V, R: Schedule> Sam<O, V, R> {
    fn ascend<B: Backend>(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error>
    where
        V: BorrowMut<B::Vector>,
    {
        require_len("gradient", b.len(eval.g), b.len(w))?;
        b.check(&eval.loss, Quantity::Loss)?;
        // The norm is not finite where an element is not, so it stands for the check of the gradient.
        let sq_norm = b.reduce(SqNorm {}, [&*eval.g]);
        b.check(&sq_norm, Quantity::Gradient)?;
        let kernel = SaveAscend { rho: self.rho.at(self.clock.step, self.clock.total), eps: self.eps };
        b.map(kernel, [&sq_norm], [w, self.saved.borrow_mut()], [eval.g]);
        self.phase = Phase::Descent;
        Ok(Next::gradient(Batch::Same))
    }

    fn descend<B: Backend>(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error>
    where
        V: BorrowMut<B::Vector>,
        O: Optimizer<B>,
    {
        let next = descend(&mut self.base, b, w, Some(self.saved.borrow()), eval, &self.clock)?;
        self.phase = Phase::Idle;
        Ok(next)
    }
}

impl<B: Backend, O: Optimizer<B>, V: BorrowMut<B::Vector>, R: Schedule> Method<B> for Sam<O, V, R> {
    const NAME: &'static str = "sam";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        let rho = self.rho.at(clock.step, clock.total);
        require_not_negative("rho", rho)?;
        require_not_negative("eps", self.eps)?;
        require_len("saved weights", b.len(self.saved.borrow()), n)?;
        self.base.ready(b, n, clock)
    }

    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        self.abort(b, w);
        <Self as Method<B>>::ready(self, b, b.len(w), clock)?;
        b.open();
        (self.clock, self.phase) = (*clock, Phase::Ascent);
        Ok(Next::gradient(Batch::Fresh))
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        let next = match self.phase {
            Phase::Idle => Err(Error::NoStep),
            Phase::Ascent => self.ascend(b, w, eval),
            Phase::Descent => self.descend(b, w, eval),
        };
        if next.is_err() {
            self.abort(b, w);
        }
        next
    }

    fn abort(&mut self, b: &mut B, w: &mut B::Vector) {
        if self.phase == Phase::Descent {
            b.map(Copy {}, [], [w], [self.saved.borrow()]);
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
        descend(&mut self.base, b, w, None, eval, clock)
    }

    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        Some(if self.phase == Phase::Descent { self.saved.borrow() } else { w })
    }
}
