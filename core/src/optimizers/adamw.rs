use super::moments::Moments;
use crate::backend::Backend;
use crate::error::Error;
use crate::method::Clock;
use crate::optimizer::{Optimizer, ready};
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::BorrowMut;

/// AdamW: Adam with a decoupled decay.
///
/// ```text
/// m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
/// w = (1 - lr weight_decay) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)        t = 1, 2, ...
/// ```
///
/// **Source**: Loshchilov & Hutter 2019, Algorithm 2; `torch.optim.AdamW`.
/// **Deviations**: none; as in torch the decay is multiplied by the learning rate.
/// **Cost**: two vectors; one pass a step with a root and a division an element.
/// **Defaults**: beta 0.9 and 0.999, eps 1e-8, decay 0.01.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::AdamW};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = Plain::new(AdamW::new([0.0; 2], [0.0; 2]));
/// for t in 0..300 {
///     let clock = Clock { step: t, total: 300, lr: 0.03 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 1e-2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AdamW<V, S = f32> {
    moments: Moments<V>,
    weight_decay: S,
}

impl<V> AdamW<V> {
    /// AdamW with the paper's constants; both moments are as long as the weights and full of zeros.
    pub const fn new(first: V, second: V) -> Self {
        Self { moments: Moments::new(first, second), weight_decay: 0.01 }
    }
}

impl<V, S> AdamW<V, S> {
    /// Decoupled decay, at least 0.
    pub fn weight_decay<R>(self, weight_decay: R) -> AdamW<V, R> {
        AdamW { moments: self.moments, weight_decay }
    }

    /// Decay of the moments, each in `[0, 1)`.
    pub fn betas(self, beta1: f32, beta2: f32) -> Self {
        Self { moments: self.moments.betas(beta1, beta2), ..self }
    }

    /// What is added to the root, above 0.
    pub fn eps(self, eps: f32) -> Self {
        Self { moments: self.moments.eps(eps), ..self }
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> State<B> for AdamW<V, S> {
    const COST: Cost = Cost { vectors: 2, filter_vectors: 0, words: 2 };
    type Scalars = (f32, f32);

    fn scalars(&self) -> (f32, f32) {
        self.moments.scalars()
    }

    fn set_scalars(&mut self, scalars: (f32, f32)) {
        self.moments.set_scalars(scalars);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.moments.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.moments.visit_mut(see);
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> Optimizer<B> for AdamW<V, S> {
    const NAME: &'static str = "adamw";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        ready(clock, self.weight_decay.at(clock.step, clock.total))?;
        self.moments.ready(b, n)
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let decay = self.weight_decay.at(clock.step, clock.total);
        self.moments.update(b, w, saved, g, [clock.lr, 0.0, decay]);
    }
}
