//! The methods, one paper a file.

mod lpf_sgd;
mod plain;
mod rst;
mod sam;

pub use lpf_sgd::{FilterScale, LpfSgd};
pub use plain::Plain;
pub use rst::Rst;
pub use sam::Sam;
