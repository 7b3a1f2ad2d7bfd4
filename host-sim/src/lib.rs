//! The host simulator of flatmin as a library: what the binary `flatmin-sim` is made of.

pub mod baselines;
pub mod compose;
pub mod data;
pub mod finetune;
pub mod model;
pub mod train;
