//! Pictures of a summary as SVG: what adapting costs, learning curves, who was harmed, memory.
//!
//! They need no font: texts stay texts, and their size is estimated where labels must not overlap.

mod axis;
mod canvas;
mod curves;
mod dark;
mod format;
mod harm;
mod legend;
mod picture;
mod place;
mod ram;
mod style;
mod tradeoff;

pub use canvas::Error;
pub use dark::dark_rules;
pub use format::{Format, Words};
pub use picture::{Kind, Picture};
