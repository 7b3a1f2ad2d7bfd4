//! `finetune`: runs the experiment, prints its tables, and files rows, tables and plots.

use super::Error;
use crate::cli::Finetune;
use crate::finetune::{self, Progress, Row, Settings};
use crate::output::{Folder, REPORT};
use crate::plot::{Format, Picture};
use crate::progress;
use crate::report::html::{self, Made, Section};
use crate::report::summary::Summary;
use crate::report::{self, rows, sheet, table};
use std::io::{Write, stderr, stdout};
use std::path::Path;

/// Runs the experiment as the command line says.
///
/// # Errors
/// As [`execute`].
pub fn run(args: &Finetune) -> Result<(), Error> {
    let print = if args.json { Print::Json } else { Print::Table };
    let progress = progress::on_stderr();
    super::announce_gpu(args.settings().device);
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
    let sheets = report::sequence::sheets(&found);
    let tables = sheet::text(&sheets);
    let sections: Vec<Section> =
        sheets.into_iter().map(|sheet| Section { sheet, pictures: Vec::new() }).collect();
    let page = html::page(&sections, &args.settings(), &made(&lines))?;
    folder.write(&[
        ("sequence.jsonl".to_owned(), lines.clone()),
        ("sequence.txt".to_owned(), tables.clone()),
        (REPORT.to_owned(), page),
    ])?;
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
    let lines = rows::to_lines(&found)?;
    let sections: Vec<Section> = summaries.iter().map(|summary| section(summary, settings)).collect();
    let tables = sections.iter().map(|section| section.sheet.text()).collect::<Vec<_>>().join("\n");
    let mut files = vec![("rows.jsonl".to_owned(), lines.clone()), ("table.txt".to_owned(), tables.clone())];
    for picture in sections.iter().flat_map(|section| &section.pictures) {
        files.push((format!("{}.svg", picture.stem()), picture.svg(Format::File)?));
    }
    files.push((REPORT.to_owned(), html::page(&sections, settings, &made(&lines))?));
    folder.write(&files)?;
    to.write_all(if print == Print::Json { lines.as_bytes() } else { tables.as_bytes() })?;
    to.flush()?;
    // Only a courtesy: a closed standard error is no failure.
    let _ = writeln!(stderr(), "report.html, tables, rows and plots are in {}.", folder.path().display());
    Ok(())
}

/// A summary's part of the page; its tables and pictures are also files of their own.
fn section<'a>(summary: &'a Summary, settings: &Settings) -> Section<'a> {
    Section { sheet: table::sheet(summary, &settings.into()), pictures: Picture::all(summary) }
}

/// By this process, now.
fn made(rows: &str) -> Made {
    Made::now(std::env::args_os(), rows)
}
