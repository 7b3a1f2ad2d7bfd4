//! The networks against references that know nothing of them.

mod contract;
mod gradient;
mod literal;
mod loss;
mod memory;
mod pool;
#[path = "../support/tolerance.rs"]
mod tolerance;
