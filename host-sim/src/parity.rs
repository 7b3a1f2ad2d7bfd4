//! Every kernel and every method on every backend, against [`Portable`](flatmin::backend::Portable).

pub mod backends;
pub mod compare;
mod deviation;
mod hold;
mod kernels;
mod literal;
pub mod methods;
pub mod problems;
mod sliced;
#[cfg(feature = "gpu")]
pub mod split;
mod suite;
mod table;

pub use deviation::{Deviation, relative};
pub use hold::{Hold, Kept};
pub use kernels::{Form, KERNELS, Pool, Row, every};
pub use literal::{Fault, Literal, ordered_sum};
pub use sliced::run_sliced;
pub use suite::{Finding, Plan, Report, Tier, on, run};
pub use table::table;
