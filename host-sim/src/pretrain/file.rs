//! A model blob in memory, read with the loader that devices use.

use crate::finetune::Task;
use crate::model::Model;
use crate::report::label;
use flatmin::blob::{Blob, Contents, Error};
use flatmin::tune::Samples;
use std::path::{Path, PathBuf};

/// Why a model blob cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The file cannot be read.
    #[error(
        "cannot read {}: {source}; --base takes a file that pretrain wrote, or the method that trains the base model: {}",
        path.display(),
        label::ARMS.map(label::arm).join(", ")
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bytes are no blob, or not one of the network.
    #[error("{}: {source}", path.display())]
    Blob {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Error,
    },
    /// The blob is of a network that none of the tasks asked for has.
    #[error("{} is a model for {}, not for {asked}; {}", path.display(), made_for(tasks).0, made_for(tasks).1)]
    OtherTask {
        /// The file.
        path: PathBuf,
        /// The tasks that have its network.
        tasks: Vec<Task>,
        /// Those asked for.
        asked: String,
    },
    /// The model has seen the person that it is to be fine-tuned for.
    #[error(
        "{} was trained without person {left_out}, so its accuracy for person {person} is no test; give --person {left_out}",
        path.display()
    )]
    Seen {
        /// The file.
        path: PathBuf,
        /// Who was left out.
        left_out: u32,
        /// Who is personalised.
        person: u8,
    },
    /// What was to be stored does not fit together.
    #[error("cannot store the samples: {0}")]
    Samples(#[from] flatmin::Error),
}

/// What a model is good for, and what to do.
fn made_for(tasks: &[Task]) -> (String, String) {
    let names = tasks.iter().map(|task| label::task(*task)).collect::<Vec<_>>().join(" and ");
    match tasks {
        [] => ("no task of this version".to_owned(), "write it again with pretrain".to_owned()),
        [task, ..] => (names, format!("give --task {}", label::task(*task))),
    }
}

/// The bytes of a blob, aligned.
#[derive(Clone, Debug, PartialEq)]
pub struct BlobFile {
    path: PathBuf,
    words: Vec<u32>,
    len: usize,
}

impl BlobFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is no blob.
    pub fn read(path: &Path) -> Result<Self, BlobError> {
        let bytes =
            std::fs::read(path).map_err(|source| BlobError::Read { path: path.to_owned(), source })?;
        let mut words = vec![0_u32; bytes.len().div_ceil(4)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(&bytes);
        let file = Self { path: path.to_owned(), words, len: bytes.len() };
        file.parse()?;
        Ok(file)
    }

    /// Packs contents.
    ///
    /// # Errors
    /// When they do not fit together.
    pub fn write(contents: &Contents<'_>) -> Result<Self, BlobError> {
        let path = PathBuf::from("the new model");
        let mut words = Vec::new();
        let written = contents.write(&mut |word| words.push(u32::from_ne_bytes(word)));
        written.map_err(|source| BlobError::Blob { path: path.clone(), source })?;
        Ok(Self { path, len: 4 * words.len(), words })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }

    /// The checksum at the end.
    pub fn checksum(&self) -> u32 {
        self.words.last().map_or(0, |word| u32::from_le_bytes(word.to_ne_bytes()))
    }

    /// What it holds.
    ///
    /// # Errors
    /// When it is no blob.
    pub fn parse(&self) -> Result<Blob<'_>, BlobError> {
        Blob::parse(self.bytes()).map_err(|source| self.error(source))
    }

    /// What it holds, for a network and a person that it has not seen.
    ///
    /// # Errors
    /// When it is no blob of the network, or the person is not the one who was left out.
    pub fn of_person(&self, model: &dyn Model, person: u8) -> Result<Blob<'_>, BlobError> {
        let blob = self.parse()?.of_layout(model.layout_hash(), model.params());
        let blob = blob.map_err(|source| self.error(source))?;
        let left_out = blob.left_out();
        if left_out == u32::from(person) || left_out == u32::MAX {
            Ok(blob)
        } else {
            Err(BlobError::Seen { path: self.path.clone(), left_out, person })
        }
    }

    /// That it is of the network of `tasks`, not of those asked for.
    pub(crate) fn of_other(&self, tasks: Vec<Task>, asked: &[Task]) -> BlobError {
        let asked = asked.iter().map(|task| label::task(*task)).collect::<Vec<_>>().join(", ");
        BlobError::OtherTask { path: self.path.clone(), tasks, asked }
    }

    /// What it holds, in a few lines.
    ///
    /// # Errors
    /// When it is no blob.
    pub fn describe(&self) -> Result<String, BlobError> {
        let blob = self.parse()?;
        let (replay, validation) = (blob.replay(), blob.validation());
        let bytes = |samples: &Samples<'_, i8>| samples.values().len() + samples.labels().len();
        Ok(format!(
            "weights            {:6}   {:8} bytes\n\
             replay samples     {:6}   {:8} bytes (i8), logits {} bytes\n\
             validation samples {:6}   {:8} bytes (i8)\n\
             layout {:08x}, CRC-32 {:08x}, {} bytes in all\n",
            blob.weights().len(),
            4 * blob.weights().len(),
            replay.len(),
            bytes(&replay),
            4 * replay.len() * blob.classes(),
            validation.len(),
            bytes(&validation),
            blob.layout(),
            self.checksum(),
            self.bytes().len(),
        ))
    }

    fn error(&self, source: Error) -> BlobError {
        BlobError::Blob { path: self.path.clone(), source }
    }
}
