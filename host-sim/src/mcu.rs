//! Firmware on emulated machines, compared with this one: the same bits after every step.
//!
//! An image knows no expected hash. It runs the suite of `flatmin-parity` and prints rows; the host runs the same suite
//! and compares. A machine whose compiler or emulator is missing is skipped by name.

mod build;
mod defmt;
mod emulate;
pub mod ledger;
mod machine;
mod run;
mod session;
mod table;
mod wrist;

pub use build::{Image, Variant, compiler};
pub use machine::{MACHINES, Machine, find};
pub use run::{Measured, Run};
pub use session::{Session, Used};
pub use table::{json, render};

use flatmin::backend::{Cpu, Portable};
use flatmin_parity::kernels::Pool;
use flatmin_parity::suite::{self, KERNEL_LEN};
use flatmin_parity::{Host, NoStopwatch, Row};
use rayon::prelude::*;
use std::path::PathBuf;

/// Why a machine could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A compiler or an emulator is not installed: the machine is skipped.
    #[error("{0}")]
    Missing(String),
    /// Not in a checkout.
    #[error("no `.ci/bare-metal` here or in a folder above: run this in a checkout of flatmin")]
    NoCheckout,
    /// An image does not build.
    #[error("{image} does not build for {target}: {said}")]
    Build {
        /// Its name.
        image: &'static str,
        /// The target.
        target: &'static str,
        /// The last lines of the compiler.
        said: String,
    },
    /// The emulator, or the firmware in it, failed.
    #[error("the image stopped with {status}: {said}")]
    Stopped {
        /// Its exit status.
        status: String,
        /// Its last lines.
        said: String,
    },
    /// The image prints a row that is none.
    #[error("the image prints a broken row: {0}")]
    Broken(String),
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The ledger is not what it was.
    #[error("{0}")]
    Ledger(String),
}

/// Images of every machine whose rows are compared.
const IMAGES: [&str; 2] = ["parity", wrist::IMAGE];

/// What a machine gave.
#[derive(Debug)]
pub struct Outcome {
    /// Which machine.
    pub machine: &'static Machine,
    /// Its rows, or why there are none.
    pub rows: Result<Vec<Row>, Error>,
    /// What else it said, line by line.
    pub log: Vec<String>,
}

/// How many rows are as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Rows with the host's hashes.
    pub passed: usize,
    /// Rows with others, missing rows, and machines that failed.
    pub failed: usize,
    /// Machines whose tools are missing.
    pub skipped: usize,
}

/// The suite's rows on a backend of this machine.
///
/// # Panics
/// If the suite itself is broken: no step of it is refused.
pub fn rows<B: Host>(mut b: B) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut pool = Box::new(Pool::<KERNEL_LEN>::new());
    suite::run(&mut b, &mut NoStopwatch, &mut pool, &mut |row| rows.push(row.clone()))
        .unwrap_or_else(|error| panic!("a step of the parity suite was refused: {error}"));
    rows
}

/// What every machine must print: the rows of the reference backend.
pub fn expected() -> Vec<Row> {
    [rows(Portable), wrist::rows(Portable)].concat()
}

/// The rows of this machine's fastest backend.
pub fn native() -> Vec<Row> {
    [rows(Cpu::detect()), wrist::rows(Cpu::detect())].concat()
}

/// Builds the images for each machine and runs them there, as many machines at a time as there are cores. `announce` is
/// told what begins.
pub fn run(
    machines: &[&'static Machine],
    variant: Variant,
    announce: &(dyn Fn(&str) + Sync),
) -> Vec<Outcome> {
    let run = |machine: &&'static Machine| {
        let (mut rows, mut log) = (Vec::new(), Vec::new());
        let mut ask = || {
            for name in IMAGES {
                announce(&format!("{}: building {name} for {}", machine.name, machine.target));
                let image = build::image(machine, name, variant)?;
                announce(&format!("{}: running {name}", machine.name));
                let mut said = emulate::run(machine, &image)?;
                rows.append(&mut said.rows);
                log.append(&mut said.other);
            }
            // Counts without a hash are for the ledger.
            rows.retain(|row: &Row| !row.hashes.is_empty());
            Ok(())
        };
        let asked = ask();
        Outcome { machine, rows: asked.map(|()| rows), log }
    };
    machines.par_iter().map(run).collect()
}

/// Whether a row has the hashes that it should have; the first step at which it has not.
pub fn compare(found: &Row, expected: &Row) -> Result<(), usize> {
    if found.hashes == expected.hashes && !expected.hashes.is_empty() {
        return Ok(());
    }
    let same = found.hashes.iter().zip(&expected.hashes).take_while(|(found, expected)| found == expected);
    Err(same.count())
}

/// The row of a name.
pub fn row<'a>(rows: &'a [Row], name: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name)
}

/// Counts what agrees. A row that is missing, and one that is not expected, count as failed.
pub fn judge(outcomes: &[Outcome], expected: &[Row]) -> Verdict {
    let mut verdict = Verdict::default();
    for outcome in outcomes {
        match &outcome.rows {
            Err(Error::Missing(_)) => verdict.skipped += 1,
            Err(_) => verdict.failed += 1,
            Ok(rows) => {
                let passed = |expected: &&Row| {
                    row(rows, &expected.name).is_some_and(|found| compare(found, expected).is_ok())
                };
                let passed = expected.iter().filter(passed).count();
                let unknown = rows.iter().filter(|found| row(expected, &found.name).is_none()).count();
                verdict.passed += passed;
                verdict.failed += expected.len() - passed + unknown;
            }
        }
    }
    verdict
}
