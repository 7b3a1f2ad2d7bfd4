//! Emulators.

use super::build::{Image, last_lines, root};
use super::{Error, Machine, defmt};
use flatmin_parity::{ParseError, Row};
use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any image takes, on a busy machine too: one that hangs is stopped.
const PATIENCE: Duration = Duration::from_secs(900);

/// What an image says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its rows; consecutive ones of one name are one.
    pub(super) rows: Vec<Row>,
    /// Its other lines.
    pub(super) other: Vec<String>,
}

/// Runs an image to its end.
///
/// # Errors
/// [`Error::Missing`] without the emulator, [`Error::Stopped`] for any exit status but 0, [`Error::Broken`].
pub(super) fn run(machine: &Machine, image: &Image) -> Result<Said, Error> {
    Said::read(&start(machine, image)?)
}

impl Said {
    /// Reads what an image printed.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let mut said = Self::default();
        for line in text.lines().map(str::trim) {
            match line.parse::<Row>() {
                Ok(row) => said.push(row).map_err(|()| Error::Broken(line.to_owned()))?,
                Err(ParseError::Other) => said.other.push(line.to_owned()),
                Err(ParseError::Broken) => return Err(Error::Broken(line.to_owned())),
            }
        }
        Ok(said)
    }

    /// Takes in a row, or the next step of the last one.
    fn push(&mut self, row: Row) -> Result<(), ()> {
        match self.rows.last_mut().filter(|last| last.name == row.name) {
            None => self.rows.push(row),
            Some(last) => {
                last.ticks += row.ticks;
                last.hashes.extend_from_slice(&row.hashes).map_err(|_| ())?;
            }
        }
        Ok(())
    }
}

fn start(machine: &Machine, image: &Image) -> Result<String, Error> {
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
    let out = defmt::text(image, out)?;
    match status {
        Some(status) if status.success() => Ok(out),
        Some(status) => Err(Error::Stopped {
            status: status.to_string(),
            said: last_lines(&[err, out.into_bytes()].concat()),
        }),
        None => Err(Error::Stopped {
            status: format!("no end after {} s", PATIENCE.as_secs()),
            said: last_lines(out.as_bytes()),
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
