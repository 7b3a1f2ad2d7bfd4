//! Compositions chosen at run time: from a [`Spec`] to a method of `core`, in one place for the command line, the replay
//! of golden files, parity runs and tests. No heap is needed: whoever composes brings the vectors.

use core::borrow::BorrowMut;
use core::fmt;
use flatmin::backend::Backend;
use flatmin::gate::Gated;
use flatmin::gates::{Bernoulli, Coin};
use flatmin::layout::{Segment, filters, params};
use flatmin::method::Method;
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::noise::Noise;
use flatmin::optimizer::Optimizer;
use flatmin::optimizers::{Adam, AdamW, Anchored, Clipped, Sgd};
use flatmin::registry::{self, On};
use flatmin::residual::usual_len;
use flatmin::rng::Seed;
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule};
use heapless::String;

/// A schedule chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// The same value at every step.
    Constant(f32),
    /// A straight line over the run.
    Linear(Linear),
    /// Half a cosine over the run.
    Cosine(Cosine),
    /// Half a cosine over a part of the run, then constant.
    Anneal(Anneal),
}

impl From<f32> for Rate {
    fn from(value: f32) -> Self {
        Self::Constant(value)
    }
}

impl Schedule for Rate {
    fn at(&self, step: u32, total: u32) -> f32 {
        match self {
            Self::Constant(value) => value.at(step, total),
            Self::Linear(line) => line.at(step, total),
            Self::Cosine(cosine) => cosine.at(step, total),
            Self::Anneal(anneal) => anneal.at(step, total),
        }
    }
}

/// Method, optimizer and their hyperparameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Where gradients are taken.
    pub method: MethodSpec,
    /// How to move with them.
    pub optimizer: OptimizerSpec,
    /// The longest gradient that reaches the optimizer.
    pub max_norm: Option<f32>,
}

/// A base optimizer and its hyperparameters, named as in `core`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of core's builders")]
pub enum OptimizerSpec {
    /// [`Sgd`]; a momentum of `None` needs no velocity.
    Sgd { momentum: Option<f32>, dampening: f32, nesterov: bool, weight_decay: f32 },
    /// [`Adam`].
    Adam { betas: [f32; 2], eps: f32, weight_decay: f32 },
    /// [`AdamW`].
    AdamW { betas: [f32; 2], eps: f32, weight_decay: f32 },
}

/// A method and its hyperparameters, named as in `core`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of core's builders")]
pub enum MethodSpec {
    /// [`Plain`].
    Plain,
    /// [`Sam`].
    Sam { rho: Rate, eps: f32 },
    /// [`Rst`](flatmin::methods::Rst).
    Rst { rho: Rate, eps: f32, p: Rate },
    /// [`LpfSgd`].
    LpfSgd { gamma: Rate, scale: FilterScale, parts: u32 },
    /// [`LpfSgdResidual`](flatmin::methods::LpfSgdResidual).
    LpfSgdResidual { gamma: Rate, scale: FilterScale, parts: u32 },
}

impl OptimizerSpec {
    /// SGD with heavy-ball momentum and L2 decay.
    pub const fn momentum(momentum: f32, weight_decay: f32) -> Self {
        Self::Sgd { momentum: Some(momentum), dampening: 0.0, nesterov: false, weight_decay }
    }

    /// The name of its registry entry.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// One of each kind, for tests and parity runs over every optimizer.
    pub const SAMPLES: [Self; 5] = [
        Self::Sgd { momentum: None, dampening: 0.0, nesterov: false, weight_decay: 0.01 },
        Self::Sgd { momentum: Some(0.9), dampening: 0.1, nesterov: false, weight_decay: 0.01 },
        Self::Sgd { momentum: Some(0.9), dampening: 0.0, nesterov: true, weight_decay: 0.0 },
        Self::Adam { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 },
        Self::AdamW { betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0.05 },
    ];
}

