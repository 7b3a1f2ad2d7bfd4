//! `mcu`: firmware on emulated machines, compared with this one.

use super::Error;
use crate::cli::{Ledger, Mcu};
use crate::mcu::{self, Variant, ledger};
use std::io::{Write, stderr, stdout};

/// Builds, runs, compares, prints.
///
/// # Errors
/// When a row differs, a machine fails, or a machine that was asked for by name is missing.
pub fn run(args: &Mcu) -> Result<(), Error> {
    match args.ledger {
        Some(what) => keep(what),
        None if args.rows => rows(),
        None => compare(args),
    }
}

/// A note on the way is a courtesy: nothing depends on it.
fn announce(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

fn rows() -> Result<(), Error> {
    let mut out = stdout().lock();
    for row in mcu::expected() {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn compare(args: &Mcu) -> Result<(), Error> {
    let variant = if args.canary { Variant::Canary } else { Variant::True };
    let expected = mcu::expected();
    let outcomes = mcu::run(&args.machines(), variant, &announce);
    let verdict = mcu::judge(&outcomes, &expected);
    if args.log {
        for outcome in &outcomes {
            outcome.log.iter().for_each(|line| announce(&format!("{}: {line}", outcome.machine.name)));
        }
    }
    let mut out = stdout().lock();
    if args.json {
        for cell in mcu::json(&outcomes, &expected) {
            writeln!(out, "{}", serde_json::to_string(&cell)?)?;
        }
        announce(&verdict.to_string());
    } else {
        out.write_all(mcu::render(&outcomes, &expected, verdict).as_bytes())?;
    }
    let missing = verdict.skipped > 0 && !args.wants_all() || verdict.passed == 0;
    if verdict.failed > 0 || missing { Err(Error::Disagrees("a machine")) } else { Ok(()) }
}

fn keep(what: Ledger) -> Result<(), Error> {
    let compiler = ledger::here().map_err(failed)?;
    let columns = ledger::measure(&announce).map_err(failed)?;
    let mut out = stdout().lock();
    match what {
        Ledger::Update => {
            ledger::update(&compiler, columns).map_err(failed)?;
            writeln!(out, "ran: ledger ({compiler}): written")?;
        }
        Ledger::Check => {
            let lines = ledger::check(&compiler, &columns).map_err(failed)?;
            lines.iter().try_for_each(|line| writeln!(out, "FAIL {line}"))?;
            if !lines.is_empty() {
                writeln!(
                    out,
                    "if the change is meant: flatmin-sim mcu --ledger update, and commit both files"
                )?;
                return Err(Error::Disagrees("the ledger"));
            }
            writeln!(out, "ran: ledger ({compiler}): as committed")?;
        }
    }
    Ok(())
}

fn failed(error: mcu::Error) -> Error {
    Error::Job(Box::new(error))
}
