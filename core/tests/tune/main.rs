//! Guard, replay, divergence and the rest of the fine-tuning kit.

mod divergence;
mod features;
mod guard;
mod replay;
#[path = "../support/tolerance.rs"]
mod tolerance;
mod wise_ft;
