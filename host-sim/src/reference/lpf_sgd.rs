//! LPF-SGD (Bisla et al. 2022): the batch in M parts, each part's gradient taken at its own noise, their mean handed to
//! the base optimizer at the clean weights.

use super::{Method, Objective, Optimizer};
use crate::replay::golden::Tensor;
use crate::replay::problem::Part;
use crate::replay::recipe;

/// LPF-SGD on recorded noise.
#[derive(Debug, Clone)]
pub struct LpfSgd {
    noise: std::vec::IntoIter<Vec<Vec<f64>>>,
}

impl LpfSgd {
    /// The noise is used up one step at a time; after the last, there is none.
    pub fn new(of: recipe::LpfSgd) -> Self {
        LpfSgd { noise: of.noise.into_iter() }
    }
}

impl Method for LpfSgd {
    fn step(&mut self, w: &mut [f64], base: &mut dyn Optimizer, objective: &mut Objective<'_>) {
        let noise = self.noise.next().unwrap_or_else(|| vec![vec![0.0; w.len()]]);
        let of = noise.len();
        let mut mean = vec![0.0; w.len()];
        for (index, noise) in noise.iter().enumerate() {
            let point: Vec<f64> = w.iter().zip(noise).map(|(w, t)| w + t).collect();
            let (_, g) = objective(&point, Part::Of { index, of });
            mean.iter_mut().zip(&g).for_each(|(mean, g)| *mean += g / of as f64);
        }
        base.update(w, &mean);
    }
}

/// What is added to the norm of a tensor with one axis.
const ONE_AXIS_EPS: f64 = 1e-16;

/// The std of every filter's noise (`FilterNorm`): `std |row|` for each row of a tensor with several axes,
/// `std (|tensor| + 1e-16)` for a tensor with one.
pub fn filter_norm_sigma(std: f64, layout: &[Tensor], w: &[f64]) -> Vec<f64> {
    let norm = |row: &[f64]| row.iter().map(|w| w * w).sum::<f64>().sqrt();
    let sigmas = |tensor: &Tensor| -> Vec<f64> {
        let values = &w[tensor.offset..][..tensor.len];
        if tensor.shape.len() > 1 {
            values.chunks(tensor.len / tensor.filters()).map(|row| std * norm(row)).collect()
        } else {
            vec![std * (norm(values) + ONE_AXIS_EPS)]
        }
    };
    layout.iter().flat_map(sigmas).collect()
}
