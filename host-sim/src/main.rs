//! `flatmin-sim`: see `--help`.

use flatmin_sim::{cli, commands};
use std::io::{Write, stderr};
use std::process::ExitCode;

/// The work was started and failed.
const FAILED: u8 = 1;
/// The command line asks for something that does not exist.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Ok(command) => finish(commands::run(&command)),
        Err(message) if message.use_stderr() => complain(&cli::one_line(&message), USAGE),
        Err(help) => {
            // Nobody is left to be told when the reader of the help has gone.
            let _ = help.print();
            ExitCode::SUCCESS
        }
    }
}

fn finish(result: Result<(), commands::Error>) -> ExitCode {
    match result {
        Err(error) if !error.is_closed_pipe() => {
            complain(&format!("error: {error}"), if error.is_usage() { USAGE } else { FAILED })
        }
        _ => ExitCode::SUCCESS,
    }
}

fn complain(message: &str, code: u8) -> ExitCode {
    let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // As above.
    let _ = writeln!(stderr(), "{one_line}");
    ExitCode::from(code)
}
