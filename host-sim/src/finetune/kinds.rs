//! The words of an experiment: tasks, arms, scopes, guards, options.

use flatmin::tune::{Criterion, Rule};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// Who decides whether tuned weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guard {
    /// Nobody: they are.
    #[default]
    Off,
    /// A quarter of the labelled samples and stored old ones, by accuracy; the best epoch.
    Accuracy,
    /// The same by loss.
    Loss,
    /// Every labelled sample is held out once, in one of two folds; all of them train for the best number of epochs.
    Cross,
    /// All labelled samples train, each as far as the factory model and one that never saw it believe its label; the
    /// method's average (the mean of the epochs' weights where it has none) is kept if it gets more of the labels right
    /// than the factory weights do.
    Trust,
}

/// Which question a run belongs to: a table of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Study {
    /// What does each method buy?
    #[default]
    Methods,
    /// What else keeps old users: an anchor, interpolation, distillation, a flat base model?
    Keeping,
    /// What do wrong labels cost, and what does a guard save?
    WrongLabels,
    /// What is forgotten when people come one after another? Its results are no rows: see
    /// [`sequence`](super::sequence).
    Sequence,
}

/// Which model is fine-tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BaseKind {
    /// That of a model blob.
    #[serde(rename = "file")]
    File,
    /// One that this method trained.
    #[serde(untagged)]
    Method(Arm),
}

impl Default for BaseKind {
    fn default() -> Self {
        Self::Method(Arm::Sgd)
    }
}

/// Which old samples are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// Any of each class.
    #[default]
    Random,
    /// Those whose mean, as the layers below the last one see them, is nearest to that of their class.
    Herding,
}

/// What a run does beside its method; part of every [`Row`](super::Row).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// The model that is fine-tuned.
    pub base: BaseKind,
    /// Share of the user's labels that are wrong, in [0, 1].
    pub noise: f32,
    /// What is trained.
    pub scope: Scope,
    /// Who decides whether tuned weights are kept.
    pub guard: Guard,
    /// Strength of the pull to the factory weights; 0 for none.
    pub anchor: f32,
    /// Whether the guard also chooses how far to go from the factory weights to the tuned ones.
    pub wise_ft: bool,
    /// Whether replayed samples are held by the factory model's answers instead of their labels.
    pub distil: bool,
    /// Which old samples are replayed; those of a blob were chosen when it was written.
    #[serde(default)]
    pub selection: Selection,
    /// By how much each set that a guard holds out may be worse than with the factory weights; any if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f32>,
    /// Epochs without a better one after which a guard stops; never if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// Whether what the frozen layers say of a sample is kept instead of computed anew: same bits, fewer
    /// multiply-accumulates, more memory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub features: bool,
}

impl Options {
    /// When a guard finds weights better than others.
    pub(super) fn rule(&self, criterion: Criterion) -> Rule {
        let rule = Rule { criterion, ..Rule::default() };
        let tolerance = self.tolerance.unwrap_or(rule.tolerance);
        Rule { tolerance, patience: self.patience.unwrap_or(rule.patience), ..rule }
    }
}
