//! Inputs, labels and the batches they are visited in.

use super::Part;
use serde::Deserialize;

/// A matrix as golden files write it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    #[serde(rename = "order")]
    _order: Option<RowMajor>,
    pub(super) data: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
enum RowMajor {
    #[serde(rename = "row-major")]
    RowMajor,
}

impl Array {
    /// Its data, if it has this shape.
    pub(super) fn shaped(self, name: &str, shape: &[usize]) -> Result<Vec<f64>, String> {
        let len = shape.iter().try_fold(1usize, |product, &d| product.checked_mul(d));
        if self.shape == shape && len == Some(self.data.len()) {
            Ok(self.data)
        } else {
            Err(format!(
                "{name} has shape {:?} and {} numbers, {shape:?} is needed",
                self.shape,
                self.data.len()
            ))
        }
    }
}

/// Labelled samples, and the batches that steps cycle through.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Samples {
    features: usize,
    inputs: Vec<f64>,
    labels: Vec<usize>,
    batches: Vec<Vec<usize>>,
}

impl Samples {
    /// Checks `count` samples of shape `input`.
    pub(super) fn new(
        count: usize,
        input: &[usize],
        classes: usize,
        inputs: Array,
        labels: Vec<usize>,
        batches: Option<Vec<Vec<usize>>>,
    ) -> Result<Self, String> {
        let shape: Vec<usize> = [count].iter().chain(input).copied().collect();
        let inputs = inputs.shaped("X", &shape)?;
        let features = input.iter().product();
        if count == 0 || labels.len() != count || labels.iter().any(|&y| y >= classes) {
            return Err(format!("y must hold {count} labels below {classes}, and at least one"));
        }
        let batches = batches.unwrap_or_else(|| vec![(0..count).collect()]);
        if batches.is_empty() || batches.iter().any(|b| b.is_empty() || b.iter().any(|&i| i >= count)) {
            return Err(format!("batches must hold sample indices below {count}, and none may be empty"));
        }
        Ok(Samples { features, inputs, labels, batches })
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    pub(super) fn batch_count(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn smallest_batch(&self) -> usize {
        self.batches.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// Input and label of every sample in a part of the batch of step `step` (1-based).
    pub(super) fn rows(&self, step: usize, part: Part) -> Vec<(&[f64], usize)> {
        let batch = &self.batches[(step - 1) % self.batches.len()];
        let chosen = match part {
            Part::Whole => &batch[..],
            Part::Of { index, of } => &batch[index * batch.len() / of..(index + 1) * batch.len() / of],
        };
        chosen.iter().map(|&i| (&self.inputs[i * self.features..][..self.features], self.labels[i])).collect()
    }
}
