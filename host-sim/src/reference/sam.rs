//! SAM (Foret et al. 2021): the gradient at `w + rho g / (|g| + eps)`, handed to the base optimizer at w.

use super::{Method, Objective, Optimizer};
use crate::replay::problem::Part;
use crate::replay::recipe;

/// SAM; it keeps nothing between steps.
#[derive(Debug, Clone, Copy)]
pub struct Sam(pub recipe::Sam);

impl Method for Sam {
    fn step(&mut self, w: &mut [f64], base: &mut dyn Optimizer, objective: &mut Objective<'_>) {
        let (_, g) = objective(w, Part::Whole);
        let (_, descent) = objective(&perturbed(self.0, w, &g), Part::Whole);
        base.update(w, &descent);
    }
}

/// The point the ascent leads to. A zero gradient leads nowhere.
pub fn perturbed(of: recipe::Sam, w: &[f64], g: &[f64]) -> Vec<f64> {
    let norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
    let scale = if norm == 0.0 { 0.0 } else { of.rho / (norm + of.eps) };
    w.iter().zip(g).map(|(w, g)| w + scale * g).collect()
}
