//! `replay`: runs recorded trajectories again.

use super::Error;
use crate::cli::Replay;
use crate::replay;
use std::io::stdout;

/// Replays the files and prints a line each.
///
/// # Errors
/// When a case fails, or standard output cannot be written.
pub fn run(args: &Replay) -> Result<(), Error> {
    if replay::run(&args.files, &mut stdout().lock())? { Ok(()) } else { Err(Error::Disagrees("a case")) }
}
