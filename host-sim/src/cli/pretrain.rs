//! Options of `pretrain`.

use super::names::Choice;
use super::range;
use crate::finetune::{Arm, Task};
use crate::pretrain::Settings;
use clap::Args;
use std::path::PathBuf;

/// What is trained, for whom, and where it goes.
#[derive(Debug, Args)]
pub struct Pretrain {
    /// The task that it will be fine-tuned for
    #[arg(long, value_parser = one_task)]
    task: Task,
    /// The method that trains it
    #[arg(long, value_enum, default_value = "sgd")]
    method: Arm,
    /// This person (spar: 1 to 10) or writer (digits, turned: 0 to 13) is left out
    #[arg(long, value_name = "N", value_parser = range::person, allow_negative_numbers = true)]
    person: u8,
    /// Where the model blob goes
    #[arg(long, value_name = "FILE")]
    pub export: PathBuf,
    /// Store old samples as i8: this many to replay for each sample that a user labels, a second set to validate with,
    /// and the model's answers, 0 to 100
    #[arg(long, value_name = "N", default_value = "0", value_parser = range::replay, allow_negative_numbers = true)]
    replay: u32,
    /// Which repetition: decides every random number
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u32,
    /// A data set in the TDS1 format instead of the embedded one
    #[arg(long, value_name = "FILE.tds")]
    data: Option<PathBuf>,
}

/// A task that is not `all`.
fn one_task(name: &str) -> Result<Task, String> {
    match <Choice as clap::ValueEnum>::from_str(name, false) {
        Ok(Choice::One(task)) => Ok(task),
        _ => Err("a model is for one task: turned, digits or spar".to_owned()),
    }
}

impl Pretrain {
    /// What is asked for.
    pub fn settings(&self) -> Settings {
        Settings {
            task: self.task,
            method: self.method,
            person: self.person,
            seed: self.seed,
            replay: self.replay,
            data: self.data.clone(),
        }
    }
}
