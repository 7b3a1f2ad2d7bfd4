//! Why an experiment cannot be run.

use super::Task;
use crate::data::DataError;
use crate::report::label;
use crate::train;
use flatmin::nn;
use std::path::PathBuf;

/// Why an experiment cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of range.
    #[error("{name} = {value} is out of range; {expected}")]
    Setting {
        /// Its name, as in [`Settings`](super::Settings).
        name: &'static str,
        /// The refused value.
        value: String,
        /// What to give instead.
        expected: &'static str,
    },
    /// Wise-FT is asked for beside a guard that holds nothing out.
    #[error(
        "--wise-ft chooses by the samples that a guard holds out, and --guard {guard} holds out none; \
         give --guard accuracy or loss, or leave --guard out"
    )]
    NoEvidence {
        /// The guard's name.
        guard: &'static str,
    },
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The shape of a file fits none of the networks.
    #[error(
        "{}: items of {inputs} values in {classes} classes fit no network; give samples of 64 values in 10 classes \
         (tasks turned and digits) or streams of 6 channels in 7 classes (task spar)",
        path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Values of an item (of a window, for streams).
        inputs: usize,
        /// Classes.
        classes: usize,
    },
    /// A file fits a network, but none of the tasks that were asked for.
    #[error("{} fits {fits}, but none of the tasks asked for; add one of them", path.display())]
    NoTask {
        /// The file.
        path: PathBuf,
        /// The tasks that it fits.
        fits: &'static str,
    },
    /// No row of the baselines has such a name.
    #[error("no row of the baselines has {asked} in its name; names begin with: {}", known.join("; "))]
    NoRow {
        /// What was asked for.
        asked: String,
        /// What names begin with.
        known: Vec<String>,
    },
    /// Nobody of that number is in the data.
    #[error(
        "the data of the task {} have no {} {person}; choose one of {}, or leave the task out",
        label::task(*task),
        label::people(*task),
        known.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
    )]
    NoPerson {
        /// The task.
        task: Task,
        /// Who was asked for.
        person: u8,
        /// Who is there.
        known: Vec<u8>,
    },
    /// Too few people for a sequence.
    #[error(
        "one after another takes at least {needed} people, one of them to train the base model on, and the data have \
         {there}; give a file with more, or leave --sequence out"
    )]
    FewPeople {
        /// People that it takes.
        needed: usize,
        /// People that there are.
        there: usize,
    },
    /// A set of samples that the experiment needs is empty.
    #[error("person {person}: no sample is left {purpose}; record more, or leave the person out")]
    NoSamples {
        /// The person.
        person: u8,
        /// What the samples are for.
        purpose: &'static str,
    },
    /// A model blob has fewer old samples than a run replays.
    #[error(
        "{needed} old samples are to be replayed, but the model has {there}; export it with a greater --replay, or ask for less"
    )]
    FewStored {
        /// Samples asked for.
        needed: usize,
        /// Samples in the blob.
        there: usize,
    },
    /// A model blob cannot be used.
    #[error(transparent)]
    Blob(#[from] crate::pretrain::BlobError),
    /// Training stopped.
    #[error(transparent)]
    Train(#[from] train::Error),
    /// A model refused its arguments.
    #[error("the model cannot be evaluated: {0}; inputs and labels must fit the network")]
    Model(#[from] nn::Error),
    /// Worker threads cannot be had.
    #[error("cannot start worker threads: {0}; try fewer")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl Error {
    /// Whether the request itself makes no sense, whatever the data.
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Setting { .. } | Self::NoEvidence { .. } | Self::NoRow { .. } | Self::NoPerson { .. }
        )
    }
}
