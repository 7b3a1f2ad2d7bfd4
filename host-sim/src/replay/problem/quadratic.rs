//! P1: `0.5 w'Hw - b'w`.

use super::Evaluated;
use super::samples::Array;
use serde::Deserialize;
use serde_json::Value;

/// A quadratic. Only the symmetric part of H counts, so that is what is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Quadratic {
    h: Vec<f64>,
    b: Vec<f64>,
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
    n: usize,
    #[serde(rename = "H")]
    h: Array,
    b: Array,
}

impl Quadratic {
    pub(super) fn read(json: &Value) -> Result<Self, String> {
        let Json { n, h, b, .. } = Json::deserialize(json).map_err(|e| e.to_string())?;
        let (h, b) = (h.shaped("H", &[n, n])?, b.shaped("b", &[n])?);
        if n == 0 {
            return Err("n is 0; it must be at least 1".into());
        }
        let half_sum = |k: usize| 0.5 * (h[k] + h[k % n * n + k / n]);
        Ok(Quadratic { h: (0..n * n).map(half_sum).collect(), b })
    }

    pub(super) fn dim(&self) -> usize {
        self.b.len()
    }

    pub(super) fn evaluate(&self, w: &[f64]) -> Evaluated {
        let n = self.b.len();
        let hw: Vec<f64> =
            self.h.chunks_exact(n).map(|row| row.iter().zip(w).map(|(h, w)| h * w).sum()).collect();
        let loss = hw.iter().zip(&self.b).zip(w).map(|((hw, b), w)| (0.5 * hw - b) * w).sum();
        Evaluated { loss, grad: hw.iter().zip(&self.b).map(|(hw, b)| hw - b).collect() }
    }
}
