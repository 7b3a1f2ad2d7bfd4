use crate::backend::Backend;
use crate::error::{Error, require};
use crate::gate::Gate;
use crate::method::Clock;
use crate::rng::{self, Key, Seed, Stream};
use crate::schedule::Schedule;
use crate::state::{Cost, State};

/// Where coins come from: a seed, or a recorded sequence.
pub trait Coin {
    /// Whether the coin of step `step`, which falls on heads with probability `p`, does so. The same step gives the
    /// same answer however often it is asked.
    fn toss(&mut self, p: f32, step: u32) -> bool;
}

impl Coin for Seed {
    fn toss(&mut self, p: f32, step: u32) -> bool {
        let key = Key::new(self.0, Stream::Coin, step);
        let [word, ..] = rng::philox([0, 0, key.step, key.stream], [key.seed_low, key.seed_high]);
        rng::unit(word) < p
    }
}

/// Opens with probability `p`, independently at every step.
///
/// ```text
/// open at step t  iff  U_t < p(t),   U_t uniform in [0, 1)
/// ```
///
/// **Source**: RST (Zhao et al. 2022) and SS-SAM. **Cost**: no vector; `p` of the method's extra gradients.
/// **Default**: p = 1/2. [`Linear::rising_with_mean`](crate::schedule::Linear::rising_with_mean) is RST's linear schedule.
#[derive(Clone, Copy, Debug)]
pub struct Bernoulli<P = f32, C = Seed> {
    p: P,
    coin: C,
}

impl Bernoulli {
    /// A fair coin.
    pub const fn new(seed: u64) -> Self {
        Self { p: 0.5, coin: Seed(seed) }
    }
}

impl<P, C> Bernoulli<P, C> {
    /// Probability of opening, in `[0, 1]`.
    pub fn p<Q>(self, p: Q) -> Bernoulli<Q, C> {
        Bernoulli { p, coin: self.coin }
    }

    /// Coins from elsewhere.
    pub fn coin<D>(self, coin: D) -> Bernoulli<P, D> {
        Bernoulli { p: self.p, coin }
    }
}

impl<B: Backend, P: Schedule, C: Coin> State<B> for Bernoulli<P, C> {
    const COST: Cost = Cost::NONE;
    type Scalars = ();
    fn scalars(&self) {}
    fn set_scalars(&mut self, (): ()) {}
    fn visit(&self, _: &mut impl FnMut(&B::Vector)) {}
    fn visit_mut(&mut self, _: &mut impl FnMut(&mut B::Vector)) {}
}

impl<B: Backend, P: Schedule, C: Coin> Gate<B> for Bernoulli<P, C> {
    const NAME: &'static str = "bernoulli";

    fn opens(&mut self, clock: &Clock) -> Result<bool, Error> {
        let p = self.p.at(clock.step, clock.total);
        require((0.0..=1.0).contains(&p), "p", p)?;
        Ok(self.coin.toss(p, clock.step))
    }
}
