use super::moments::Moments;
use crate::backend::Backend;
use crate::error::Error;
use crate::method::Clock;
use crate::optimizer::{Optimizer, ready};
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::BorrowMut;

/// Adam, with a coupled (L2) decay.
///
/// ```text
/// d = g + weight_decay w
/// m = beta1 m + (1 - beta1) d          v = beta2 v + (1 - beta2) d^2
/// w = w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)        t = 1, 2, ...
/// ```
///
/// **Source**: Kingma & Ba 2015, Algorithm 1; `torch.optim.Adam`.
/// **Deviations**: none. `1 - beta^t` is kept by the recurrence `c = beta c + (1 - beta)`, which loses no digits, where
/// `1 - beta^t` from a power would lose four at t = 1. The decay coefficients are constants, not schedules.
/// **Cost**: two vectors; one pass a step with a root and a division an element.
/// **Defaults**: beta 0.9 and 0.999, eps 1e-8, no decay.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::Adam};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = Plain::new(Adam::new([0.0; 2], [0.0; 2]));
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
pub struct Adam<V, S = f32> {
    moments: Moments<V>,
    weight_decay: S,
}

impl<V> Adam<V> {
    /// Adam with the paper's constants; both moments are as long as the weights and full of zeros.
    pub const fn new(first: V, second: V) -> Self {
        Self { moments: Moments::new(first, second), weight_decay: 0.0 }
    }
}

impl<V, S> Adam<V, S> {
    /// Coupled L2 decay, at least 0.
    pub fn weight_decay<R>(self, weight_decay: R) -> Adam<V, R> {
        Adam { moments: self.moments, weight_decay }
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

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> State<B> for Adam<V, S> {
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

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> Optimizer<B> for Adam<V, S> {
    const NAME: &'static str = "adam";

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
        let l2 = self.weight_decay.at(clock.step, clock.total);
        self.moments.update(b, w, saved, g, [clock.lr, l2, 0.0]);
    }
}
