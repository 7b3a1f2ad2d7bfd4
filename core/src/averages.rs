//! The averages.

mod ema;
mod swa;

pub use ema::Ema;
pub use swa::Swa;
