//! The methods, one paper a file.

mod lpf_sgd;
mod lpf_sgd_residual;
mod plain;
mod rst;
mod sam;

pub use lpf_sgd::{FilterScale, LpfSgd};
pub use lpf_sgd_residual::LpfSgdResidual;
pub use plain::Plain;
pub use rst::Rst;
pub use sam::Sam;
