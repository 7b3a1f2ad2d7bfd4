//! What the commands do: one small file each.

pub mod baselines;
pub mod bench;
pub mod budget;
pub mod finetune;
pub mod mcu;
pub mod methods;
pub mod parity;
pub mod pretrain;
pub mod replay;

use crate::cli::Command;
use crate::train::Device;
use crate::{finetune as experiment, gpu, output, plot};
use std::io::{self, Write};

/// Why a command failed: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The output folder or a file in it.
    #[error(transparent)]
    Output(#[from] output::Error),
    /// A picture.
    #[error(transparent)]
    Plot(#[from] plot::Error),
    /// The computation itself.
    #[error(transparent)]
    Job(Box<dyn std::error::Error + Send + Sync>),
    /// A comparison failed; the lines above say where.
    #[error("{0} does not agree; the lines marked FAIL say which")]
    Disagrees(&'static str),
    /// A backend that was asked for is not there.
    #[error("the backend {name} is not there: {why}")]
    Absent {
        /// Its name.
        name: &'static str,
        /// Why not.
        why: String,
    },
    /// Options that do not go together.
    #[error("{0}")]
    Usage(&'static str),
    /// A result cannot be written as JSON.
    #[error("cannot write a result as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Stdout(#[from] io::Error),
}

impl Error {
    /// Whether the command line asks for something that does not exist, rather than that the work failed.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Usage(_) => true,
            Self::Job(error) => {
                error.downcast_ref::<experiment::Error>().is_some_and(experiment::Error::is_usage)
            }
            _ => false,
        }
    }

    /// Whether the reader of standard output has gone, as `head` does: no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Says on which GPU is trained, if on one. Only a courtesy: if there is none, whoever needs it says why.
fn announce_gpu(device: Device) {
    if device == Device::Gpu
        && let Ok(gpu) = gpu::describe()
    {
        let _ = writeln!(io::stderr(), "training on {gpu}");
    }
}

/// Does what is asked for.
///
/// # Errors
/// See [`Error`].
pub fn run(command: &Command) -> Result<(), Error> {
    match command {
        Command::Finetune(args) => finetune::run(args),
        Command::Pretrain(args) => pretrain::run(args),
        Command::Methods(args) => methods::run(args),
        Command::Budget(args) => budget::run(args),
        Command::Baselines(args) => baselines::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Mcu(args) => mcu::run(args),
        Command::Parity(args) => parity::run(args),
    }
}
