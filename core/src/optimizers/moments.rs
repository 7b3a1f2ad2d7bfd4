use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::StepAdam;
use crate::method::Clock;
use crate::optimizer::{Optimizer, ready};
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::BorrowMut;
use core::marker::PhantomData;

/// Two moments, their decay and the count of updates that corrects their bias: [`Adam`](super::Adam) and [`AdamW`](super::AdamW), which differ
/// in where the weight decay D enters.
#[derive(Clone, Copy, Debug)]
pub struct Moments<V, S, D> {
    first: V,
    second: V,
    beta1: f32,
    beta2: f32,
    eps: f32,
    weight_decay: S,
    updates: u32,
    kind: PhantomData<D>,
}

/// Where a weight decay enters.
pub trait Decay {
    /// The optimizer's name.
    const NAME: &'static str;
    /// The coupled and the decoupled share of a decay: all of it is one of the two.
    fn split(weight_decay: f32) -> [f32; 2];
}

/// Added to the gradient (L2): passes through the moments.
#[derive(Clone, Copy, Debug)]
pub enum Coupled {}

impl Decay for Coupled {
    const NAME: &'static str = "adam";
    fn split(weight_decay: f32) -> [f32; 2] {
        [weight_decay, 0.0]
    }
}

/// Shrinks the weights beside the step.
#[derive(Clone, Copy, Debug)]
pub enum Decoupled {}

impl Decay for Decoupled {
    const NAME: &'static str = "adamw";
    fn split(weight_decay: f32) -> [f32; 2] {
        [0.0, weight_decay]
    }
}

impl<V, D> Moments<V, f32, D> {
    pub(super) const fn with_decay(first: V, second: V, weight_decay: f32) -> Self {
        Self {
            first,
            second,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay,
            updates: 0,
            kind: PhantomData,
        }
    }
}

impl<V, S, D> Moments<V, S, D> {
    /// Weight decay, at least 0.
    pub fn weight_decay<R>(self, weight_decay: R) -> Moments<V, R, D> {
        let Self { first, second, beta1, beta2, eps, updates, kind, .. } = self;
        Moments { first, second, beta1, beta2, eps, weight_decay, updates, kind }
    }

    /// Decay of the moments, each in `[0, 1)`.
    pub fn betas(self, beta1: f32, beta2: f32) -> Self {
        Self { beta1, beta2, ..self }
    }

    /// What is added to the root, above 0.
    pub fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule, D: Decay> State<B> for Moments<V, S, D> {
    const COST: Cost = Cost { vectors: 2, words: 1, ..Cost::NONE };
    type Scalars = u32;

    fn scalars(&self) -> u32 {
        self.updates
    }

    fn set_scalars(&mut self, updates: u32) {
        self.updates = updates;
    }

    fn forget(&mut self, updates: u32) {
        self.updates = self.updates.saturating_sub(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        see(self.first.borrow());
        see(self.second.borrow());
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        see(self.first.borrow_mut());
        see(self.second.borrow_mut());
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule, D: Decay> Optimizer<B> for Moments<V, S, D> {
    const NAME: &'static str = D::NAME;

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        ready(clock, self.weight_decay.at(clock.step, clock.total))?;
        require((0.0..1.0).contains(&self.beta1), "beta1", self.beta1)?;
        require((0.0..1.0).contains(&self.beta2), "beta2", self.beta2)?;
        // A weight whose gradients are all 0 divides 0 by eps.
        require(self.eps.is_finite() && self.eps > 0.0, "eps", self.eps)?;
        require_len("first moment", b.len(self.first.borrow()), n)?;
        require_len("second moment", b.len(self.second.borrow()), n)
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let [l2, decay] = D::split(self.weight_decay.at(clock.step, clock.total));
        let Self { beta1, beta2, eps, updates, .. } = *self;
        let kernel = StepAdam { lr: clock.lr, beta1, beta2, eps, l2, decay, updates };
        self.updates = updates.saturating_add(1);
        b.update(kernel, w, saved, g, [self.first.borrow_mut(), self.second.borrow_mut()]);
    }
}
