//! Textbook implementations in f64, one file a method, written from the papers' formulas and nothing else.
//!
//! They share no code with the crate they check. They are slow and plain on purpose: a reader compares each with its
//! formula at a glance.

mod adam;
mod adamw;
mod ema;
mod lpf_sgd;
mod plain;
mod rst;
mod runner;
mod sam;
mod sgd;
mod swa;

pub use adam::Adam;
pub use adamw::AdamW;
pub use ema::Ema;
pub use lpf_sgd::{LpfSgd, filter_norm_sigma};
pub use plain::Plain;
pub use rst::Rst;
pub use runner::Reference;
pub use sam::{Sam, perturbed};
pub use sgd::Sgd;
pub use swa::Swa;

use crate::replay::problem::Part;

/// Loss and gradient at some weights, on a part of the step's batch.
pub type Objective<'a> = dyn FnMut(&[f64], Part) -> (f64, Vec<f64>) + 'a;

/// Moves the weights, given a gradient.
pub trait Optimizer {
    /// One update of `w` with gradient `g`.
    fn update(&mut self, w: &mut [f64], g: &[f64]);
}

/// Asks for gradients where it wants them, and hands one direction to the base optimizer.
pub trait Method {
    /// One whole step.
    fn step(&mut self, w: &mut [f64], base: &mut dyn Optimizer, objective: &mut Objective<'_>);
}

/// Remembers the trajectory.
pub trait Average {
    /// Takes the weights in.
    fn collect(&mut self, w: &[f64]);

    /// The average; `None` before the first collection.
    fn mean(&self) -> Option<&[f64]>;

    /// How many weights were taken in.
    fn count(&self) -> usize;
}

#[cfg(test)]
mod tests;
