//! What runs a case: the textbook reference in f64, or the crate itself in f32.

use super::ReplayError;
use super::golden::Tensor;
use super::problem::{Part, Problem};
use super::recipe::Recipe;

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The composition.
    pub recipe: &'a Recipe,
    /// The objective.
    pub problem: &'a Problem,
    /// The tensors of the weight vector.
    pub layout: &'a [Tensor],
    /// The weights before step 1; exact in f32 too.
    pub w0: &'a [f64],
    /// How many steps.
    pub steps: usize,
}

/// One evaluation that the method asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The weights it was taken at.
    pub point: Vec<f64>,
    /// The part of the step's batch.
    pub part: Part,
    /// The mean loss of that part.
    pub loss: f64,
}

/// What a step left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Every evaluation, in order.
    pub asked: Vec<Asked>,
    /// The weights after the step.
    pub w: Vec<f64>,
    /// The average after the step, once it holds something.
    pub w_avg: Option<Vec<f64>>,
    /// How many weights it holds.
    pub n_averaged: usize,
}

/// One [`Moment`] a step.
pub type Trajectory = Vec<Moment>;

/// Runs tasks in one precision. Weights cross this border as f64, in which every f32 is exact.
pub trait Runner {
    /// The whole trajectory.
    ///
    /// # Errors
    /// When the runner does not know the recipe, or a step fails.
    fn run(&self, task: &Task<'_>) -> Result<Trajectory, ReplayError>;

    /// Where the method's ascent leads from `w` with gradient `grad`; `None` for a method without one.
    ///
    /// # Errors
    /// When the runner does not know the recipe.
    fn ascend(&self, task: &Task<'_>, w: &[f64], grad: &[f64]) -> Result<Option<Vec<f64>>, ReplayError>;
}

/// The runners there are.
#[derive(Clone, Copy)]
pub struct Runners<'a> {
    /// Runs float64 files.
    pub f64: &'a dyn Runner,
    /// Runs float32 files.
    pub f32: &'a dyn Runner,
}
