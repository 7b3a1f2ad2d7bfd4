//! Pictures of a task as SVG: what adapting to the new user costs the old ones, and the learning curves.
//!
//! They need no font: texts stay texts, and their size is estimated where labels must not overlap.

mod axis;
mod canvas;
mod curves;
mod place;
mod style;
mod tradeoff;

pub use canvas::Error;
pub use curves::curves;
pub use tradeoff::tradeoff;
