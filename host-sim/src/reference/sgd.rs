//! SGD: `d = g + wd w`; `v = momentum v + (1 - dampening) d`, at the first step `v = d`; `w -= lr v`, or with Nesterov
//! `w -= lr (d + momentum v)`.

use super::Optimizer;
use crate::replay::recipe;

/// SGD and its velocity.
#[derive(Debug, Clone)]
pub struct Sgd {
    of: recipe::Sgd,
    velocity: Option<Vec<f64>>,
}

impl Sgd {
    /// At rest.
    pub fn new(of: recipe::Sgd) -> Self {
        Sgd { of, velocity: None }
    }
}

impl Optimizer for Sgd {
    fn update(&mut self, w: &mut [f64], g: &[f64]) {
        let recipe::Sgd { lr, momentum, dampening, nesterov, weight_decay } = self.of;
        let d: Vec<f64> = g.iter().zip(&*w).map(|(g, w)| g + weight_decay * w).collect();
        let v = match self.velocity.take() {
            None => d.clone(),
            Some(v) => v.iter().zip(&d).map(|(v, d)| momentum * v + (1.0 - dampening) * d).collect(),
        };
        for ((w, d), v) in w.iter_mut().zip(&d).zip(&v) {
            *w -= lr
                * match (momentum == 0.0, nesterov) {
                    (true, _) => *d,
                    (false, false) => *v,
                    (false, true) => d + momentum * v,
                };
        }
        self.velocity = Some(v);
    }
}
