//! The objectives of golden files, in f64: value and gradient at any weights, on a step's batch or on a part of it.

mod convnet;
mod logistic;
mod mlp;
mod quadratic;
mod samples;

use super::ReplayError;
use super::golden::{Golden, Tensor};
pub(super) use convnet::{Convnet, Shape};
use logistic::Logistic;
pub(super) use mlp::Activation;
use mlp::Mlp;
use quadratic::Quadratic;
use serde_json::Value;

/// Which samples of the step's batch an evaluation is taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    Whole,
    /// Rows `[index * B / of, (index + 1) * B / of)` of the batch's B rows.
    Of {
        /// Index of the part.
        index: usize,
        /// Number of parts.
        of: usize,
    },
}

impl Part {
    /// Into how many parts the batch is cut.
    pub fn of(self) -> usize {
        match self {
            Part::Whole => 1,
            Part::Of { of, .. } => of,
        }
    }
}

/// A loss and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The mean loss.
    pub loss: f64,
    /// Its gradient.
    pub grad: Vec<f64>,
}

/// An objective read from a golden file.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// `0.5 w'Hw - b'w`.
    Quadratic(Quadratic),
    /// Mean binary cross-entropy of a linear model.
    Logistic(Logistic),
    /// Mean softmax cross-entropy of a multi-layer perceptron.
    Mlp(Mlp),
    /// The same of a convolution and a linear layer.
    Convnet(Convnet),
}

impl Problem {
    /// Reads the problem of a file and checks that the file's layout fits it.
    ///
    /// # Errors
    /// Names the kind that is not supported, or the field that does not fit.
    pub fn of(golden: &Golden) -> Result<Self, ReplayError> {
        let json = &golden.problem;
        let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let (id, kind) = (text("id"), text("kind"));
        let refuse = |missing: String| ReplayError::Problem { id: id.clone(), kind: kind.clone(), missing };
        let problem = match kind.as_str() {
            "quadratic" => Quadratic::read(json).map(Problem::Quadratic),
            "logistic" => Logistic::read(json).map(Problem::Logistic),
            "mlp" => Mlp::read(json).map(Problem::Mlp),
            "convnet" => Convnet::read(json).map(Problem::Convnet),
            "mlp_layernorm" => Err("layer normalisation is not implemented".into()),
            _ => Err("this kind is unknown; quadratic, logistic, mlp and convnet are implemented".into()),
        };
        let problem = problem.map_err(refuse)?;
        problem.check_shapes(&golden.layout).map_err(refuse)?;
        check_batches(&problem, golden)?;
        Ok(problem)
    }

    /// Loss and gradient at `w`, on `part` of the batch of step `step` (1-based).
    ///
    /// A quadratic has no samples: every part of it is the whole.
    ///
    /// # Panics
    /// When `w` does not have the length of the layout, or `step` is 0.
    pub fn evaluate(&self, step: usize, part: Part, w: &[f64]) -> Evaluated {
        match self {
            Problem::Quadratic(quadratic) => quadratic.evaluate(w),
            Problem::Logistic(logistic) => logistic.evaluate(&logistic.samples.rows(step, part), w),
            Problem::Mlp(mlp) => mlp.evaluate(&mlp.samples.rows(step, part), w),
            Problem::Convnet(net) => net.evaluate(&net.samples.rows(step, part), w),
        }
    }

    /// The number of samples in the smallest batch; `None` where there are no samples.
    pub fn smallest_batch(&self) -> Option<usize> {
        self.samples().map(samples::Samples::smallest_batch)
    }

    fn samples(&self) -> Option<&samples::Samples> {
        match self {
            Problem::Quadratic(_) => None,
            Problem::Logistic(logistic) => Some(&logistic.samples),
            Problem::Mlp(mlp) => Some(&mlp.samples),
            Problem::Convnet(net) => Some(&net.samples),
        }
    }

    /// A quadratic takes any split of its vector; the others need their own tensors, in order.
    fn check_shapes(&self, layout: &[Tensor]) -> Result<(), String> {
        let found: Vec<&[usize]> = layout.iter().map(|tensor| &tensor.shape[..]).collect();
        let needed = match self {
            Problem::Quadratic(quadratic) => {
                let len: usize = layout.iter().map(|tensor| tensor.len).sum();
                return if len == quadratic.dim() {
                    Ok(())
                } else {
                    Err(mismatch(&[vec![quadratic.dim()]], &found))
                };
            }
            Problem::Logistic(logistic) => logistic.shapes(),
            Problem::Mlp(mlp) => mlp.shapes(),
            Problem::Convnet(net) => net.shapes(),
        };
        if needed.iter().eq(found.iter().copied()) { Ok(()) } else { Err(mismatch(&needed, &found)) }
    }
}

fn mismatch(needed: &[Vec<usize>], found: &[&[usize]]) -> String {
    format!("its weights have shapes {needed:?}, the layout has {found:?}")
}

/// The recorded batch indices must be the ones that cycling gives.
fn check_batches(problem: &Problem, golden: &Golden) -> Result<(), ReplayError> {
    let count = problem.samples().map_or(1, samples::Samples::batch_count);
    for step in &golden.steps {
        let cycled = (step.step - 1) % count;
        if let Some(batch) = step.batch.filter(|&batch| batch != cycled) {
            return Err(ReplayError::Inconsistent {
                place: format!("step {}", step.step),
                problem: format!("batch {batch} is recorded, cycling through {count} gives {cycled}"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
