//! Emulators.

use super::build::{Image, last_lines, root};
use super::{Error, Machine};
use flatmin_parity::{ParseError, Row};
use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any image takes, on a busy machine too: one that hangs is stopped.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs an image to its end; the rows that it prints.
///
/// # Errors
/// [`Error::Missing`] without the emulator, [`Error::Stopped`] for any exit status but 0, [`Error::Broken`].
pub(super) fn rows(machine: &Machine, image: &Image) -> Result<Vec<Row>, Error> {
    let said = run(machine, image)?;
    let rows = said.lines().map(|line| (line, line.trim().parse::<Row>()));
    let rows = rows.filter(|(_, row)| *row != Err(ParseError::Other));
    rows.map(|(line, row)| row.map_err(|_| Error::Broken(line.to_owned()))).collect()
}

/// Runs an image to its end; what it prints.
///
/// # Errors
/// [`Error::Missing`] without the emulator, [`Error::Stopped`] for any exit status but 0.
pub(super) fn run(machine: &Machine, image: &Image) -> Result<String, Error> {
    let mut words = machine.emulator.iter();
    let program = words.next().copied().unwrap_or_default();
    let root = root()?;
    let mut command = Command::new(program);
    for word in words {
        if word.contains('/') {
            command.arg(root.join(word))
        } else {
            command.arg(word)
        };
    }
    command.arg(image.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| match source.kind() {
        ErrorKind::NotFound => Error::Missing(format!(
            "{program} is not installed (Debian: apt-get install {}, which `.ci/bare-metal install` does)",
            machine.debian
        )),
        _ => Error::File { path: program.into(), source },
    })?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = (thread::spawn(|| all(out)), thread::spawn(|| all(err)));
    let status = wait(&mut child);
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    match status {
        Some(status) if status.success() => Ok(String::from_utf8_lossy(&out).into_owned()),
        Some(status) => {
            Err(Error::Stopped { status: status.to_string(), said: last_lines(&[err, out].concat()) })
        }
        None => Err(Error::Stopped {
            status: format!("no end after {} s", PATIENCE.as_secs()),
            said: last_lines(&out),
        }),
    }
}

fn all(from: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Whatever came before the pipe broke is what there is.
    let _ = from.map(|mut from| from.read_to_end(&mut bytes));
    bytes
}

/// The exit status; `None` if it had to be stopped.
fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Ok(status) => return status,
            Err(_) => break,
        }
    }
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    None
}
