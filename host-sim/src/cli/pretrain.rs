//! Options of `pretrain`.

use super::names::Choice;
use super::{device, range};
use crate::finetune::{Arm, Selection, Task};
use crate::fmnist::{self, Net};
use crate::pretrain::Settings;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is trained, for whom, and where it goes.
#[derive(Debug, Args)]
pub struct Pretrain {
    /// The task that it will be fine-tuned for: turned, digits or spar; or fmnist, which trains a network on pictures of
    /// clothes (the whole of Fashion-MNIST where Debian's dataset-fashion-mnist is installed) and tests it
    #[arg(long, value_parser = target)]
    task: Target,
    /// The method that trains it
    #[arg(long, value_enum, default_value = "sgd")]
    method: Arm,
    /// This person (spar: 1 to 10) or writer (digits, turned: 0 to 13) is left out
    #[arg(long, value_name = "N", value_parser = range::person, allow_negative_numbers = true,
          required_if_eq_any = PERSONAL)]
    person: Option<u8>,
    /// Where the model blob goes (fmnist: if there is to be one)
    #[arg(long, value_name = "FILE", required_if_eq_any = PERSONAL)]
    export: Option<PathBuf>,
    /// Store old samples as i8: this many to replay for each sample that a user labels, a second set to validate with,
    /// and the model's answers, 0 to 100; fmnist: this many of each class
    #[arg(long, value_name = "N", default_value = "0", value_parser = range::replay, allow_negative_numbers = true)]
    replay: u32,
    /// Which old samples are stored
    #[arg(long, value_enum, default_value_t)]
    selection: Selection,
    /// Which repetition: decides every random number
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u32,
    /// A data set in the TDS1 format instead of the embedded one
    #[arg(long, value_name = "FILE.tds")]
    data: Option<PathBuf>,
    /// fmnist: the network, a CNN of 7,018 weights or an MLP of 3,716,106 [default: cnn]
    #[arg(long, value_enum)]
    net: Option<Net>,
    /// fmnist: passes over the pictures, 1 to 1000 [default: 10]
    #[arg(long, value_name = "N", value_parser = range::seeds, allow_negative_numbers = true)]
    epochs: Option<u32>,
    /// fmnist: the embedded subset of 7,000 pictures even where the whole set is installed
    #[arg(long)]
    subset: bool,
    /// Train on a GPU instead of the CPU (needs the feature `gpu`): the first discrete one, or that whose name contains the
    /// environment variable WGPU_ADAPTER_NAME
    #[arg(long)]
    gpu: bool,
}

/// What a model is trained for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Person(Task),
    Fmnist,
}

/// The tasks that leave someone out and write a file.
const PERSONAL: [(&str, &str); 3] = [("task", "turned"), ("task", "digits"), ("task", "spar")];

/// A task that is not `all`.
fn target(name: &str) -> Result<Target, String> {
    match <Choice as ValueEnum>::from_str(name, false) {
        Ok(Choice::One(task)) => Ok(Target::Person(task)),
        _ if name == "fmnist" => Ok(Target::Fmnist),
        _ => Err("a model is for one task: turned, digits, spar or fmnist".to_owned()),
    }
}

impl ValueEnum for Net {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Cnn, Self::Mlp]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Cnn => "cnn",
            Self::Mlp => "mlp",
        }))
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// A base model without one person, written to a file.
    Export(Settings, PathBuf),
    /// A network on Fashion-MNIST, written to a file if there is one.
    Fmnist(fmnist::Settings, Option<PathBuf>),
}

impl Pretrain {
    /// What is asked for.
    ///
    /// # Errors
    /// The names of options that are for another task.
    pub fn job(&self) -> Result<Job, &'static str> {
        let device = device(self.gpu);
        match (self.task, self.person, &self.export) {
            (Target::Person(_), ..) if self.net.is_some() || self.epochs.is_some() || self.subset => {
                Err("--net, --epochs and --subset are for --task fmnist; leave them out")
            }
            (Target::Person(task), Some(person), Some(export)) => {
                let Self { method, seed, replay, selection, .. } = *self;
                let data = self.data.clone();
                let settings = Settings { task, method, person, seed, replay, selection, data, device };
                Ok(Job::Export(settings, export.clone()))
            }
            (Target::Fmnist, None, export) if self.data.is_none() => {
                if export.is_none() && self.replay > 0 {
                    return Err("--replay stores samples in a file; give --export FILE with it");
                }
                let settings = fmnist::Settings {
                    net: self.net.unwrap_or_default(),
                    method: self.method,
                    epochs: self.epochs.unwrap_or(10),
                    seed: self.seed.into(),
                    replay: self.replay,
                    subset: self.subset,
                    device,
                };
                Ok(Job::Fmnist(settings, export.clone()))
            }
            _ => Err("--person and --data are not for --task fmnist; leave them out"),
        }
    }
}
