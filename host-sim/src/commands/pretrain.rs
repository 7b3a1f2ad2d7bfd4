//! `pretrain`: trains a base model and writes it with everything that a device needs to fine-tune it.

use super::Error;
use crate::cli::Pretrain;
use crate::output;
use crate::pretrain;
use std::io::{Write, stderr, stdout};

/// Trains, writes and says what was made.
///
/// # Errors
/// Before the training when the file cannot be written; when the training fails; when standard output cannot be written.
pub fn run(args: &Pretrain) -> Result<(), Error> {
    let file = output::File::open(&args.export)?;
    let job = |error| Error::Job(Box::new(error));
    let settings = args.settings();
    // Only a courtesy, as the last line.
    let _ = writeln!(stderr(), "training a base model without person {}", settings.person);
    let exported = pretrain::run(&settings).map_err(job)?;
    let described = exported.describe(&settings).map_err(job)?;
    file.write(exported.file.bytes())?;
    stdout().lock().write_all(described.as_bytes())?;
    let _ = writeln!(stderr(), "The model is in {}.", args.export.display());
    Ok(())
}
