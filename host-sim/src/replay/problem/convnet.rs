//! P5: one convolution with an activation, then a linear layer, mean softmax cross-entropy.

use super::mlp::{Activation, softmax_cross_entropy};
use super::samples::{Array, Samples};
use super::{Evaluated, Part};
use serde::Deserialize;
use serde_json::Value;

/// A convolutional net of square filters, *valid*. Everything has its channels first: inputs
/// `[channel][row][column]`, filters `[filter][channel][row][column]`, the inputs of the linear layer
/// `[filter][row][column]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Convnet {
    pub(in crate::replay) shape: Shape,
    pub(super) samples: Samples,
}

/// The sizes of a [`Convnet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::replay) struct Shape {
    /// Channels, rows and columns of an input.
    pub(in crate::replay) input: [usize; 3],
    pub(in crate::replay) filters: usize,
    pub(in crate::replay) kernel: usize,
    pub(in crate::replay) stride: usize,
    pub(in crate::replay) classes: usize,
    pub(in crate::replay) activation: Activation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "loss")]
    _loss: String,
    #[serde(rename = "seed")]
    _seed: Option<Value>,
    activation: Activation,
    input: [usize; 3],
    filters: usize,
    kernel: usize,
    padding: usize,
    stride: usize,
    classes: usize,
    samples: usize,
    #[serde(rename = "X")]
    x: Array,
    y: Vec<usize>,
    batches: Option<Vec<Vec<usize>>>,
}

impl Convnet {
    pub(super) fn read(json: &Value) -> Result<Self, String> {
        let json = Json::deserialize(json).map_err(|e| e.to_string())?;
        let Json { input, filters, kernel, stride, classes, activation, .. } = json;
        if json.padding != 0 {
            return Err(format!("padding is {}; only 0 is implemented", json.padding));
        }
        if kernel == 0 || stride == 0 || kernel > input[1].min(input[2]) {
            return Err(format!(
                "a kernel of {kernel} with stride {stride} does not fit an input of {input:?}"
            ));
        }
        let samples = Samples::new(json.samples, &input, classes, json.x, json.y, json.batches)?;
        let shape = Shape { input, filters, kernel, stride, classes, activation };
        Ok(Convnet { shape, samples })
    }

    /// Input and label of every sample in a part of the batch of step `step` (1-based).
    pub(in crate::replay) fn rows(&self, step: usize, part: Part) -> Vec<(&[f64], usize)> {
        self.samples.rows(step, part)
    }

    pub(super) fn shapes(&self) -> Vec<Vec<usize>> {
        let Shape { input: [channels, ..], filters, kernel, classes, .. } = self.shape;
        let features = filters.saturating_mul(self.shape.positions());
        vec![vec![filters, channels, kernel, kernel], vec![filters], vec![classes, features], vec![classes]]
    }

    pub(super) fn evaluate(&self, rows: &[(&[f64], usize)], w: &[f64]) -> Evaluated {
        let shape = self.shape;
        let (kernels, rest) = w.split_at(shape.filters * shape.window());
        let (bias, rest) = rest.split_at(shape.filters);
        let features = shape.filters * shape.positions();
        let (dense, dense_bias) = rest.split_at(shape.classes * features);
        let mut grad = vec![0.0; w.len()];
        let (grad_kernels, grad_rest) = grad.split_at_mut(kernels.len());
        let (grad_bias, grad_rest) = grad_rest.split_at_mut(bias.len());
        let (grad_dense, grad_dense_bias) = grad_rest.split_at_mut(dense.len());
        let share = 1.0 / rows.len() as f64;
        let mut mean = 0.0;
        for &(x, label) in rows {
            let mut h = Vec::with_capacity(features);
            for (kernel, bias) in kernels.chunks_exact(shape.window()).zip(bias) {
                for p in 0..shape.positions() {
                    let z = shape.reads(p).zip(kernel).map(|(i, w)| w * x[i]).sum::<f64>() + bias;
                    h.push(shape.activation.apply(z));
                }
            }
            let logit = |(row, b): (&[f64], &f64)| b + row.iter().zip(&h).map(|(w, h)| w * h).sum::<f64>();
            let logits: Vec<f64> = dense.chunks_exact(features).zip(dense_bias).map(logit).collect();
            let (loss, dz) = softmax_cross_entropy(&logits, label);
            mean += share * loss;

            let mut dh = vec![0.0; features];
            for (class, dz) in dz.iter().enumerate() {
                let dz = share * dz;
                grad_dense_bias[class] += dz;
                let row = class * features..(class + 1) * features;
                for (((g, w), h), dh) in
                    grad_dense[row.clone()].iter_mut().zip(&dense[row]).zip(&h).zip(&mut dh)
                {
                    *g += dz * h;
                    *dh += dz * w;
                }
            }
            for (feature, (dh, h)) in dh.iter().zip(&h).enumerate() {
                let (filter, p) = (feature / shape.positions(), feature % shape.positions());
                let dz = dh * shape.activation.slope(*h);
                grad_bias[filter] += dz;
                for (g, i) in grad_kernels[filter * shape.window()..].iter_mut().zip(shape.reads(p)) {
                    *g += dz * x[i];
                }
            }
        }
        Evaluated { loss: mean, grad }
    }
}

impl Shape {
    fn columns(self) -> usize {
        (self.input[2] - self.kernel) / self.stride + 1
    }

    /// Output positions.
    pub(in crate::replay) fn positions(self) -> usize {
        ((self.input[1] - self.kernel) / self.stride + 1) * self.columns()
    }

    /// Weights of a filter.
    fn window(self) -> usize {
        self.input[0] * self.kernel * self.kernel
    }

    /// The inputs of output position `p`, in the order of a filter's weights.
    fn reads(self, p: usize) -> impl Iterator<Item = usize> {
        let [_, height, width] = self.input;
        let (top, left) = (p / self.columns() * self.stride, p % self.columns() * self.stride);
        let area = self.kernel * self.kernel;
        (0..self.window()).map(move |i| {
            let (channel, row, column) = (i / area, i % area / self.kernel, i % self.kernel);
            (channel * height + top + row) * width + left + column
        })
    }
}
