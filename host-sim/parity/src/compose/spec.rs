//! Methods and optimizers with their hyperparameters, as values.

use core::fmt;
use flatmin::methods::FilterScale;
use flatmin::registry::{self, On};
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule};
use heapless::String;

/// A schedule chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// The same value at every step.
    Constant(f32),
    /// A straight line over the run.
    Linear(Linear),
    /// Half a cosine over the run.
    Cosine(Cosine),
    /// Half a cosine over a part of the run, then constant.
    Anneal(Anneal),
}

impl From<f32> for Rate {
    fn from(value: f32) -> Self {
        Self::Constant(value)
    }
}

impl Schedule for Rate {
    fn at(&self, step: u32, total: u32) -> f32 {
        match self {
            Self::Constant(value) => value.at(step, total),
            Self::Linear(line) => line.at(step, total),
            Self::Cosine(cosine) => cosine.at(step, total),
            Self::Anneal(anneal) => anneal.at(step, total),
        }
    }
}

/// Method, optimizer and their hyperparameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Where gradients are taken.
    pub method: MethodSpec,
    /// How to move with them.
    pub optimizer: OptimizerSpec,
    /// The longest gradient that reaches the optimizer.
    pub max_norm: Option<f32>,
}

/// A base optimizer and its hyperparameters, named as in `core`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of core's builders")]
pub enum OptimizerSpec {
    /// [`Sgd`](flatmin::optimizers::Sgd); a momentum of `None` needs no velocity.
    Sgd { momentum: Option<f32>, dampening: f32, nesterov: bool, weight_decay: f32 },
    /// [`Adam`](flatmin::optimizers::Adam).
    Adam { betas: [f32; 2], eps: f32, weight_decay: f32 },
    /// [`AdamW`](flatmin::optimizers::AdamW).
    AdamW { betas: [f32; 2], eps: f32, weight_decay: f32 },
}

/// A method and its hyperparameters, named as in `core`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of core's builders")]
pub enum MethodSpec {
    /// [`Plain`](flatmin::methods::Plain).
    Plain,
    /// [`Sam`](flatmin::methods::Sam).
    Sam { rho: Rate, eps: f32 },
    /// [`Rst`](flatmin::methods::Rst).
    Rst { rho: Rate, eps: f32, p: Rate },
    /// [`LpfSgd`](flatmin::methods::LpfSgd).
    LpfSgd { gamma: Rate, scale: FilterScale, parts: u16 },
    /// [`LpfSgdResidual`](flatmin::methods::LpfSgdResidual).
    LpfSgdResidual { gamma: Rate, scale: FilterScale, parts: u16 },
}

impl OptimizerSpec {
    /// SGD with heavy-ball momentum and L2 decay.
    pub const fn momentum(momentum: f32, weight_decay: f32) -> Self {
        Self::Sgd { momentum: Some(momentum), dampening: 0.0, nesterov: false, weight_decay }
    }

    /// The name of its registry entry.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// One of each kind, for tests and parity runs over every optimizer.
    pub const SAMPLES: [Self; 5] = [
        Self::Sgd { momentum: None, dampening: 0.0, nesterov: false, weight_decay: 0.01 },
        Self::Sgd { momentum: Some(0.9), dampening: 0.1, nesterov: false, weight_decay: 0.01 },
        Self::Sgd { momentum: Some(0.9), dampening: 0.0, nesterov: true, weight_decay: 0.0 },
        Self::Adam { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 },
        Self::AdamW { betas: [0.9, 0.99], eps: 1e-8, weight_decay: 0.05 },
    ];
}

impl MethodSpec {
    /// The name of its registry entry.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Sam { .. } => "sam",
            Self::Rst { .. } => "rst",
            Self::LpfSgd { .. } => "lpf_sgd",
            Self::LpfSgdResidual { .. } => "lpf_sgd_residual",
        }
    }

    /// Where it runs, as its registry entry says.
    pub fn on(&self) -> On {
        registry::find(self.name()).map_or(On::Any, |entry| entry.on)
    }

    /// One of each kind, with hyperparameters that matter, for tests and parity runs over every method.
    pub const SAMPLES: [Self; 6] = [
        Self::Plain,
        Self::Sam { rho: Rate::Constant(0.1), eps: 1e-12 },
        Self::Rst { rho: Rate::Constant(0.1), eps: 1e-12, p: Rate::Linear(Linear::rising_with_mean(0.5)) },
        Self::LpfSgd {
            gamma: Rate::Cosine(Cosine { from: 0.02, to: 0.3 }),
            scale: FilterScale::FilterRms,
            parts: 4,
        },
        Self::LpfSgd { gamma: Rate::Constant(0.05), scale: FilterScale::FilterNorm, parts: 1 },
        Self::LpfSgdResidual {
            gamma: Rate::Cosine(Cosine { from: 0.02, to: 0.3 }),
            scale: FilterScale::FilterRms,
            parts: 4,
        },
    ];

    /// The same method with its perturbation switched off.
    pub const fn off(self) -> Self {
        const NONE: Rate = Rate::Constant(0.0);
        match self {
            Self::Plain => Self::Plain,
            Self::Sam { eps, .. } => Self::Sam { rho: NONE, eps },
            Self::Rst { eps, p, .. } => Self::Rst { rho: NONE, eps, p },
            Self::LpfSgd { scale, parts, .. } => Self::LpfSgd { gamma: NONE, scale, parts },
            Self::LpfSgdResidual { scale, parts, .. } => Self::LpfSgdResidual { gamma: NONE, scale, parts },
        }
    }
}

impl Spec {
    /// A method over an optimizer, without a clip.
    pub const fn new(method: MethodSpec, optimizer: OptimizerSpec) -> Self {
        Self { method, optimizer, max_norm: None }
    }

    /// Every sample method over every sample optimizer.
    pub fn samples() -> impl Iterator<Item = Self> {
        MethodSpec::SAMPLES
            .into_iter()
            .flat_map(|method| OptimizerSpec::SAMPLES.map(|optimizer| Self::new(method, optimizer)))
    }

    /// Method and optimizer, such as `sam+adam`.
    pub fn name(&self) -> String<64> {
        let mut name = String::new();
        // Names of the registry are short; a longer one would be cut.
        let _ = fmt::write(&mut name, format_args!("{self}"));
        name
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.method.name(), self.optimizer.name())?;
        if self.max_norm.is_some() { f.write_str("+clipped") } else { Ok(()) }
    }
}
