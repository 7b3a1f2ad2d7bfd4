//! `parity`: every kernel and method on every backend, against the reference.

use super::Error;
use crate::cli::Parity;
use crate::parity;
use std::io::{Write, stderr, stdout};

/// Compares and prints.
///
/// # Errors
/// When a comparison fails, and when standard output cannot be written.
pub fn run(args: &Parity) -> Result<(), Error> {
    // The notes on the way are a courtesy: nothing depends on them.
    let report =
        parity::run(&args.plan(), &mut |name| drop(writeln!(stderr(), "comparing {name} with portable")));
    let (passed, failed) = report.counts();
    let mut out = stdout().lock();
    if args.json {
        for finding in &report.findings {
            writeln!(out, "{}", serde_json::to_string(finding)?)?;
        }
    } else {
        out.write_all(parity::table(&report).as_bytes())?;
    }
    // Whoever names a backend wants it compared: its absence is no pass.
    if let Some((name, why)) = report.absent.into_iter().find(|(name, _)| args.names(name)) {
        return Err(Error::Absent { name, why });
    }
    match (passed, failed) {
        (_, 0) => Ok(()),
        _ => Err(Error::Disagrees("a backend")),
    }
}
