//! Golden replay: runs recorded cases of third-party optimizers again and compares every recorded number.
//!
//! A file is parsed ([`golden`]), its hyperparameters are read by the rule of its function ([`rules`]) into a
//! [`recipe`], a [`runner`] runs that on the file's [`problem`], and [`check()`] compares. Whatever is not understood
//! fails the case with its name.

mod ascent;
mod bar;
pub mod canary;
mod check;
mod error;
pub mod golden;
mod hyperparameters;
pub mod problem;
pub mod recipe;
mod records;
pub mod rules;
pub mod runner;

pub use ascent::{RecordedAscent, recorded_ascents};
pub use bar::Bar;
pub use check::{Report, check, check_trajectory};
pub use error::ReplayError;
pub use records::check_records;
pub use runner::{Runner, Runners, Task, Trajectory};

use golden::{Dtype, Golden};
use std::path::{Path, PathBuf};

/// Replays the file at `path`. The float64 sibling of a float32 file is looked for beside it.
///
/// # Errors
/// Whatever was not understood, and the first number that disagrees.
pub fn check_file(path: &Path, runners: &Runners<'_>) -> Result<Report, ReplayError> {
    let golden = Golden::load(path)?;
    let sibling = match golden.dtype {
        Dtype::F64 => None,
        Dtype::F32 => {
            sibling(path).filter(|path| path.exists()).map(|path| Golden::load(&path)).transpose()?
        }
    };
    check(&golden, sibling.as_ref(), runners)
}

/// Where the float64 file of a float32 case would lie.
pub fn sibling(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix("__f32.json")?;
    Some(path.with_file_name(format!("{name}__f64.json")))
}
