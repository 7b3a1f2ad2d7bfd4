//! The plain step: the gradient at the weights, on the whole batch.

use super::{Method, Objective, Optimizer};
use crate::replay::problem::Part;

/// No method at all.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Method for Plain {
    fn step(&mut self, w: &mut [f64], base: &mut dyn Optimizer, objective: &mut Objective<'_>) {
        let (_, g) = objective(w, Part::Whole);
        base.update(w, &g);
    }
}
