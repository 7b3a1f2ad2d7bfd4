//! AdamW (Loshchilov & Hutter 2019, Algorithm 2): Adam's step of the bare gradient, and `w -= lr wd w` beside it, with
//! w from before the step.

use super::Optimizer;
use super::adam::Moments;
use crate::replay::recipe;

/// AdamW and its moments.
#[derive(Debug, Clone)]
pub struct AdamW {
    of: recipe::Adam,
    moments: Moments,
}

impl AdamW {
    /// With zero moments.
    pub fn new(of: recipe::Adam) -> Self {
        AdamW { of, moments: Moments::default() }
    }
}

impl Optimizer for AdamW {
    fn update(&mut self, w: &mut [f64], g: &[f64]) {
        for (w, step) in w.iter_mut().zip(self.moments.step(&self.of, g)) {
            *w -= self.of.lr * (step + self.of.weight_decay * *w);
        }
    }
}
