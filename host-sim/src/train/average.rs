//! Averages of the weights along the way, chosen at run time.

use flatmin::Error;
use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::Cpu;
use flatmin::state::{Cost, State};

/// Which average of the weights counts in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Averaging {
    /// The mean of the weights at the end of each epoch, from this fraction of the steps on.
    Swa {
        /// Fraction of the steps, in [0, 1].
        from: f32,
    },
    /// An exponential mean over all steps.
    Ema {
        /// Share of the old mean, in [0, 1].
        decay: f32,
    },
}

impl Averaging {
    /// Memory of the average.
    pub const fn cost(self) -> Cost {
        match self {
            Self::Swa { .. } => <Swa<Vec<f32>> as State<Cpu>>::COST,
            Self::Ema { .. } => <Ema<Vec<f32>> as State<Cpu>>::COST,
        }
    }
}

/// An average under way.
pub(super) enum Running {
    None,
    Swa { from: f32, mean: Swa<Vec<f32>> },
    Ema(Ema<Vec<f32>>),
}

impl Running {
    /// An empty average of `n` weights.
    pub(super) fn new(averaging: Option<Averaging>, n: usize) -> Self {
        match averaging {
            None => Self::None,
            Some(Averaging::Swa { from }) => Self::Swa { from, mean: Swa::new(vec![0.0; n]) },
            Some(Averaging::Ema { decay }) => Self::Ema(Ema::new(vec![0.0; n]).decay(decay)),
        }
    }

    pub(super) fn after_step(&mut self, cpu: &mut Cpu, w: &[f32]) -> Result<(), Error> {
        match self {
            Self::Ema(mean) => mean.observe(cpu, w),
            Self::None | Self::Swa { .. } => Ok(()),
        }
    }

    /// `done` of `total` steps are done.
    pub(super) fn after_epoch(
        &mut self,
        cpu: &mut Cpu,
        w: &[f32],
        done: u32,
        total: u32,
    ) -> Result<(), Error> {
        match self {
            Self::Swa { from, mean } if done as f32 >= *from * total as f32 => mean.observe(cpu, w),
            Self::None | Self::Swa { .. } | Self::Ema(_) => Ok(()),
        }
    }

    /// The mean, once there is one.
    pub(super) fn mean(&self) -> Option<&[f32]> {
        match self {
            Self::None => None,
            Self::Swa { mean, .. } => Average::<Cpu>::mean(mean),
            Self::Ema(mean) => Average::<Cpu>::mean(mean),
        }
    }
}
