//! What a board lends through [`embedded_hal`]: a pin to see the phases by, and a delay to spread the work with.
//!
//! A board must provide nothing for this crate to run; both are for who wants them. A clock for
//! [`Deadline`](crate::drive::Deadline) is any function that returns ticks, since embedded-hal 1 has no trait for one.

use crate::backend::Backend;
use crate::error::Error;
use crate::method::{Clock, Eval, Method, Next};
use crate::state::{Cost, State};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;

/// A method whose phases show on a pin: high while the method works, low while it waits for a gradient.
///
/// On an oscilloscope or a power analyser the edges cut a step into ascent, gradients and update. A pin that fails is
/// ignored: it must not cost a training run. Same bits, same checkpoints as the method alone. A step in pieces
/// ([`Sliced`](crate::backend::Sliced)) gives a pulse for each piece; for one a phase, set a pin round the loop over them.
#[derive(Clone, Copy, Debug)]
pub struct PhasePin<M, P> {
    method: M,
    pin: P,
}

impl<M, P: OutputPin> PhasePin<M, P> {
    /// Shows the phases of `method` on `pin`, which is set low.
    pub fn new(method: M, mut pin: P) -> Self {
        let _ = pin.set_low();
        Self { method, pin }
    }

    /// Both parts.
    pub fn into_parts(self) -> (M, P) {
        (self.method, self.pin)
    }

    fn shown<R>(&mut self, work: impl FnOnce(&mut M) -> R) -> R {
        let _ = self.pin.set_high();
        let result = work(&mut self.method);
        let _ = self.pin.set_low();
        result
    }
}

impl<B: Backend, M: State<B>, P> State<B> for PhasePin<M, P> {
    const COST: Cost = M::COST;
    type Scalars = M::Scalars;

    fn scalars(&self) -> M::Scalars {
        self.method.scalars()
    }

    fn set_scalars(&mut self, scalars: M::Scalars) {
        self.method.set_scalars(scalars);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.method.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.method.visit_mut(see);
    }
}

impl<B: Backend, M: Method<B>, P: OutputPin> Method<B> for PhasePin<M, P> {
    const NAME: &'static str = M::NAME;

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        self.method.ready(b, n, clock)
    }

    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        self.shown(|method| method.begin(b, w, clock))
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        self.shown(|method| method.resume(b, w, eval))
    }

    fn abort(&mut self, b: &mut B, w: &mut B::Vector) {
        self.shown(|method| method.abort(b, w));
    }

    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error> {
        self.shown(|method| method.plain(b, w, eval, clock))
    }

    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        self.method.clean(w)
    }
}

/// A pause after every piece of work, so that the average power, or the share of the processor, stays in bounds.
///
/// ```
/// # use embedded_hal::delay::DelayNs;
/// use flatmin::{backend::{Portable, Sliced}, drive::step_sliced, hal::Pace, method::Clock, methods::Plain, optimizers::Sgd};
/// # struct Timer;
/// # impl DelayNs for Timer { fn delay_ns(&mut self, _: u32) {} }
/// let mut pace = Pace::new(Timer, 200_000);
/// let (mut w, mut g, mut b) = ([1.0; 100], [0.0; 100], Sliced::new(Portable, 32));
/// let clock = Clock { step: 0, total: 1, lr: 0.1 };
/// let objective = |w: &[f32], g: &mut [f32], _| { g.copy_from_slice(w); Ok::<f32, ()>(0.0) };
/// step_sliced(&mut Plain::new(Sgd::new()), &mut b, &mut w, &mut g, &clock, objective, || pace.wait()).unwrap();
/// assert_eq!(w, [0.9; 100]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pace<D> {
    delay: D,
    pause_ns: u32,
}

impl<D: DelayNs> Pace<D> {
    /// Pauses of `pause_ns` nanoseconds.
    pub const fn new(delay: D, pause_ns: u32) -> Self {
        Self { delay, pause_ns }
    }

    /// One pause.
    pub fn wait(&mut self) {
        self.delay.delay_ns(self.pause_ns);
    }
}
