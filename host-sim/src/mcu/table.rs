//! The rows of all machines beside each other.

use super::{Error, Machine, Outcome, Verdict, compare, row};
use flatmin_parity::Row;
use serde::Serialize;
use std::fmt::Write;

/// One row of one machine, as a line of JSON.
#[derive(Debug, Serialize)]
pub struct Cell<'a> {
    /// Which machine.
    pub machine: &'a str,
    /// Which composition, average or kernel.
    pub row: &'a str,
    /// Whether every hash is the host's.
    pub same: bool,
    /// Instructions, where they are counted.
    pub instructions: Option<u64>,
    /// Hashes after every step.
    pub hashes: Vec<String>,
}

fn counted(machine: &Machine, row: &Row) -> Option<u64> {
    (machine.counter != "none" && row.ticks > 0).then_some(row.ticks)
}

/// Every row of every machine; machines without rows are in the text only.
pub fn json<'a>(outcomes: &'a [Outcome], expected: &'a [Row]) -> impl Iterator<Item = Cell<'a>> {
    outcomes.iter().flat_map(move |outcome| {
        let rows = outcome.rows.as_deref().unwrap_or_default();
        rows.iter().map(move |found| Cell {
            machine: outcome.machine.name,
            row: &found.name,
            same: row(expected, &found.name).is_some_and(|expected| compare(found, expected).is_ok()),
            instructions: counted(outcome.machine, found),
            hashes: found.hashes.iter().map(|hash| format!("{hash:08x}")).collect(),
        })
    })
}

/// The table, then what was skipped or failed, then the verdict.
pub fn render(outcomes: &[Outcome], expected: &[Row], verdict: Verdict) -> String {
    let mut text = String::from(
        "Instructions (20 steps of a training run, one call of a kernel) where every hash is this machine's; `same` \
         where nothing counts.\n\n",
    );
    let ran: Vec<_> =
        outcomes.iter().filter_map(|o| o.rows.as_ref().ok().map(|rows| (o.machine, rows))).collect();
    if !ran.is_empty() {
        let _ = write!(text, "{:<32}", "");
        ran.iter().for_each(|(machine, _)| _ = write!(text, " {:>14}", machine.name));
        text.push('\n');
        for wanted in expected {
            let _ = write!(text, "{:<32}", wanted.name);
            for (machine, rows) in &ran {
                let _ = write!(text, " {:>14}", cell(machine, row(rows, &wanted.name), wanted));
            }
            text.push('\n');
        }
        text.push('\n');
    }
    for outcome in outcomes {
        let name = outcome.machine.name;
        let _ = match &outcome.rows {
            Err(Error::Missing(what)) => writeln!(text, "skipped: {name}: {what}"),
            Err(error) => writeln!(text, "FAIL {name}: {error}"),
            Ok(_) => writeln!(text, "ran: {name} ({})", outcome.machine.title),
        };
    }
    let _ = writeln!(text, "{verdict}");
    text
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} machines skipped", self.skipped) } else { Ok(()) }
    }
}

fn cell(machine: &Machine, found: Option<&Row>, expected: &Row) -> String {
    let Some(found) = found else { return "FAIL missing".to_owned() };
    match compare(found, expected) {
        Err(step) => format!("FAIL step {step}"),
        Ok(()) => counted(machine, found).map_or_else(|| "same".to_owned(), crate::report::units::thousands),
    }
}
