//! P3 and P4: a multi-layer perceptron with tanh or ReLU, mean softmax cross-entropy.

use super::Evaluated;
use super::samples::{Array, Samples};
use serde::Deserialize;
use serde_json::Value;

/// What follows every layer but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::replay) enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// max(z, 0); its slope at 0 is 0.
    Relu,
}

/// A multi-layer perceptron of any depth; weights `[out][in]`, then biases, layer after layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    sizes: Vec<usize>,
    activation: Activation,
    pub(super) samples: Samples,
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
    sizes: Vec<usize>,
    samples: usize,
    #[serde(rename = "X")]
    x: Array,
    y: Vec<usize>,
    batches: Option<Vec<Vec<usize>>>,
}

impl Mlp {
    pub(super) fn read(json: &Value) -> Result<Self, String> {
        let json = Json::deserialize(json).map_err(|e| e.to_string())?;
        let [inputs, .., classes] = json.sizes[..] else {
            return Err(format!("sizes {:?} must hold at least two numbers", json.sizes));
        };
        let samples = Samples::new(json.samples, &[inputs], classes, json.x, json.y, json.batches)?;
        Ok(Mlp { sizes: json.sizes, activation: json.activation, samples })
    }

    pub(super) fn shapes(&self) -> Vec<Vec<usize>> {
        self.sizes.windows(2).flat_map(|pair| [vec![pair[1], pair[0]], vec![pair[1]]]).collect()
    }

    pub(super) fn evaluate(&self, rows: &[(&[f64], usize)], w: &[f64]) -> Evaluated {
        let mut value = Evaluated { loss: 0.0, grad: vec![0.0; w.len()] };
        let share = 1.0 / rows.len() as f64;
        for &(x, label) in rows {
            let layers = self.forward(x, w);
            let (loss, mut dz) = softmax_cross_entropy(&layers[layers.len() - 1], label);
            value.loss += share * loss;
            dz.iter_mut().for_each(|d| *d *= share);
            self.backward(&layers, dz, w, &mut value.grad);
        }
        value
    }

    /// The input, then the output of every layer; the last are the logits.
    fn forward(&self, x: &[f64], w: &[f64]) -> Vec<Vec<f64>> {
        let mut layers = vec![x.to_vec()];
        let mut rest = w;
        for (depth, pair) in self.sizes.windows(2).enumerate() {
            let (weights, after) = rest.split_at(pair[0] * pair[1]);
            let (bias, after) = after.split_at(pair[1]);
            rest = after;
            let last = depth + 2 == self.sizes.len();
            let input = &layers[depth];
            let output = |(row, b): (&[f64], &f64)| {
                let z = b + row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>();
                if last { z } else { self.activation.apply(z) }
            };
            layers.push(weights.chunks_exact(pair[0]).zip(bias).map(output).collect());
        }
        layers
    }

    /// Adds the gradient of one sample, given the gradient of its logits.
    fn backward(&self, layers: &[Vec<f64>], mut dz: Vec<f64>, w: &[f64], grad: &mut [f64]) {
        let mut end = w.len();
        for depth in (0..self.sizes.len() - 1).rev() {
            let input = &layers[depth];
            let bias = end - dz.len();
            let start = bias - dz.len() * input.len();
            let mut dx = vec![0.0; input.len()];
            for (o, &d) in dz.iter().enumerate() {
                grad[bias + o] += d;
                let row = start + o * input.len();
                for (i, x) in input.iter().enumerate() {
                    grad[row + i] += d * x;
                    dx[i] += d * w[row + i];
                }
            }
            dx.iter_mut().zip(input).for_each(|(d, &output)| *d *= self.activation.slope(output));
            dz = dx;
            end = start;
        }
    }
}

impl Activation {
    pub(super) fn apply(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => z.tanh(),
            Activation::Relu if z < 0.0 => 0.0,
            Activation::Relu => z,
        }
    }

    /// The slope, from the activation's output.
    pub(super) fn slope(self, output: f64) -> f64 {
        match self {
            Activation::Tanh => 1.0 - output * output,
            Activation::Relu => f64::from(u8::from(output > 0.0)),
        }
    }
}

/// Loss of one sample and its gradient by the logits.
pub(super) fn softmax_cross_entropy(logits: &[f64], label: usize) -> (f64, Vec<f64>) {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - top).exp()).collect();
    let sum: f64 = powers.iter().sum();
    let mut dz: Vec<f64> = powers.iter().map(|p| p / sum).collect();
    dz[label] -= 1.0;
    (sum.ln() + top - logits[label], dz)
}
