//! What RST does where its gate stays closed: leave a gradient out, or, as a replica beside others, climb by nothing.

use super::{Rate, Receive};
use core::borrow::BorrowMut;
use flatmin::backend::Backend;
use flatmin::gate::Gated;
use flatmin::gates::{Bernoulli, Coin};
use flatmin::methods::Sam;
use flatmin::optimizer::Optimizer;
use flatmin::schedule::Schedule;

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
pub(super) trait Closed<B: Backend, C> {
    /// SAM behind the coin.
    fn gate<O, V, R>(toss: (Rate, Rate, C), sam: Sam<O, V>, receive: R) -> R::Output
    where
        O: Optimizer<B> + 'static,
        V: BorrowMut<B::Vector> + 'static,
        R: Receive<B>;
}

/// It takes one gradient.
pub(super) struct Skips;

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
pub(super) struct ClimbsByNothing;

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
