//! Golden replay: runs recorded cases of third-party optimizers again and compares every recorded number.
//!
//! A file is parsed ([`golden`]), its hyperparameters are read by the rule of its function ([`rules`]) into a
//! [`recipe`], a [`runner`] runs that on the file's [`problem`], and [`check()`] compares. Whatever is not understood
//! fails the case with its name.

mod ascent;
mod bar;
pub mod canary;
mod check;
mod core;
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
pub use core::Core;
pub use error::ReplayError;
pub use records::check_records;
pub use runner::{Runner, Runners, Task, Trajectory};

use crate::reference::Reference;
use golden::{Dtype, Golden};
use std::io::{self, Write};
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

/// Replays files through the crate (f32) and the reference (f64) and writes a line a case: what ran and how far off it
/// was, or why it failed. Ends with `N passed, M failed`; returns whether nothing failed.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(paths: &[PathBuf], out: &mut dyn Write) -> io::Result<bool> {
    let runners = Runners { f64: &Reference, f32: &Core };
    let mut failed = 0;
    for path in paths {
        match check_file(path, &runners) {
            Ok(report) => writeln!(out, "pass  {report}")?,
            Err(error) => {
                failed += 1;
                writeln!(out, "FAIL  {}: {error}", path.display())?;
            }
        }
    }
    writeln!(out, "{} passed, {failed} failed", paths.len() - failed)?;
    Ok(failed == 0)
}

/// Where the float64 file of a float32 case would lie.
pub fn sibling(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix("__f32.json")?;
    Some(path.with_file_name(format!("{name}__f64.json")))
}
