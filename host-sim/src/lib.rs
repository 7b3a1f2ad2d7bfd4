//! The host simulator of flatmin as a library: what the binary `flatmin-sim` is made of.

pub mod any;
pub mod baselines;
pub mod bench;
pub mod budget;
pub mod cli;
pub mod commands;
pub mod data;
pub mod finetune;
pub mod fmnist;
pub mod gpu;
pub mod json;
pub mod mcu;
pub mod model;
pub mod output;
pub mod parity;
pub mod plot;
pub mod pretrain;
pub mod progress;
pub mod reference;
pub mod replay;
pub mod report;
pub mod tolerance;
pub mod train;

/// Compositions chosen at run time.
pub mod compose {
    pub use crate::any::*;
    pub use flatmin_parity::compose::*;
}
