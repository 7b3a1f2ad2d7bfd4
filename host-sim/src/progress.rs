//! How far the work is, for people: bars on a terminal, plain lines elsewhere. Both go to standard error.

mod bars;
mod lines;

pub use bars::Bars;
pub use lines::Lines;

use crate::finetune::{Progress, Silent};
use std::io::{IsTerminal, stderr};

/// Bars if standard error is a terminal, nothing otherwise.
pub fn on_terminal() -> Box<dyn Progress> {
    if stderr().is_terminal() { Box::new(Bars::new()) } else { Box::new(Silent) }
}

/// Bars if standard error is a terminal, lines otherwise.
pub fn on_stderr() -> Box<dyn Progress> {
    if stderr().is_terminal() { Box::new(Bars::new()) } else { Box::new(Lines::new(stderr())) }
}
