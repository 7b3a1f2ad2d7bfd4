//! The gates.

mod bernoulli;

pub use bernoulli::{Bernoulli, Coin};
