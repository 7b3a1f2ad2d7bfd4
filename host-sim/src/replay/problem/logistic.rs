//! P2: mean binary cross-entropy with logits, `z = W x + b`, y in {0, 1}.

use super::Evaluated;
use super::samples::{Array, Samples};
use serde::Deserialize;
use serde_json::Value;

/// Logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
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
    samples: usize,
    features: usize,
    #[serde(rename = "X")]
    x: Array,
    y: Vec<usize>,
    batches: Option<Vec<Vec<usize>>>,
}

impl Logistic {
    pub(super) fn read(json: &Value) -> Result<Self, String> {
        let json = Json::deserialize(json).map_err(|e| e.to_string())?;
        let samples = Samples::new(json.samples, &[json.features], 2, json.x, json.y, json.batches)?;
        Ok(Logistic { samples })
    }

    pub(super) fn shapes(&self) -> Vec<Vec<usize>> {
        vec![vec![1, self.samples.features()], vec![1]]
    }

    pub(super) fn evaluate(&self, rows: &[(&[f64], usize)], w: &[f64]) -> Evaluated {
        let (weights, bias) = w.split_at(self.samples.features());
        let mut value = Evaluated { loss: 0.0, grad: vec![0.0; w.len()] };
        let share = 1.0 / rows.len() as f64;
        for &(x, label) in rows {
            let y = label as f64;
            let z = bias[0] + weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
            value.loss += share * (z.max(0.0) - z * y + (-z.abs()).exp().ln_1p());
            let dz = share * (1.0 / (1.0 + (-z).exp()) - y);
            for (grad, x) in value.grad.iter_mut().zip(x.iter().chain(&[1.0])) {
                *grad += dz * x;
            }
        }
        value
    }
}
