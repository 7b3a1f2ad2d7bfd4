//! The host simulator of flatmin as a library: what the binary `flatmin-sim` is made of.

pub mod bench;
pub mod compose;
pub mod data;
pub mod finetune;
pub mod reference;
pub mod replay;
pub mod tolerance;
