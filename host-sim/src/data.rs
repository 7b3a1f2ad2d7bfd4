//! Data sets: three embedded ones, the whole of Fashion-MNIST where it is installed, and any file in the TDS1 format.

pub mod digits;
pub mod fmnist;
mod idx;
pub mod tds;
pub mod turn;
pub mod wrist;

use std::path::{Path, PathBuf};
use tds::{Body, Samples, Tds, TdsError};

/// Labelled inputs of one length, with whom they came from and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// All inputs, one after the other; [`Dataset::input`] cuts out one.
    pub inputs: Vec<f32>,
    /// Values of one input.
    pub dim: usize,
    /// One label an input, below `classes`.
    pub labels: Vec<u8>,
    /// Who made each input: a writer block, or a person.
    pub groups: Vec<u8>,
    /// The split each sample was filed under (0 train, 1 test); 0 for windows.
    pub splits: Vec<u8>,
    /// The arm each window was worn on (1 right); 0 for samples.
    pub sides: Vec<u8>,
    /// When each input was made, from 0 to 1: its place within its recording (windows) or its group (samples).
    pub pos: Vec<f32>,
    /// Number of classes.
    pub classes: usize,
    /// How each channel was standardised; empty for samples as they are.
    pub channels: Vec<Channel>,
}

/// How a channel was standardised: `(x - mean) / sd`. A device needs the same two numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Mean, in real units.
    pub mean: f32,
    /// Standard deviation, in real units; 1 for a constant channel.
    pub sd: f32,
}

impl Channel {
    /// Mean and deviation of some values.
    fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let values = values.map(f64::from);
        let count = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let sd = (values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
        Self { mean: mean as f32, sd: if sd > 0.0 { sd as f32 } else { 1.0 } }
    }

    /// `(x - mean) / sd`.
    #[must_use]
    pub fn standardise(self, x: f32) -> f32 {
        (x - self.mean) / self.sd
    }
}

/// Why a data set cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path given to --data", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not a valid TDS1 file.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TdsError,
    },
    /// A compressed file cannot be read or unpacked.
    #[error("cannot read {}: {source}; install Debian's dataset-fashion-mnist again, or remove it to use the subset", path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder says.
        source: std::io::Error,
    },
    /// A file of a data set is not what its header says.
    #[error("{}: {problem}; the file is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The bytes are not a valid TDS1 file.
    #[error(transparent)]
    Tds(#[from] TdsError),
    /// No recording is as long as one window.
    #[error(
        "no recording has the {needed} frames of one window (the longest has {longest}); record longer streams"
    )]
    NoWindow {
        /// Frames a window needs.
        needed: usize,
        /// Frames of the longest recording.
        longest: usize,
    },
}

impl Dataset {
    /// Reads a data set from the bytes of any TDS1 file: samples are scaled, streams are cut into standardised
    /// windows (see [`wrist`]).
    ///
    /// # Errors
    /// When the bytes are no valid TDS1 file, or streams are too short for one window.
    pub fn from_tds(bytes: &[u8]) -> Result<Self, DataError> {
        Self::try_from(&tds::decode(bytes)?)
    }

    /// Reads a data set from any TDS1 file.
    ///
    /// # Errors
    /// As [`Dataset::from_tds`], and when the file cannot be read; the message names the file.
    pub fn from_file(path: &Path) -> Result<Self, DataError> {
        let bytes =
            std::fs::read(path).map_err(|source| DataError::Read { path: path.to_owned(), source })?;
        let tds = tds::decode(&bytes).map_err(|source| DataError::File { path: path.to_owned(), source })?;
        Self::try_from(&tds)
    }

    /// Number of inputs.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no input at all.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Input `i`.
    ///
    /// # Panics
    /// When `i` is not below [`Dataset::len`].
    pub fn input(&self, i: usize) -> &[f32] {
        &self.inputs[i * self.dim..][..self.dim]
    }
}

impl TryFrom<&Tds> for Dataset {
    type Error = DataError;

    fn try_from(tds: &Tds) -> Result<Self, DataError> {
        match &tds.body {
            Body::Samples(samples) => Ok(scaled(tds, samples)),
            Body::Streams(streams) => wrist::windows(streams, usize::from(tds.classes)),
        }
    }
}

/// Samples in real units: `scale * stored`.
fn scaled(tds: &Tds, samples: &Samples) -> Dataset {
    Dataset {
        inputs: samples.values.iter().map(|&q| samples.scale * f32::from(q)).collect(),
        dim: tds.dims.iter().map(|&d| usize::from(d)).product(),
        labels: samples.labels.clone(),
        groups: samples.groups.clone(),
        splits: samples.splits.clone(),
        sides: vec![0; samples.labels.len()],
        pos: place_in_group(&samples.groups),
        classes: usize::from(tds.classes),
        channels: Vec::new(),
    }
}

/// For each item, the share of its group that comes before it in the file.
fn place_in_group(groups: &[u8]) -> Vec<f32> {
    let mut sizes = [0u32; 256];
    let ranks: Vec<u32> = groups
        .iter()
        .map(|&group| {
            let size = &mut sizes[usize::from(group)];
            *size += 1;
            *size - 1
        })
        .collect();
    let place =
        |(&group, &rank): (&u8, &u32)| (f64::from(rank) / f64::from(sizes[usize::from(group)])) as f32;
    groups.iter().zip(&ranks).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_group_is_the_share_before_it() {
        assert_eq!(place_in_group(&[7, 7, 3, 7, 7, 3]), [0.0, 0.25, 0.0, 0.5, 0.75, 0.5]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Dataset::from_file(Path::new("/no/such.tds")).unwrap_err();
        assert!(error.to_string().contains("/no/such.tds"), "{error}");
    }

    #[test]
    fn a_file_reads_like_its_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), digits::BYTES).unwrap();
        assert_eq!(Dataset::from_file(file.path()).unwrap(), digits::load().unwrap());
        std::fs::write(file.path(), b"TDS").unwrap();
        let message = Dataset::from_file(file.path()).unwrap_err().to_string();
        assert!(message.contains("not a TDS1 file"), "{message}");
    }
}
