//! The base optimizers.

mod adam;
mod adamw;
mod anchored;
mod clipped;
mod moments;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use anchored::{Anchored, strengths};
pub use clipped::Clipped;
pub use moments::{Coupled, Decay, Decoupled, Moments};
pub use sgd::{Momentum, NoMomentum, Sgd};
