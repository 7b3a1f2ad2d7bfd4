//! `methods`: the registry as a table.

use super::Error;
use crate::cli::Methods;
use crate::report::methods;
use std::io::{Write, stdout};

/// Prints it.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Methods) -> Result<(), Error> {
    let table = if args.markdown { methods::markdown() } else { methods::text(args.layout()) };
    stdout().lock().write_all(table.as_bytes())?;
    Ok(())
}
