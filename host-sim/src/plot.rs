//! Pictures as SVG.

mod curves;
mod style;
mod tradeoff;

pub use curves::curves;
pub use tradeoff::tradeoff;

use std::fmt::Display;

/// A picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw {picture}: {reason}")]
pub struct Error {
    picture: &'static str,
    reason: String,
}

impl Error {
    fn new(picture: &'static str, reason: impl Display) -> Self {
        Self { picture, reason: reason.to_string() }
    }
}
