//! Compositions chosen at run time: from a [`Spec`] to a method of `core`, in one place for the command line, the replay
//! of golden files, parity runs and tests. No heap is needed: whoever composes brings the vectors.

mod closed;
mod spec;

pub use closed::Tossed;
pub use spec::{MethodSpec, OptimizerSpec, Rate, Spec};

use closed::{ClimbsByNothing, Closed, Skips};
use core::borrow::BorrowMut;
use core::marker::PhantomData;
use flatmin::backend::Backend;
use flatmin::gates::Coin;
use flatmin::layout::{Segment, filters, params};
use flatmin::method::Method;
use flatmin::methods::{LpfSgd, Plain, Sam};
use flatmin::noise::Noise;
use flatmin::optimizer::Optimizer;
use flatmin::optimizers::{Adam, AdamW, Anchored, Clipped, Sgd};
use flatmin::residual::usual_len;
use flatmin::rng::Seed;

/// Takes a composed method, whatever its type.
pub trait Receive<B: Backend> {
    /// What becomes of it.
    type Output;
    /// Takes it.
    fn receive<M: Method<B> + 'static>(self, method: M) -> Self::Output;
}

/// What a composition is made of beside its spec.
#[derive(Clone, Debug)]
pub struct Parts<Z, N = Seed, C = Seed> {
    /// The layout of the weights.
    pub segments: &'static [Segment],
    /// Makes a vector of zeros.
    pub zeros: Z,
    /// Where weight noise comes from.
    pub noise: N,
    /// Where coins come from.
    pub coin: C,
}

/// What the base update is pulled towards.
#[derive(Clone, Debug)]
pub struct Anchor<V> {
    /// The factory weights.
    pub factory: V,
    /// How strongly, one value a filter.
    pub strengths: V,
}

/// Builds what `spec` says and hands it to `receive`.
pub fn compose<B, V, Z, N, C, R>(spec: &Spec, parts: Parts<Z, N, C>, receive: R) -> R::Output
where
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    R: Receive<B>,
{
    compose_anchored(spec, None, parts, receive)
}

/// [`compose`] with the base optimizer behind an [anchor](Anchored), if there is one.
pub fn compose_anchored<B, V, Z, N, C, R>(
    spec: &Spec,
    anchor: Option<Anchor<V>>,
    parts: Parts<Z, N, C>,
    receive: R,
) -> R::Output
where
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    R: Receive<B>,
{
    Build::<B, V, Z, N, C, R, Skips> { spec, parts, receive, how: PhantomData }.base(anchor)
}

/// [`compose_anchored`] for a replica beside others, all of which take the same gradients at every step: a gate that stays
/// closed climbs by 0 instead of leaving a gradient out (see [`Tossed`]).
pub fn compose_replica<B, V, Z, N, C, R>(
    spec: &Spec,
    anchor: Option<Anchor<V>>,
    parts: Parts<Z, N, C>,
    receive: R,
) -> R::Output
where
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + Copy + 'static,
    R: Receive<B>,
{
    Build::<B, V, Z, N, C, R, ClimbsByNothing> { spec, parts, receive, how: PhantomData }.base(anchor)
}

/// Types that a composition is chosen by.
type Choice<B, V, F> = PhantomData<fn(B) -> (V, F)>;

/// A composition under way, from the inside out.
struct Build<'s, B, V, Z, N, C, R, F> {
    spec: &'s Spec,
    parts: Parts<Z, N, C>,
    receive: R,
    how: Choice<B, V, F>,
}

impl<B, V, Z, N, C, R, F> Build<'_, B, V, Z, N, C, R, F>
where
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    R: Receive<B>,
    F: Closed<B, C>,
{
    fn zeros(&mut self) -> V {
        (self.parts.zeros)(params(self.parts.segments))
    }

    fn base(mut self, anchor: Option<Anchor<V>>) -> R::Output {
        match self.spec.optimizer {
            OptimizerSpec::Sgd { momentum: None, weight_decay, .. } => {
                self.pull(anchor, Sgd::new().weight_decay(weight_decay))
            }
            OptimizerSpec::Sgd { momentum: Some(momentum), dampening, nesterov, weight_decay } => {
                let sgd = Sgd::new().weight_decay(weight_decay).momentum(momentum, self.zeros());
                let sgd = sgd.dampening(dampening);
                if nesterov { self.pull(anchor, sgd.nesterov()) } else { self.pull(anchor, sgd) }
            }
            OptimizerSpec::Adam { betas: [beta1, beta2], eps, weight_decay } => {
                let adam = Adam::new(self.zeros(), self.zeros());
                self.pull(anchor, adam.betas(beta1, beta2).eps(eps).weight_decay(weight_decay))
            }
            OptimizerSpec::AdamW { betas: [beta1, beta2], eps, weight_decay } => {
                let adam = AdamW::new(self.zeros(), self.zeros());
                self.pull(anchor, adam.betas(beta1, beta2).eps(eps).weight_decay(weight_decay))
            }
        }
    }

    fn pull<O: Optimizer<B> + 'static>(self, anchor: Option<Anchor<V>>, base: O) -> R::Output {
        match anchor {
            None => self.clip(base),
            Some(Anchor { factory, strengths }) => {
                let segments = self.parts.segments;
                self.clip(Anchored::new(factory, segments, strengths, base))
            }
        }
    }

    fn clip<O: Optimizer<B> + 'static>(self, base: O) -> R::Output {
        match self.spec.max_norm {
            None => self.perturb(base),
            Some(max_norm) => self.perturb(Clipped::new(max_norm, base)),
        }
    }

    fn perturb<O: Optimizer<B> + 'static>(mut self, base: O) -> R::Output {
        let segments = self.parts.segments;
        match self.spec.method {
            MethodSpec::Plain => self.receive.receive(Plain::new(base)),
            MethodSpec::Sam { rho, eps } => {
                let sam = Sam::new(base, self.zeros());
                self.receive.receive(sam.rho(rho).eps(eps))
            }
            MethodSpec::Rst { rho, eps, p } => {
                let sam = Sam::new(base, self.zeros()).eps(eps);
                F::gate((rho, p, self.parts.coin), sam, self.receive)
            }
            MethodSpec::LpfSgd { gamma, scale, parts } => {
                let [saved, sq_norms] = [self.zeros(), (self.parts.zeros)(filters(segments))];
                let method = LpfSgd::new(base, segments, saved, sq_norms, 0);
                self.receive.receive(method.gamma(gamma, scale).parts(parts).noise(self.parts.noise))
            }
            MethodSpec::LpfSgdResidual { gamma, scale, parts } => {
                let lens = [usual_len(params(segments)), filters(segments)];
                let [kept, sq_norms] = lens.map(|len| (self.parts.zeros)(len));
                let method = LpfSgd::new(base, segments, kept, sq_norms, 0).residual();
                self.receive.receive(method.gamma(gamma, scale).parts(parts).noise(self.parts.noise))
            }
        }
    }
}
