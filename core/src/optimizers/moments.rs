use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::StepAdam;
use crate::method::Clock;
use crate::optimizer::{Optimizer, ready};
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::BorrowMut;
use core::marker::PhantomData;

/// Two moments, their decay and the count of updates that corrects their bias: [`Adam`](super::Adam) and
/// [`AdamW`](super::AdamW), which differ in where the weight decay D enters. S, R, Q and E are the schedules of the weight
/// decay, of both betas and of eps.
#[derive(Clone, Copy, Debug)]
pub struct Moments<V, S, D, R = f32, Q = f32, E = f32> {
    first: V,
    second: V,
    beta1: R,
    beta2: Q,
    eps: E,
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

impl<V, S, D, R, Q, E> Moments<V, S, D, R, Q, E> {
    /// Weight decay, at least 0.
    pub fn weight_decay<T>(self, weight_decay: T) -> Moments<V, T, D, R, Q, E> {
        let Self { first, second, beta1, beta2, eps, updates, kind, .. } = self;
        Moments { first, second, beta1, beta2, eps, weight_decay, updates, kind }
    }

    /// Decay of the moments, each in `[0, 1)`.
    pub fn betas<T, U>(self, beta1: T, beta2: U) -> Moments<V, S, D, T, U, E> {
        let Self { first, second, eps, weight_decay, updates, kind, .. } = self;
        Moments { first, second, beta1, beta2, eps, weight_decay, updates, kind }
    }

    /// What is added to the root, above 0.
    pub fn eps<T>(self, eps: T) -> Moments<V, S, D, R, Q, T> {
        let Self { first, second, beta1, beta2, weight_decay, updates, kind, .. } = self;
        Moments { first, second, beta1, beta2, eps, weight_decay, updates, kind }
    }
}

impl<B, V, S, D, R, Q, E> State<B> for Moments<V, S, D, R, Q, E>
where
    B: Backend,
    V: BorrowMut<B::Vector>,
    S: Schedule,
    D: Decay,
    R: Schedule,
    Q: Schedule,
    E: Schedule,
{
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

impl<B, V, S, D, R, Q, E> Optimizer<B> for Moments<V, S, D, R, Q, E>
where
    B: Backend,
    V: BorrowMut<B::Vector>,
    S: Schedule,
    D: Decay,
    R: Schedule,
    Q: Schedule,
    E: Schedule,
{
    const NAME: &'static str = D::NAME;

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        let Clock { step, total, .. } = *clock;
        ready(clock, self.weight_decay.at(step, total))?;
        let (beta1, beta2) = (self.beta1.at(step, total), self.beta2.at(step, total));
        require((0.0..1.0).contains(&beta1), "beta1", beta1)?;
        require((0.0..1.0).contains(&beta2), "beta2", beta2)?;
        // A weight whose gradients are all 0 divides 0 by eps.
        let eps = self.eps.at(step, total);
        require(eps.is_finite() && eps > 0.0, "eps", eps)?;
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
        let Clock { step, total, lr } = *clock;
        let [l2, decay] = D::split(self.weight_decay.at(step, total));
        let (beta1, beta2) = (self.beta1.at(step, total), self.beta2.at(step, total));
        let (eps, updates) = (self.eps.at(step, total), self.updates);
        let kernel = StepAdam { lr, beta1, beta2, eps, l2, decay, updates };
        self.updates = updates.saturating_add(1);
        b.update(kernel, w, saved, g, [self.first.borrow_mut(), self.second.borrow_mut()]);
    }
}
