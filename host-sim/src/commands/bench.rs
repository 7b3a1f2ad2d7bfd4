//! `bench`: what every kernel costs on this CPU.

use super::Error;
use crate::bench;
use crate::cli::Bench;
use std::io::{Write, stderr, stdout};

/// Measures and prints.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Bench) -> Result<(), Error> {
    // The notes on the way are a courtesy: nothing depends on them.
    let measured =
        bench::run(&mut |bytes| drop(writeln!(stderr(), "measuring at {} KiB a vector", bytes >> 10)));
    let mut out = stdout().lock();
    if args.json {
        for measurement in &measured {
            writeln!(out, "{}", serde_json::to_string(measurement)?)?;
        }
    } else {
        out.write_all(bench::table(&measured).as_bytes())?;
    }
    Ok(())
}
