//! What came out, as numbers with their uncertainty, and as text.
//!
//! Rows become a [`Summary`](summary::Summary) a task; tables, verdicts and [plots](crate::plot) show summaries.

pub mod budget;
mod grid;
pub mod html;
pub mod label;
pub mod methods;
mod origin;
pub mod ram;
pub mod rows;
pub mod sequence;
pub mod sheet;
pub mod stats;
pub mod summary;
pub mod table;
pub(crate) mod units;
pub mod verdict;
mod wrong_labels;
