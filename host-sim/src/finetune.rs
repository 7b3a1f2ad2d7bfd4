//! The main job: personalise a model for every person in turn, once with every method, and say what each method bought.
//!
//! This file is the interface between the experiment (`finetune/`), the command line and the reports: what is asked
//! for ([`Settings`]), what comes out ([`Row`]), and who is told how far it is ([`Progress`]).

mod arms;
mod base;
mod corpus;
mod error;
mod labels;
mod parallel;
mod plan;
mod seeds;
mod split;
mod tuned;
mod user;

pub(crate) use arms::lpf;
pub(crate) use base::{Base, pretraining};
pub(crate) use corpus::Corpus;
pub use error::Error;
pub(crate) use labels::corrupt;
pub(crate) use parallel::in_order;
pub(crate) use seeds::{Purpose, seed};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A personalisation task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// A writer whose camera is turned by 25 degrees.
    Turned,
    /// A new writer, upright.
    Digits,
    /// A new person's wrist.
    Spar,
}

/// An arm of the experiment: a row of the printed table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Arm {
    /// SGD with momentum.
    #[serde(rename = "sgd")]
    Sgd,
    /// SGD with twice the epochs: the compute of SAM.
    #[serde(rename = "sgd-2x")]
    Sgd2x,
    /// SGD with weight decay 1e-2 (not tuned).
    #[serde(rename = "sgd-wd")]
    SgdWd,
    /// AdamW.
    #[serde(rename = "adam")]
    Adam,
    /// SAM over SGD.
    #[serde(rename = "sam")]
    Sam,
    /// LPF-SGD.
    #[serde(rename = "lpf")]
    Lpf,
    /// SAM behind a coin.
    #[serde(rename = "rst")]
    Rst,
    /// SGD, exponential average of the weights.
    #[serde(rename = "ema")]
    Ema,
    /// SGD, equal-weight average of late weights.
    #[serde(rename = "swa")]
    Swa,
    /// SAM, equal-weight average of late weights.
    #[serde(rename = "sam+swa")]
    SamSwa,
}

/// What is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every weight.
    #[default]
    All,
    /// The last layer.
    Last,
    /// Every bias.
    Bias,
}

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Tasks, in the order they are shown.
    pub tasks: Vec<Task>,
    /// Arms, in the order they are shown.
    pub arms: Vec<Arm>,
    /// Only this person (or writer block); everyone if `None`.
    pub person: Option<u8>,
    /// Independent repetitions, numbered from 0.
    pub seeds: u32,
    /// Learning rate of every arm instead of the tuned ones.
    pub lr: Option<f32>,
    /// Share of the user's labels that are wrong, in [0, 1].
    pub noise: f32,
    /// What is trained.
    pub scope: Scope,
    /// Stored old samples per labelled one; `None`: every arm without, and sgd and sam also with 1.
    pub replay: Option<u32>,
    /// A TDS file instead of the embedded data.
    pub data: Option<PathBuf>,
    /// Worker threads; 0 for one a core. Results do not depend on it.
    pub threads: usize,
}

/// One run: a (task, person, seed, arm, replay).
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
    /// Learning rate.
    pub lr: f32,
    /// New user's test accuracy before fine-tuning, in [0, 1].
    pub new_before: f64,
    /// The same after.
    pub new_after: f64,
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
    /// The labelled samples' loss is not finite or the model answers one class: training diverged.
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
    /// State and scratch of method, optimizer and average.
    pub state: usize,
    /// Activations and one input sample.
    pub activations: usize,
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

/// Who is told how far a long piece of work has come. Calls come from several threads.
pub trait Progress: Sync {
    /// `total` units of `what` begin.
    fn begin(&self, what: &str, total: u64);
    /// One more unit is done.
    fn advance(&self);
    /// The work that began last is over.
    fn end(&self);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self) {}
    fn end(&self) {}
}

/// Personalises for every person in turn with every arm.
///
/// Base models are trained once a (network, person, seed). All arms of a person see the same labelled samples, the same
/// wrong labels and the same order of samples. Rows come by task, person, seed, then arms without and with replay; all
/// but [`Row::seconds`] are the same for every number of threads.
///
/// # Errors
/// When a setting is out of range, or the data cannot be had or do not fit the tasks. A run that diverges is no error:
/// see [`Row::diverged`].
pub fn run(settings: &Settings, progress: &dyn Progress) -> Result<Vec<Row>, Error> {
    plan::check(settings)?;
    let corpora = corpus::of_settings(settings)?;
    let jobs = plan::jobs(settings, &corpora)?;
    let bases = base::all(&jobs, settings.threads, progress)?;
    in_order(settings.threads, progress, "fine-tuning runs", &jobs, |job| {
        user::run(job, &bases[&job.base()], settings)
    })
}
