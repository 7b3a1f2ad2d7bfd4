//! What came out of a run.

use super::{Arm, Options, Study, Task};
use flatmin::bill::Bill;
use serde::{Deserialize, Serialize};

/// One run: a (study, task, person, seed, arm, replay, options).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The task.
    pub task: Task,
    /// The person (or writer block) that was left out of the base model.
    pub person: u8,
    /// The repetition.
    pub seed: u32,
    /// The arm.
    pub method: Arm,
    /// Stored old samples per labelled one.
    pub replay: u32,
    /// The table that it belongs to.
    pub study: Study,
    /// What else it did.
    #[serde(flatten)]
    pub options: Options,
    /// Learning rate.
    pub lr: f32,
    /// New user's test accuracy before fine-tuning, in [0, 1].
    pub new_before: f64,
    /// The same after.
    pub new_after: f64,
    /// The new user is worse off by more than a point.
    pub harmed: bool,
    /// The guard put the factory weights back.
    pub rolled_back: bool,
    /// The epoch whose weights the guard kept; none without a guard, and when it rolled back.
    pub kept: Option<u32>,
    /// How far Wise-FT went towards the tuned weights, in [0, 1]; none without it.
    pub alpha: Option<f32>,
    /// Old users' test accuracy before, in [0, 1].
    pub old_before: f64,
    /// The same after.
    pub old_after: f64,
    /// Accuracy on the labelled samples after, in [0, 1].
    pub train_after: f64,
    /// Gradients of single samples that were evaluated.
    pub gradients: u64,
    /// Multiply-accumulates of those gradients.
    pub macs: u64,
    /// RAM that the same run needs on a device, in bytes.
    pub ram: Ram,
    /// A loss was not finite or exploded, or the model guesses where the factory model did not: training diverged. With a
    /// guard the factory weights are then in place again (`rolled_back`), and the user's model is not one that diverged.
    pub diverged: bool,
    /// One point an epoch, the first before training.
    pub curve: Vec<Point>,
    /// Wall time of the fine-tuning in seconds; the only field that differs from run to run.
    pub seconds: f64,
}

/// RAM of a fine-tuning run on a device, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ram {
    /// Trainable weights.
    pub weights: usize,
    /// Their gradient.
    pub gradient: usize,
    /// State and scratch of method, optimizer, average and guard, and features that are kept.
    pub state: usize,
    /// Activations and one input sample.
    pub activations: usize,
}

/// The parts of a bill that a table has room for.
impl From<Bill> for Ram {
    fn from(bill: Bill) -> Self {
        let (weights, gradient) = (bill.weights, bill.gradient);
        let activations = bill.activations + bill.input;
        Self { weights, gradient, activations, state: bill.total() - weights - gradient - activations }
    }
}

impl Ram {
    /// All of it.
    pub const fn total(&self) -> usize {
        self.weights + self.gradient + self.state + self.activations
    }
}

/// A point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Epochs done.
    pub epoch: u32,
    /// New user's test accuracy.
    pub new: f64,
    /// Old users' test accuracy.
    pub old: f64,
}

/// The new user is harmed when the accuracy falls by more than this.
pub const HARM: f64 = 0.01;
