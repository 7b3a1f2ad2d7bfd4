//! `pretrain`: trains a base model and writes it with everything that a device needs to fine-tune it, or trains a network on
//! Fashion-MNIST and tests it.

use super::{Error, announce_gpu};
use crate::cli::{Job, Pretrain};
use crate::data::fmnist::Source;
use crate::fmnist;
use crate::output;
use crate::pretrain::{self, Settings};
use crate::progress;
use crate::report::{label, units};
use crate::train::Device;
use std::io::{Write, stderr, stdout};
use std::path::Path;

/// Does what is asked for.
///
/// # Errors
/// When options do not go together, and as the job.
pub fn run(args: &Pretrain) -> Result<(), Error> {
    match args.job().map_err(Error::Usage)? {
        Job::Export(settings, to) => {
            announce_gpu(settings.device);
            export(&settings, &to)
        }
        Job::Fmnist(settings, to) => {
            announce_gpu(settings.device);
            pictures(&settings, to.as_deref())
        }
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Job(Box::new(error))
}

/// Trains, writes and says what was made.
///
/// # Errors
/// Before the training when the file cannot be written; when the training fails; when standard output cannot be written.
fn export(settings: &Settings, to: &Path) -> Result<(), Error> {
    let file = output::File::open(to)?;
    // Only a courtesy, as the last line.
    let _ = writeln!(stderr(), "training a base model without person {}", settings.person);
    let exported = pretrain::run(settings, &*progress::on_terminal()).map_err(failed)?;
    let described = exported.describe(settings).map_err(failed)?;
    file.write(exported.file.bytes())?;
    stdout().lock().write_all(described.as_bytes())?;
    let _ = writeln!(stderr(), "The model is in {}.", to.display());
    Ok(())
}

/// Trains on pictures, says how well the network does, and writes it if there is where to.
fn pictures(settings: &fmnist::Settings, to: Option<&Path>) -> Result<(), Error> {
    let file = to.map(output::File::open).transpose()?;
    let device = match settings.device {
        Device::Cpu => "CPU".to_owned(),
        Device::CpuWithCheapNoise => "CPU, cheap noise".to_owned(),
        Device::Gpu => crate::gpu::describe().map_err(failed)?,
    };
    let source = if settings.subset { Source::Subset } else { Source::installed() };
    let set = source.load().map_err(failed)?;
    let (model, recipe) = (settings.net.model(), settings.recipe());
    let trained = fmnist::run(model, &set, &recipe, 0.0, &*progress::on_stderr()).map_err(failed)?;
    let rate = trained.gradients as f64 / trained.seconds.max(f64::MIN_POSITIVE);
    writeln!(
        stdout().lock(),
        "{}, {} weights, {} for {} on {source}\n\
         test {:.2} %, training {:.2} %, gap {:.2} points\n\
         {:.1} s, {} gradients of pictures a second, on {device}\n\
         {} steps refused",
        model.name(),
        units::thousands(model.trainable() as u64),
        label::arm(settings.method),
        label::count(recipe.epochs as usize, "epoch"),
        100.0 * trained.test,
        100.0 * trained.train,
        100.0 * trained.gap(),
        trained.seconds,
        units::thousands(rate as u64),
        trained.refused,
    )?;
    if let (Some(file), Some(to)) = (file, to) {
        let (replay, seed) = (settings.replay, settings.seed);
        let blob = pretrain::pictures(model, &trained.weights, &set, replay, seed).map_err(failed)?;
        stdout().lock().write_all(blob.describe().map_err(failed)?.as_bytes())?;
        file.write(blob.bytes())?;
        let _ = writeln!(stderr(), "The model is in {}.", to.display());
    }
    Ok(())
}
