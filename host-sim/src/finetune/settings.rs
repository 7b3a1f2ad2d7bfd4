//! What the user asked for.

use super::{Arm, Options, Study, Task};
use crate::train::Device;
use std::path::PathBuf;

/// What the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Tasks, in the order they are shown.
    pub tasks: Vec<Task>,
    /// Arms, in the order they are shown.
    pub arms: Vec<Arm>,
    /// Only this person (or writer block); everyone if `None`.
    pub person: Option<u8>,
    /// Independent repetitions, numbered from 0.
    pub seeds: u32,
    /// Learning rate of every arm instead of the tuned ones.
    pub lr: Option<f32>,
    /// What every run does beside its method. (The studies of keeping and wrong labels add their own.)
    pub options: Options,
    /// The model blob to fine-tune, if [`Options::base`] says so.
    pub blob: Option<PathBuf>,
    /// Which tables are made.
    pub studies: Vec<Study>,
    /// Stored old samples per labelled one; `None`: every arm without, and sgd and sam also with 1.
    pub replay: Option<u32>,
    /// A TDS file instead of the embedded data.
    pub data: Option<PathBuf>,
    /// Worker threads; 0 for one a core. Results do not depend on it.
    pub threads: usize,
    /// Who trains.
    pub device: Device,
}

/// The question of methods, asked once of everyone in both usual tasks; no arm is named yet.
impl Default for Settings {
    fn default() -> Self {
        Self {
            tasks: vec![Task::Turned, Task::Spar],
            arms: Vec::new(),
            person: None,
            seeds: 1,
            lr: None,
            options: Options::default(),
            blob: None,
            studies: vec![Study::Methods],
            replay: None,
            data: None,
            threads: 0,
            device: Device::Cpu,
        }
    }
}
