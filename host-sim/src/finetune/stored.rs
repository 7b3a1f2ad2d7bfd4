//! Old samples that came with a model blob.

use super::Error;
use crate::model::Example;
use flatmin::blob::Blob;
use flatmin::tune;

/// The samples of a blob in real numbers.
pub(crate) struct Stored {
    replay: Set,
    validation: Set,
}

struct Set {
    dim: usize,
    inputs: Vec<f32>,
    labels: Vec<u8>,
}

impl Stored {
    /// What `blob` carries.
    pub(crate) fn of(blob: &Blob<'_>) -> Self {
        Self { replay: Set::of(&blob.replay()), validation: Set::of(&blob.validation()) }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.replay.labels.is_empty()
    }

    /// So many samples to replay.
    pub(super) fn replay(&self, count: usize) -> Result<Vec<Example<'_>>, Error> {
        let there = self.replay.labels.len();
        if count > there {
            return Err(Error::FewStored { needed: count, there });
        }
        Ok(self.replay.examples(count))
    }

    /// The samples of a guard.
    pub(super) fn validation(&self) -> Vec<Example<'_>> {
        self.validation.examples(self.validation.labels.len())
    }
}

impl Set {
    fn of(samples: &tune::Samples<'_, i8>) -> Self {
        let dim = samples.dim();
        let mut inputs = vec![0.0; dim * samples.len()];
        for (i, x) in inputs.chunks_mut(dim.max(1)).enumerate() {
            samples.read(i, x);
        }
        Self { dim, inputs, labels: samples.labels().to_vec() }
    }

    /// `count` of them, class by class as evenly as they are stored.
    fn examples(&self, count: usize) -> Vec<Example<'_>> {
        let inputs = self.inputs.chunks(self.dim.max(1));
        let all: Vec<_> = inputs.zip(&self.labels).map(|(x, &label)| Example { x, label }).collect();
        let share = count.min(all.len());
        (0..share).map(|i| all[i * all.len() / share]).collect()
    }
}
