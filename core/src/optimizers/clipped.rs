use crate::backend::Backend;
use crate::error::{Error, require};
use crate::kernels::{Clip, SqNorm};
use crate::method::Clock;
use crate::optimizer::Optimizer;
use crate::schedule::Schedule;
use crate::state::{Cost, State};

/// Any optimizer behind a clip of the gradient's global norm.
///
/// ```text
/// g = g min(1, max_norm / ||g||)
/// ```
///
/// **Source**: Pascanu et al. 2013. **Deviations**: no stabiliser is added to the norm (torch adds 1e-6).
/// **Cost**: no vector; one reading pass and one read-write pass more. It acts on the final direction only, so a method's
/// ascent is not clipped. **Default**: none; `max_norm` is a matter of the task.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::{Clipped, Sgd}};
/// let (mut w, mut g) = ([0.0, 0.0], [0.0; 2]);
/// let mut method = Plain::new(Clipped::new(1.0, Sgd::new()));
/// let clock = Clock { step: 0, total: 1, lr: 1.0 };
/// step(&mut method, &mut Portable, &mut w, &mut g, &clock, |_: &[f32], g: &mut [f32], _| {
///     g.copy_from_slice(&[3.0, -4.0]);
///     Ok::<f32, ()>(0.0)
/// }).unwrap();
/// assert_eq!(w, [-0.6, 0.8]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clipped<O, S = f32> {
    max_norm: S,
    inner: O,
}

impl<O, S> Clipped<O, S> {
    /// Hands `inner` gradients no longer than `max_norm`.
    pub const fn new(max_norm: S, inner: O) -> Self {
        Self { max_norm, inner }
    }
}

impl<B: Backend, O: Optimizer<B>, S: Schedule> State<B> for Clipped<O, S> {
    const COST: Cost = O::COST;
    type Scalars = O::Scalars;

    fn scalars(&self) -> O::Scalars {
        self.inner.scalars()
    }

    fn set_scalars(&mut self, scalars: O::Scalars) {
        self.inner.set_scalars(scalars);
    }

    fn forget(&mut self, updates: u32) {
        self.inner.forget(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.inner.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.inner.visit_mut(see);
    }
}

impl<B: Backend, O: Optimizer<B>, S: Schedule> Optimizer<B> for Clipped<O, S> {
    const NAME: &'static str = "clipped";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        let max_norm = self.max_norm.at(clock.step, clock.total);
        require(max_norm.is_finite() && max_norm > 0.0, "max_norm", max_norm)?;
        self.inner.ready(b, n, clock)
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let sq_norm = b.reduce(SqNorm {}, [&*g]);
        b.map(Clip { max_norm: self.max_norm.at(clock.step, clock.total) }, [&sq_norm], [g], []);
        self.inner.update(b, w, saved, g, clock);
    }
}
