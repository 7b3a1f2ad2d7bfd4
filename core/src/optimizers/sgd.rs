use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::{StepMomentum, StepNesterov, StepSgd};
use crate::method::Clock;
use crate::optimizer::{Optimizer, ready};
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::BorrowMut;

/// Stochastic gradient descent, with or without momentum.
///
/// ```text
/// d = g + weight_decay w
/// w = w - lr d                                                  without momentum
/// v = momentum v + (1 - dampening) d        (v = d at the first step)
/// w = w - lr v,  or with Nesterov  w - lr (d + momentum v)
/// ```
///
/// **Source**: Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013; `torch.optim.SGD`.
/// **Deviations**: none; as in torch there is no factor `1 - momentum`, and dampening spares the first step.
/// **Cost**: no vector without momentum, one with; one pass a step.
/// **Defaults**: no momentum, no decay. For fine-tuning: lr 0.003 at batch 8 with momentum 0.9, decay 0.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::Sgd};
/// let mut w = [1.0, -2.0];
/// let mut g = [0.0; 2];
/// let mut method = Plain::new(Sgd::new().momentum(0.9, [0.0; 2]));
/// for t in 0..200 {
///     let clock = Clock { step: t, total: 200, lr: 0.1 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 1e-2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sgd<M = NoMomentum, S = f32> {
    weight_decay: S,
    momentum: M,
}

/// No velocity.
#[derive(Clone, Copy, Debug)]
pub struct NoMomentum;

/// A velocity vector and what becomes of it. Whether it looks ahead is known when firmware is built: one of the two kernels
/// is in flash.
#[derive(Clone, Copy, Debug)]
pub struct Momentum<V, S = f32, D = f32, const NESTEROV: bool = false> {
    velocity: V,
    momentum: S,
    dampening: D,
    updates: u32,
}

impl Sgd {
    /// Plain descent.
    pub const fn new() -> Self {
        Self { weight_decay: 0.0, momentum: NoMomentum }
    }
}

impl Default for Sgd {
    fn default() -> Self {
        Self::new()
    }
}

impl<M, S> Sgd<M, S> {
    /// Coupled L2 decay, at least 0, on every weight.
    pub fn weight_decay<T>(self, weight_decay: T) -> Sgd<M, T> {
        Sgd { weight_decay, momentum: self.momentum }
    }
}

impl<S> Sgd<NoMomentum, S> {
    /// Momentum in `[0, 1)`, with a velocity as long as the weights and full of zeros.
    pub fn momentum<V, R>(self, momentum: R, velocity: V) -> Sgd<Momentum<V, R>, S> {
        let momentum = Momentum { velocity, momentum, dampening: 0.0, updates: 0 };
        Sgd { weight_decay: self.weight_decay, momentum }
    }
}

impl<V, R, D, S, const NESTEROV: bool> Sgd<Momentum<V, R, D, NESTEROV>, S> {
    /// Leaves out a share of each new gradient, in `[0, 1]`, except the first.
    pub fn dampening<T>(self, dampening: T) -> Sgd<Momentum<V, R, T, NESTEROV>, S> {
        let Momentum { velocity, momentum, updates, .. } = self.momentum;
        Sgd { weight_decay: self.weight_decay, momentum: Momentum { velocity, momentum, dampening, updates } }
    }

    /// Looks ahead along the velocity.
    pub fn nesterov(self) -> Sgd<Momentum<V, R, D, true>, S> {
        let Momentum { velocity, momentum, dampening, updates } = self.momentum;
        Sgd { weight_decay: self.weight_decay, momentum: Momentum { velocity, momentum, dampening, updates } }
    }
}

impl<B: Backend, S: Schedule> State<B> for Sgd<NoMomentum, S> {
    const COST: Cost = Cost::NONE;
    type Scalars = ();
    fn scalars(&self) {}
    fn set_scalars(&mut self, (): ()) {}
    fn visit(&self, _: &mut impl FnMut(&B::Vector)) {}
    fn visit_mut(&mut self, _: &mut impl FnMut(&mut B::Vector)) {}
}

impl<B: Backend, S: Schedule> Optimizer<B> for Sgd<NoMomentum, S> {
    const NAME: &'static str = "sgd";

    fn ready(&self, _: &B, _: usize, clock: &Clock) -> Result<(), Error> {
        ready(clock, self.weight_decay.at(clock.step, clock.total))
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let weight_decay = self.weight_decay.at(clock.step, clock.total);
        b.update(StepSgd { lr: clock.lr, weight_decay }, w, saved, g, []);
    }
}

impl<B, V, R, D, S, const NESTEROV: bool> State<B> for Sgd<Momentum<V, R, D, NESTEROV>, S>
where
    B: Backend,
    V: BorrowMut<B::Vector>,
    R: Schedule,
    D: Schedule,
    S: Schedule,
{
    const COST: Cost = Cost { vectors: 1, words: 1, ..Cost::NONE };
    type Scalars = u32;

    fn scalars(&self) -> u32 {
        self.momentum.updates
    }

    fn set_scalars(&mut self, updates: u32) {
        self.momentum.updates = updates;
    }

    fn forget(&mut self, updates: u32) {
        self.momentum.updates = self.momentum.updates.saturating_sub(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        see(self.momentum.velocity.borrow());
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        see(self.momentum.velocity.borrow_mut());
    }
}

impl<B, V, R, D, S, const NESTEROV: bool> Optimizer<B> for Sgd<Momentum<V, R, D, NESTEROV>, S>
where
    B: Backend,
    V: BorrowMut<B::Vector>,
    R: Schedule,
    D: Schedule,
    S: Schedule,
{
    const NAME: &'static str = "sgd";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        ready(clock, self.weight_decay.at(clock.step, clock.total))?;
        let momentum = self.momentum.momentum.at(clock.step, clock.total);
        require((0.0..1.0).contains(&momentum), "momentum", momentum)?;
        let dampening = self.momentum.dampening.at(clock.step, clock.total);
        require((0.0..=1.0).contains(&dampening), "dampening", dampening)?;
        require_len("velocity", b.len(self.momentum.velocity.borrow()), n)
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let Clock { step, total, lr } = *clock;
        let weight_decay = self.weight_decay.at(step, total);
        let Momentum { velocity, momentum, dampening, updates: count } = &mut self.momentum;
        let (momentum, dampening) = (momentum.at(step, total), dampening.at(step, total));
        let (updates, state) = (*count, [velocity.borrow_mut()]);
        *count = updates.saturating_add(1);
        if NESTEROV {
            b.update(StepNesterov { lr, momentum, dampening, weight_decay, updates }, w, saved, g, state);
        } else {
            b.update(StepMomentum { lr, momentum, dampening, weight_decay, updates }, w, saved, g, state);
        }
    }
}