impl MethodSpec {
    /// The name of its registry entry.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Sam { .. } => "sam",
            Self::Rst { .. } => "rst",
            Self::LpfSgd { .. } => "lpf_sgd",
            Self::LpfSgdResidual { .. } => "lpf_sgd_residual",
        }
    }

    /// Where it runs, as its registry entry says.
    pub fn on(&self) -> On {
        registry::find(self.name()).map_or(On::Any, |entry| entry.on)
    }

    /// One of each kind, with hyperparameters that matter, for tests and parity runs over every method.
    pub const SAMPLES: [Self; 6] = [
        Self::Plain,
        Self::Sam { rho: Rate::Constant(0.1), eps: 1e-12 },
        Self::Rst { rho: Rate::Constant(0.1), eps: 1e-12, p: Rate::Linear(Linear::rising_with_mean(0.5)) },
        Self::LpfSgd {
            gamma: Rate::Cosine(Cosine { from: 0.02, to: 0.3 }),
            scale: FilterScale::FilterRms,
            parts: 4,
        },
        Self::LpfSgd { gamma: Rate::Constant(0.05), scale: FilterScale::FilterNorm, parts: 1 },
        Self::LpfSgdResidual {
            gamma: Rate::Cosine(Cosine { from: 0.02, to: 0.3 }),
            scale: FilterScale::FilterRms,
            parts: 4,
        },
    ];

    /// The same method with its perturbation switched off.
    pub const fn off(self) -> Self {
        const NONE: Rate = Rate::Constant(0.0);
        match self {
            Self::Plain => Self::Plain,
            Self::Sam { eps, .. } => Self::Sam { rho: NONE, eps },
            Self::Rst { eps, p, .. } => Self::Rst { rho: NONE, eps, p },
            Self::LpfSgd { scale, parts, .. } => Self::LpfSgd { gamma: NONE, scale, parts },
            Self::LpfSgdResidual { scale, parts, .. } => Self::LpfSgdResidual { gamma: NONE, scale, parts },
        }
    }
}

impl Spec {
    /// A method over an optimizer, without a clip.
    pub const fn new(method: MethodSpec, optimizer: OptimizerSpec) -> Self {
        Self { method, optimizer, max_norm: None }
    }

    /// Every sample method over every sample optimizer.
    pub fn samples() -> impl Iterator<Item = Self> {
        MethodSpec::SAMPLES
            .into_iter()
            .flat_map(|method| OptimizerSpec::SAMPLES.map(|optimizer| Self::new(method, optimizer)))
    }

    /// Method and optimizer, such as `sam+adam`.
    pub fn name(&self) -> String<64> {
        let mut name = String::new();
        // Names of the registry are short; a longer one would be cut.
        let _ = fmt::write(&mut name, format_args!("{self}"));
        name
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.method.name(), self.optimizer.name())?;
        if self.max_norm.is_some() { f.write_str("+clipped") } else { Ok(()) }
    }
}

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
    build::<Skips, _, _, _, _, _, _>(spec, anchor, parts, receive)
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
    build::<ClimbsByNothing, _, _, _, _, _, _>(spec, anchor, parts, receive)
}

/// A radius behind a coin: 0 where the coin says no. SAM with it takes the steps of RST, since SAM with a radius of 0 is its
/// base optimizer bit for bit (as long as the square of a gradient does not overflow).
#[derive(Clone, Copy, Debug)]
pub struct Tossed<C> {
    rho: Rate,
    p: Rate,
    coin: C,
}

impl<C: Coin + Copy> Schedule for Tossed<C> {
    fn at(&self, step: u32, total: u32) -> f32 {
        let mut coin = self.coin;
        let heads = coin.toss(self.p.at(step, total), step);
        if heads { self.rho.at(step, total) } else { 0.0 }
    }
}

/// What RST does where the coin says no.
trait Closed<B: Backend, C> {
    /// SAM behind the coin.
    fn gate<O, V, R>(toss: (Rate, Rate, C), sam: Sam<O, V>, receive: R) -> R::Output
    where
        O: Optimizer<B> + 'static,
        V: BorrowMut<B::Vector> + 'static,
        R: Receive<B>;
}

/// It takes one gradient.
struct Skips;

impl<B: Backend, C: Coin + 'static> Closed<B, C> for Skips {
    fn gate<O, V, R>((rho, p, coin): (Rate, Rate, C), sam: Sam<O, V>, receive: R) -> R::Output
    where
        O: Optimizer<B> + 'static,
        V: BorrowMut<B::Vector> + 'static,
        R: Receive<B>,
    {
        receive.receive(Gated::new(Bernoulli::new(0).p(p).coin(coin), sam.rho(rho)))
    }
}

/// It takes both, the second where the first was.
struct ClimbsByNothing;

impl<B: Backend, C: Coin + Copy + 'static> Closed<B, C> for ClimbsByNothing {
    fn gate<O, V, R>((rho, p, coin): (Rate, Rate, C), sam: Sam<O, V>, receive: R) -> R::Output
    where
        O: Optimizer<B> + 'static,
        V: BorrowMut<B::Vector> + 'static,
        R: Receive<B>,
    {
        receive.receive(sam.rho(Tossed { rho, p, coin }))
    }
}

