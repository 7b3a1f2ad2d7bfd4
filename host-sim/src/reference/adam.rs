//! Adam (Kingma & Ba 2015, Algorithm 1) with L2: `d = g + wd w`; `m = b1 m + (1 - b1) d`; `v = b2 v + (1 - b2) d^2`;
//! `w -= lr m^ / (sqrt(v^) + eps)` with `m^ = m / (1 - b1^t)`, `v^ = v / (1 - b2^t)`.

use super::Optimizer;
use crate::replay::recipe;

/// Adam and its moments.
#[derive(Debug, Clone)]
pub struct Adam {
    of: recipe::Adam,
    moments: Moments,
}

impl Adam {
    /// With zero moments.
    pub fn new(of: recipe::Adam) -> Self {
        Adam { of, moments: Moments::default() }
    }
}

impl Optimizer for Adam {
    fn update(&mut self, w: &mut [f64], g: &[f64]) {
        let d: Vec<f64> = g.iter().zip(&*w).map(|(g, w)| g + self.of.weight_decay * w).collect();
        for (w, step) in w.iter_mut().zip(self.moments.step(&self.of, &d)) {
            *w -= self.of.lr * step;
        }
    }
}

/// First and second moment, and the number of gradients seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    m: Vec<f64>,
    v: Vec<f64>,
    t: i32,
}

impl Moments {
    /// Takes a gradient in and returns `m^ / (sqrt(v^) + eps)`.
    pub(super) fn step(&mut self, of: &recipe::Adam, d: &[f64]) -> Vec<f64> {
        let recipe::Adam { beta1, beta2, eps, .. } = *of;
        self.m.resize(d.len(), 0.0);
        self.v.resize(d.len(), 0.0);
        self.t += 1;
        let (correct_m, correct_v) = (1.0 - beta1.powi(self.t), 1.0 - beta2.powi(self.t));
        let element = |((m, v), d): ((&mut f64, &mut f64), &f64)| {
            *m = beta1 * *m + (1.0 - beta1) * d;
            *v = beta2 * *v + (1.0 - beta2) * d * d;
            (*m / correct_m) / ((*v / correct_v).sqrt() + eps)
        };
        self.m.iter_mut().zip(&mut self.v).zip(d).map(element).collect()
    }
}
