//! `baselines`: the acceptance numbers, ours beside theirs.

use super::Error;
use crate::baselines::{self, BaselineResult};
use crate::cli::Baselines;
use crate::progress;
use std::io::{Write, stdout};

/// Measures the rows and prints them.
///
/// # Errors
/// When a row does not keep its rule, no row has the name, or standard output cannot be written.
pub fn run(args: &Baselines) -> Result<(), Error> {
    let progress = progress::on_stderr();
    let results =
        baselines::run(args.row.as_deref(), &*progress).map_err(|error| Error::Job(Box::new(error)))?;
    let mut out = stdout().lock();
    for result in &results {
        print(result, &mut out)?;
    }
    let failed = results.iter().filter(|result| !result.pass).count();
    writeln!(out, "{} passed, {failed} failed", results.len() - failed)?;
    if failed == 0 { Ok(()) } else { Err(Error::Disagrees("a baseline")) }
}

fn print(result: &BaselineResult, out: &mut dyn Write) -> std::io::Result<()> {
    let BaselineResult { row, mean, se, theirs_mean, pass, note, n, .. } = result;
    let verdict = if *pass { "pass" } else { "FAIL" };
    let theirs =
        result.theirs_se.map_or(format!("{theirs_mean:.1}"), |se| format!("{theirs_mean:.1} ± {se:.1}"));
    let apart = result.difference.map_or(String::new(), |d| format!(", {d:+.1} standard errors"));
    writeln!(out, "{verdict}  {row}: ours {mean:.1} ± {se:.1} (n = {n}), theirs {theirs}{apart}; {note}")
}
