//! A golden/1 file: one recorded trajectory of a third-party optimizer, read strictly.
//!
//! Every float of a float32 file stands there twice, as a decimal and as its bits in hex; both must be the same number.
//! Every vector must fit the layout. Keys that nobody reads are kept in [`Golden::unread`], and fail the case later.

mod number;
mod raw;

use super::ReplayError;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// The precision a file was recorded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// float64: decimals that round-trip.
    F64,
    /// float32: decimals with `_hex` siblings.
    F32,
}

/// What a tensor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A matrix, filter or plain vector of weights.
    Weight,
    /// A bias.
    Bias,
    /// Scale or shift of a normalisation.
    Norm,
}

/// One tensor of the flat weight vector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Its name in the library.
    pub name: String,
    /// Its shape, rows first.
    pub shape: Vec<usize>,
    /// What it is for.
    pub kind: Kind,
    /// Where it starts in the flat vector.
    pub offset: usize,
    /// How many elements it has.
    pub len: usize,
}

impl Tensor {
    /// Its filters: the rows of axis 0, or the whole tensor if it has one axis only.
    pub fn filters(&self) -> usize {
        if self.shape.len() > 1 { self.shape[0] } else { 1 }
    }
}

/// Where the library asked for a gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// At the weights before the step.
    W,
    /// Elsewhere.
    Perturbed,
}

/// One gradient evaluation of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Eval {
    /// The loss.
    pub loss: f64,
    /// The 2-norm of the gradient.
    pub grad_norm: f64,
    /// Where it was taken.
    pub at: At,
    /// The gradient, where recorded.
    pub grad: Option<Vec<f64>>,
    /// The weights it was taken at, where recorded.
    pub point: Option<Vec<f64>>,
}

/// One step of the trajectory.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// 1-based index.
    pub step: usize,
    /// Loss of the first evaluation.
    pub loss: f64,
    /// Index of the mini-batch, where there are several.
    pub batch: Option<usize>,
    /// Every evaluation, in order.
    pub evals: Vec<Eval>,
    /// Weights after the step, where recorded.
    pub w: Option<Vec<f64>>,
    /// Whether the average was updated after the step (averaging cases).
    pub averaged: Option<bool>,
    /// The average after the step, where recorded.
    pub w_avg: Option<Vec<f64>>,
    /// How many weights the average holds, where recorded.
    pub n_averaged: Option<usize>,
    /// Whether this was a SAM step (RST).
    pub sam_step: Option<bool>,
    /// The noise drawn for each part of the batch (LPF-SGD).
    pub noise: Vec<Vec<f64>>,
    /// The sigma of each filter given to the generator, part by part (LPF-SGD).
    pub sigma: Vec<Vec<f64>>,
}

/// A whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// Name of the case.
    pub case: String,
    /// The method as the file names it.
    pub method: String,
    /// The library that ran.
    pub library: String,
    /// Its version.
    pub library_version: String,
    /// Its function.
    pub function: String,
    /// The precision.
    pub dtype: Dtype,
    /// The objective, still as JSON; see [`super::problem::Problem::of`].
    pub problem: Value,
    /// The hyperparameters, still as JSON; see [`super::rules::resolve`].
    pub hyperparameters: Map<String, Value>,
    /// The tensors of the weight vector, in order and without gaps.
    pub layout: Vec<Tensor>,
    /// The weights before step 1.
    pub w0: Vec<f64>,
    /// The steps, from 1.
    pub steps: Vec<Step>,
    /// Remarks of the recorder.
    pub notes: Vec<String>,
    /// Keys of the file that no code reads.
    pub unread: Vec<String>,
}

impl Golden {
    /// Parses a file's text.
    ///
    /// # Errors
    /// Names the field that is malformed, has the wrong length, or disagrees with its hex.
    pub fn parse(text: &str) -> Result<Self, ReplayError> {
        raw::read(text)
    }

    /// Reads and parses a file.
    ///
    /// # Errors
    /// As [`Golden::parse`], and when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, ReplayError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ReplayError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// The weights before step `step` (1-based), where the file records them.
    pub fn w_before(&self, step: usize) -> Option<&[f64]> {
        match step {
            0 => None,
            1 => Some(&self.w0),
            _ => self.steps.get(step - 2)?.w.as_deref(),
        }
    }

    /// Whether recorded noise steers the trajectory, so that the two dtypes took different paths.
    pub fn has_noise(&self) -> bool {
        self.steps.iter().any(|step| !step.noise.is_empty())
    }
}

#[cfg(test)]
mod tests;
