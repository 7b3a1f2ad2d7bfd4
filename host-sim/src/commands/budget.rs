//! `budget`: the bill of a fine-tuning run, before anything is flashed.

use super::Error;
use crate::budget::figures::Figures;
use crate::cli::Budget;
use crate::report::budget;
use std::io::{Write, stdout};

/// Prints it.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Budget) -> Result<(), Error> {
    let figures = Figures::carried()?;
    let (limits, chips) = (args.limits(), args.chips());
    let mut out = stdout().lock();
    for (place, question) in args.questions().iter().enumerate() {
        if args.json {
            for line in budget::lines(question, limits, &chips, &figures) {
                writeln!(out, "{}", serde_json::to_string(&line)?)?;
            }
            continue;
        }
        if place > 0 {
            writeln!(out)?;
        }
        out.write_all(budget::text(question, limits, &chips, &figures).as_bytes())?;
    }
    Ok(())
}
