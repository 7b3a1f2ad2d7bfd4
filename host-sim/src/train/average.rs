//! Averages of the weights along the way, chosen at run time.

use flatmin::Error;
use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Backend, Cpu};
use flatmin::method::Clock;
use flatmin::state::{Cost, State};
use std::borrow::BorrowMut;
use std::marker::PhantomData;

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
pub(crate) enum Running<B, V> {
    None(PhantomData<B>),
    Swa { from: f32, mean: Swa<V> },
    Ema(Ema<V>),
}

impl<B: Backend, V: BorrowMut<B::Vector>> Running<B, V> {
    /// An empty average, in a vector of `zeros`.
    pub(crate) fn new<E>(
        averaging: Option<Averaging>,
        zeros: impl FnOnce() -> Result<V, E>,
    ) -> Result<Self, E> {
        Ok(match averaging {
            None => Self::None(PhantomData),
            Some(Averaging::Swa { from }) => Self::Swa { from, mean: Swa::new(zeros()?) },
            Some(Averaging::Ema { decay }) => Self::Ema(Ema::new(zeros()?).decay(decay)),
        })
    }

    pub(crate) fn after_step(&mut self, b: &mut B, w: &B::Vector, clock: &Clock) -> Result<(), Error> {
        match self {
            Self::Ema(mean) => mean.observe(b, w, clock),
            Self::None(_) | Self::Swa { .. } => Ok(()),
        }
    }

    /// The step at `clock` was the last one of its epoch.
    pub(crate) fn after_epoch(&mut self, b: &mut B, w: &B::Vector, clock: &Clock) -> Result<(), Error> {
        match self {
            Self::Swa { from, mean } if (clock.step + 1) as f32 >= *from * clock.total as f32 => {
                mean.observe(b, w, clock)
            }
            Self::None(_) | Self::Swa { .. } | Self::Ema(_) => Ok(()),
        }
    }

    /// The mean, once there is one.
    pub(crate) fn mean(&self) -> Option<&B::Vector> {
        match self {
            Self::None(_) => None,
            Self::Swa { mean, .. } => Average::<B>::mean(mean),
            Self::Ema(mean) => Average::<B>::mean(mean),
        }
    }
}
