//! What a golden case asks to be run, free of any library's vocabulary.

use std::fmt;

/// One composition of optimizer, method and average, with all parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// How to move with a gradient.
    pub optimizer: Optimizer,
    /// Where gradients are taken.
    pub method: Method,
    /// What is remembered of the trajectory.
    pub average: Option<Average>,
}

/// The base optimizer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam; its decay is added to the gradient (L2).
    Adam(Adam),
    /// AdamW; its decay shrinks the weights.
    AdamW(Adam),
}

/// Parameters of SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// Factor on the velocity.
    pub momentum: f64,
    /// The gradient enters the velocity times `1 - dampening`, except at the first step (as in torch).
    pub dampening: f64,
    /// Whether the gradient is looked ahead by one velocity.
    pub nesterov: bool,
    /// Coupled decay: added to the gradient times w.
    pub weight_decay: f64,
}

/// Parameters of Adam and AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Weight decay.
    pub weight_decay: f64,
}

/// The method.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// The gradient at the weights.
    Plain,
    /// The gradient at the worst nearby point.
    Sam(Sam),
    /// SAM where the recorded coin says so, the plain step elsewhere.
    Rst {
        /// The SAM step.
        sam: Sam,
        /// One coin a step.
        coins: Vec<bool>,
    },
    /// The mean gradient over parts of the batch, each at its own noise.
    LpfSgd(LpfSgd),
}

/// Parameters of the SAM ascent `w + rho g / (|g| + eps)`; the weights are restored from a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sam {
    /// Radius.
    pub rho: f64,
    /// Added to the norm of the gradient.
    pub eps: f64,
}

/// LPF-SGD with recorded noise.
#[derive(Debug, Clone, PartialEq)]
pub struct LpfSgd {
    /// Strength: the std of a filter's noise is `std` times the filter's norm.
    pub std: f64,
    /// Into how many parts the batch is cut.
    pub parts: u16,
    /// The noise, by step, then by part.
    pub noise: Vec<Vec<Vec<f64>>>,
}

/// The average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Average {
    /// Equal weights.
    Swa(Collect),
    /// Exponentially falling weights; the first collection copies.
    Ema {
        /// The factor on the old average.
        decay: f64,
        /// When to collect.
        collect: Collect,
    },
}

impl Average {
    /// When to collect.
    pub fn collect(&self) -> Collect {
        match *self {
            Average::Swa(collect) | Average::Ema { collect, .. } => collect,
        }
    }
}

/// After which steps the average takes the weights in: `first_step`, and every `every`-th from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collect {
    /// The first step (1-based).
    pub first_step: usize,
    /// Steps from one collection to the next.
    pub every: usize,
}

impl Collect {
    /// Whether to collect after step `step` (1-based).
    pub fn after(self, step: usize) -> bool {
        step >= self.first_step && (step - self.first_step).is_multiple_of(self.every)
    }
}

impl Recipe {
    /// The recipe of a base optimizer alone.
    pub fn plain(optimizer: Optimizer) -> Self {
        Recipe { optimizer, method: Method::Plain, average: None }
    }

    /// The registry name of the entry to run: method, optimizer and average joined by `+`, such as `sam+sgd`.
    pub fn entry(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.method {
            Method::Plain => "",
            Method::Sam(_) => "sam+",
            Method::Rst { .. } => "rst+",
            Method::LpfSgd(_) => "lpf_sgd+",
        })?;
        f.write_str(match self.optimizer {
            Optimizer::Sgd(_) => "sgd",
            Optimizer::Adam(_) => "adam",
            Optimizer::AdamW(_) => "adamw",
        })?;
        f.write_str(match self.average {
            None => "",
            Some(Average::Swa(_)) => "+swa",
            Some(Average::Ema { .. }) => "+ema",
        })
    }
}