fn build<F, B, V, Z, N, C, R>(
    spec: &Spec,
    anchor: Option<Anchor<V>>,
    mut parts: Parts<Z, N, C>,
    receive: R,
) -> R::Output
where
    F: Closed<B, C>,
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    R: Receive<B>,
{
    let n = params(parts.segments);
    match spec.optimizer {
        OptimizerSpec::Sgd { momentum: None, weight_decay, .. } => pull::<F, _, _, _, _, _, _, _>(
            spec,
            anchor,
            Sgd::new().weight_decay(weight_decay),
            parts,
            receive,
        ),
        OptimizerSpec::Sgd { momentum: Some(momentum), dampening, nesterov, weight_decay } => {
            let velocity = (parts.zeros)(n);
            let sgd = Sgd::new().weight_decay(weight_decay).momentum(momentum, velocity).dampening(dampening);
            pull::<F, _, _, _, _, _, _, _>(
                spec,
                anchor,
                if nesterov { sgd.nesterov() } else { sgd },
                parts,
                receive,
            )
        }
        OptimizerSpec::Adam { betas: [beta1, beta2], eps, weight_decay } => {
            let [m, v] = [(parts.zeros)(n), (parts.zeros)(n)];
            let adam = Adam::new(m, v).betas(beta1, beta2).eps(eps).weight_decay(weight_decay);
            pull::<F, _, _, _, _, _, _, _>(spec, anchor, adam, parts, receive)
        }
        OptimizerSpec::AdamW { betas: [beta1, beta2], eps, weight_decay } => {
            let [m, v] = [(parts.zeros)(n), (parts.zeros)(n)];
            let adam = AdamW::new(m, v).betas(beta1, beta2).eps(eps).weight_decay(weight_decay);
            pull::<F, _, _, _, _, _, _, _>(spec, anchor, adam, parts, receive)
        }
    }
}

fn pull<F, B, V, Z, N, C, O, R>(
    spec: &Spec,
    anchor: Option<Anchor<V>>,
    base: O,
    parts: Parts<Z, N, C>,
    receive: R,
) -> R::Output
where
    F: Closed<B, C>,
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    O: Optimizer<B> + 'static,
    R: Receive<B>,
{
    match anchor {
        None => clip::<F, _, _, _, _, _, _, _>(spec, base, parts, receive),
        Some(Anchor { factory, strengths }) => clip::<F, _, _, _, _, _, _, _>(
            spec,
            Anchored::new(factory, parts.segments, strengths, base),
            parts,
            receive,
        ),
    }
}

fn clip<F, B, V, Z, N, C, O, R>(spec: &Spec, base: O, parts: Parts<Z, N, C>, receive: R) -> R::Output
where
    F: Closed<B, C>,
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    O: Optimizer<B> + 'static,
    R: Receive<B>,
{
    match spec.max_norm {
        None => perturb::<F, _, _, _, _, _, _, _>(spec, base, parts, receive),
        Some(max_norm) => {
            perturb::<F, _, _, _, _, _, _, _>(spec, Clipped::new(max_norm, base), parts, receive)
        }
    }
}

fn perturb<F, B, V, Z, N, C, O, R>(spec: &Spec, base: O, mut parts: Parts<Z, N, C>, receive: R) -> R::Output
where
    F: Closed<B, C>,
    B: Backend,
    V: BorrowMut<B::Vector> + 'static,
    Z: FnMut(usize) -> V,
    N: Noise<B> + 'static,
    C: Coin + 'static,
    O: Optimizer<B> + 'static,
    R: Receive<B>,
{
    let n = params(parts.segments);
    match spec.method {
        MethodSpec::Plain => receive.receive(Plain::new(base)),
        MethodSpec::Sam { rho, eps } => receive.receive(Sam::new(base, (parts.zeros)(n)).rho(rho).eps(eps)),
        MethodSpec::Rst { rho, eps, p } => {
            let sam = Sam::new(base, (parts.zeros)(n)).eps(eps);
            F::gate((rho, p, parts.coin), sam, receive)
        }
        MethodSpec::LpfSgd { gamma, scale, parts: count } => {
            let [saved, sq_norms] = [(parts.zeros)(n), (parts.zeros)(filters(parts.segments))];
            let method = LpfSgd::new(base, parts.segments, saved, sq_norms, 0);
            receive.receive(method.gamma(gamma, scale).parts(count).noise(parts.noise))
        }
        MethodSpec::LpfSgdResidual { gamma, scale, parts: count } => {
            let [kept, sq_norms] = [(parts.zeros)(usual_len(n)), (parts.zeros)(filters(parts.segments))];
            let method = LpfSgd::new(base, parts.segments, kept, sq_norms, 0).residual();
            receive.receive(method.gamma(gamma, scale).parts(count).noise(parts.noise))
        }
    }
}
