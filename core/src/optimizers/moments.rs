use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::StepAdam;
use core::borrow::BorrowMut;

/// The two moments, their decay and their bias corrections: what Adam and AdamW share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments<V> {
    first: V,
    second: V,
    beta1: f32,
    beta2: f32,
    eps: f32,
    correction1: f32,
    correction2: f32,
}

impl<V> Moments<V> {
    pub(super) const fn new(first: V, second: V) -> Self {
        Self { first, second, beta1: 0.9, beta2: 0.999, eps: 1e-8, correction1: 0.0, correction2: 0.0 }
    }

    pub(super) fn betas(self, beta1: f32, beta2: f32) -> Self {
        Self { beta1, beta2, ..self }
    }

    pub(super) fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }

    pub(super) fn scalars(&self) -> (f32, f32) {
        (self.correction1, self.correction2)
    }

    pub(super) fn set_scalars(&mut self, scalars: (f32, f32)) {
        (self.correction1, self.correction2) = scalars;
    }

    pub(super) fn visit<T: ?Sized>(&self, see: &mut impl FnMut(&T))
    where
        V: BorrowMut<T>,
    {
        see(self.first.borrow());
        see(self.second.borrow());
    }

    pub(super) fn visit_mut<T: ?Sized>(&mut self, see: &mut impl FnMut(&mut T))
    where
        V: BorrowMut<T>,
    {
        see(self.first.borrow_mut());
        see(self.second.borrow_mut());
    }

    pub(super) fn ready<B: Backend>(&self, b: &B, n: usize) -> Result<(), Error>
    where
        V: BorrowMut<B::Vector>,
    {
        require((0.0..1.0).contains(&self.beta1), "beta1", self.beta1)?;
        require((0.0..1.0).contains(&self.beta2), "beta2", self.beta2)?;
        // A weight whose gradients are all 0 divides 0 by eps.
        require(self.eps.is_finite() && self.eps > 0.0, "eps", self.eps)?;
        require_len("first moment", b.len(self.first.borrow()), n)?;
        require_len("second moment", b.len(self.second.borrow()), n)
    }

    /// One step with the given coupled and decoupled decay.
    pub(super) fn update<B: Backend>(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &B::Vector,
        [lr, l2, decay]: [f32; 3],
    ) where
        V: BorrowMut<B::Vector>,
    {
        self.correction1 = self.beta1 * self.correction1 + (1.0 - self.beta1);
        self.correction2 = self.beta2 * self.correction2 + (1.0 - self.beta2);
        let Self { beta1, beta2, eps, correction1, correction2, .. } = *self;
        let kernel = StepAdam { lr, beta1, beta2, eps, l2, decay, correction1, correction2 };
        b.update(kernel, w, saved, g, [self.first.borrow_mut(), self.second.borrow_mut()]);
    }
}
