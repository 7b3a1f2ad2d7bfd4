//! The methods, each with its state: what a training run is made of beside weights and gradient.

use crate::net::{Model, Vector};
use core::borrow::BorrowMut;
use flatmin::backend::{Isa, Sliced};
use flatmin::method::Method;
use flatmin::methods::{self, FilterScale, LpfSgd};
use flatmin::optimizers::Sgd;
use flatmin::schedule::Schedule;

const MOMENTUM: f32 = 0.9;
const RHO: f32 = 0.15;
const NOISE: Rising = Rising { from: 0.3 / 16.0, to: 0.3 };

/// A method and its state. One that needs less memory is one more implementation.
pub trait Tuner<N: Model>: 'static {
    /// Its name.
    const NAME: &'static str;
    /// The state of a method that has not begun.
    const NEW: Self;

    /// The method before its first step; its noise is that of `seed`.
    fn method<B: Isa>(&mut self, seed: u64) -> impl Method<Sliced<B>> + '_;
}

/// SGD with momentum.
#[derive(Debug)]
pub struct Plain<N: Model> {
    velocity: N::Weights,
}

impl<N: Model> Tuner<N> for Plain<N> {
    const NAME: &'static str = "plain";
    const NEW: Self = Self { velocity: Vector::ZEROS };

    fn method<B: Isa>(&mut self, _: u64) -> impl Method<Sliced<B>> + '_ {
        methods::Plain::new(Sgd::new().momentum(MOMENTUM, zeroed(&mut self.velocity)))
    }
}

/// SAM over it.
#[derive(Debug)]
pub struct Sam<N: Model> {
    velocity: N::Weights,
    saved: N::Weights,
}

impl<N: Model> Tuner<N> for Sam<N> {
    const NAME: &'static str = "sam";
    const NEW: Self = Self { velocity: Vector::ZEROS, saved: Vector::ZEROS };

    fn method<B: Isa>(&mut self, _: u64) -> impl Method<Sliced<B>> + '_ {
        let base = Sgd::new().momentum(MOMENTUM, zeroed(&mut self.velocity));
        methods::Sam::new(base, self.saved.borrow_mut()).rho(RHO)
    }
}

/// LPF-SGD over it.
#[derive(Debug)]
pub struct Lpf<N: Model> {
    velocity: N::Weights,
    saved: N::Weights,
    sq_norms: N::Filters,
}

impl<N: Model> Tuner<N> for Lpf<N> {
    const NAME: &'static str = "lpf";
    const NEW: Self = Self { velocity: Vector::ZEROS, saved: Vector::ZEROS, sq_norms: Vector::ZEROS };

    fn method<B: Isa>(&mut self, seed: u64) -> impl Method<Sliced<B>> + '_ {
        let base = Sgd::new().momentum(MOMENTUM, zeroed(&mut self.velocity));
        LpfSgd::new(base, N::LAYOUT, self.saved.borrow_mut(), self.sq_norms.borrow_mut(), seed)
            .gamma(NOISE, FilterScale::FilterRms)
    }
}

/// [`Lpf`] with its bits, without a copy of the weights: for less memory, noise is drawn twice.
#[derive(Debug)]
pub struct LpfResidual<N: Model> {
    velocity: N::Weights,
    residual: N::Residual,
    sq_norms: N::Filters,
}

impl<N: Model> Tuner<N> for LpfResidual<N> {
    const NAME: &'static str = "lpf";
    const NEW: Self = Self { velocity: Vector::ZEROS, residual: Vector::ZEROS, sq_norms: Vector::ZEROS };

    fn method<B: Isa>(&mut self, seed: u64) -> impl Method<Sliced<B>> + '_ {
        let base = Sgd::new().momentum(MOMENTUM, zeroed(&mut self.velocity));
        LpfSgd::new(base, N::LAYOUT, self.residual.borrow_mut(), self.sq_norms.borrow_mut(), seed)
            .gamma(NOISE, FilterScale::FilterRms)
            .residual()
    }
}

/// `from + (to - from) t^2 (3 - 2 t)`: half a cosine but for a hundredth, without the 2.7 KB of a cosine in flash.
#[derive(Clone, Copy, Debug)]
pub struct Rising {
    /// Value at the first step.
    pub from: f32,
    /// Value after the last.
    pub to: f32,
}

impl Schedule for Rising {
    fn at(&self, step: u32, total: u32) -> f32 {
        let t = if step < total { step as f32 / total as f32 } else { 1.0 };
        self.from + (self.to - self.from) * (t * t * (3.0 - 2.0 * t))
    }
}

fn zeroed<V: Vector>(v: &mut V) -> &mut [f32] {
    let v = v.borrow_mut();
    v.fill(0.0);
    v
}
