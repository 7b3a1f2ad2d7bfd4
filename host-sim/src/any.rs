//! Compositions whose type is forgotten: one object-safe adapter over every method of `core`, for code that chooses at
//! run time. See [`flatmin_parity::compose`] for what can be chosen.

use flatmin::backend::Backend;
use flatmin::drive::{StepError, settle, step};
use flatmin::layout::Segment;
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::rng::Seed;
use flatmin::state::{Cost, State, Words};
use flatmin_parity::compose::{Anchor, Parts, Receive, Spec, compose_anchored};

/// What an objective may fail with.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An objective: writes (or adds) the mean gradient of the requested samples and returns their loss.
pub type Objective<'a, B> = dyn FnMut(
        &<B as Backend>::Vector,
        &mut <B as Backend>::Vector,
        Request,
    ) -> Result<<B as Backend>::Scalar, Failure>
    + 'a;

/// A method whose type is forgotten. A virtual call a phase, not a kernel.
pub trait AnyMethod<B: Backend> {
    /// [`Method::begin`].
    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, flatmin::Error>;
    /// [`Method::resume`].
    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, flatmin::Error>;
    /// [`Method::abort`].
    fn abort(&mut self, b: &mut B, w: &mut B::Vector);
    /// [`step`].
    fn step(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        g: &mut B::Vector,
        clock: &Clock,
        objective: &mut Objective<'_, B>,
    ) -> Result<B::Scalar, StepError<Failure>>;
    /// [`settle`].
    fn settle(&mut self, b: &mut B) -> u32;
    /// The scalars as words of a checkpoint.
    fn words(&self) -> Vec<u32>;
    /// [`State::visit`].
    fn visit(&self, see: &mut dyn FnMut(&B::Vector));
    /// Memory beside weights and gradient.
    fn cost(&self) -> Cost;
}

impl<B: Backend, M: Method<B>> AnyMethod<B> for M {
    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, flatmin::Error> {
        Method::begin(self, b, w, clock)
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, flatmin::Error> {
        Method::resume(self, b, w, eval)
    }

    fn abort(&mut self, b: &mut B, w: &mut B::Vector) {
        Method::abort(self, b, w);
    }

    fn step(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        g: &mut B::Vector,
        clock: &Clock,
        objective: &mut Objective<'_, B>,
    ) -> Result<B::Scalar, StepError<Failure>> {
        step(self, b, w, g, clock, objective)
    }

    fn settle(&mut self, b: &mut B) -> u32 {
        settle(b, self)
    }

    fn words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity(<M::Scalars as Words>::LEN);
        self.scalars().put(&mut |word| words.push(word));
        words
    }

    fn visit(&self, see: &mut dyn FnMut(&B::Vector)) {
        State::visit(self, &mut |v| see(v));
    }

    fn cost(&self) -> Cost {
        <M as State<B>>::COST
    }
}

/// Forgets the type of a composition.
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

impl<B: Backend + 'static> Receive<B> for Boxed {
    type Output = Box<dyn AnyMethod<B>>;
    fn receive<M: Method<B> + 'static>(self, method: M) -> Self::Output {
        Box::new(method)
    }
}

/// A composition over plain vectors, with noise and coins of one seed.
pub fn boxed<B>(spec: &Spec, segments: &'static [Segment], seed: u64) -> Box<dyn AnyMethod<B>>
where
    B: Backend<Vector = [f32]> + 'static,
{
    boxed_anchored(spec, None, segments, seed)
}

/// [`boxed`] with the base optimizer behind an anchor, if there is one.
pub fn boxed_anchored<B>(
    spec: &Spec,
    anchor: Option<Anchor<Vec<f32>>>,
    segments: &'static [Segment],
    seed: u64,
) -> Box<dyn AnyMethod<B>>
where
    B: Backend<Vector = [f32]> + 'static,
{
    let zeros = |n| vec![0.0_f32; n];
    let parts = Parts { segments, zeros, noise: Seed(seed), coin: Seed(seed) };
    compose_anchored::<B, Vec<f32>, _, _, _, _>(spec, anchor, parts, Boxed)
}
