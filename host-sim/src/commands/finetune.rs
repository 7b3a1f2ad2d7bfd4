//! `finetune`: runs the experiment, prints its tables, and files rows, tables and plots.

use super::Error;
use crate::cli::Finetune;
use crate::finetune::{self, Progress, Row, Settings};
use crate::output::Folder;
use crate::plot::{Format, Picture};
use crate::progress;
use crate::report::summary::Summary;
use crate::report::{self, rows, table};
use std::io::{Write, stderr, stdout};
use std::path::Path;

/// Runs the experiment as the command line says.
///
/// # Errors
/// As [`execute`].
pub fn run(args: &Finetune) -> Result<(), Error> {
    let print = if args.json { Print::Json } else { Print::Table };
    let progress = progress::on_stderr();
    if args.sequence {
        return sequence(args, print, &*progress);
    }
    execute(
        &args.settings(),
        &args.out,
        print,
        |settings| finetune::run(settings, &*progress),
        &mut stdout().lock(),
    )
}

/// One person after another: tables and one JSON line a sequence.
fn sequence(args: &Finetune, print: Print, progress: &dyn Progress) -> Result<(), Error> {
    let folder = Folder::open(&args.out)?;
    let found =
        finetune::sequence::run(&args.settings(), progress).map_err(|error| Error::Job(Box::new(error)))?;
    let mut lines = String::new();
    for sequence in &found {
        lines += &(serde_json::to_string(sequence)? + "\n");
    }
    let tables = report::sequence::render(&found);
    folder.write("sequence.jsonl", &lines)?;
    folder.write("sequence.txt", &tables)?;
    stdout().lock().write_all(if print == Print::Json { lines.as_bytes() } else { tables.as_bytes() })?;
    Ok(())
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// The tables.
    Table,
    /// One JSON line a run.
    Json,
}

/// Runs `job`, files what it found in the folder `out`, then prints it to `to`.
///
/// # Errors
/// Before the job when the folder cannot be written; after it when the job failed or a result cannot be written.
pub fn execute<E>(
    settings: &Settings,
    out: &Path,
    print: Print,
    job: impl FnOnce(&Settings) -> Result<Vec<Row>, E>,
    to: &mut dyn Write,
) -> Result<(), Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let folder = Folder::open(out)?;
    let found = job(settings).map_err(|error| Error::Job(Box::new(error)))?;
    let summaries = Summary::of(&found);
    let (lines, tables) = (rows::to_lines(&found)?, table::render(&summaries, &settings.into()));
    folder.write("rows.jsonl", &lines)?;
    folder.write("table.txt", &tables)?;
    for summary in &summaries {
        for picture in Picture::all(summary) {
            folder.write(&format!("{}.svg", picture.stem()), &picture.svg(Format::File)?)?;
        }
    }
    to.write_all(if print == Print::Json { lines.as_bytes() } else { tables.as_bytes() })?;
    to.flush()?;
    // Only a courtesy: a closed standard error is no failure.
    let _ = writeln!(stderr(), "Tables, rows and plots are in {}.", folder.path().display());
    Ok(())
}
