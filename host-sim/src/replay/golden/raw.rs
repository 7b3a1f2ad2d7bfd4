//! From JSON text to [`Golden`]: the shape of the file, then the checks that need the layout.

use super::number::{Decimal, exact};
use super::{At, Dtype, Eval, Golden, Step, Tensor};
use crate::json;
use crate::replay::ReplayError;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Read first, so that a file of another format or without a trajectory gets a message of its own.
#[derive(Deserialize)]
struct Header {
    format: String,
    dtype: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct RawGolden {
    case: String,
    #[serde(rename = "set")]
    _set: String,
    method: String,
    library: String,
    library_version: String,
    function: String,
    problem: Value,
    hyperparameters: Map<String, Value>,
    layout: Vec<Tensor>,
    w0: Vec<Decimal>,
    w0_hex: Option<String>,
    steps: Vec<RawStep>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct RawStep {
    step: usize,
    loss: Decimal,
    loss_hex: Option<String>,
    #[serde(rename = "grad_norm")]
    _grad_norm: Decimal,
    batch: Option<usize>,
    evals: Vec<RawEval>,
    w: Option<Vec<Decimal>>,
    w_hex: Option<String>,
    averaged: Option<u8>,
    w_avg: Option<Vec<Decimal>>,
    w_avg_hex: Option<String>,
    n_averaged: Option<usize>,
    sam_step: Option<u8>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct RawEval {
    loss: Decimal,
    loss_hex: Option<String>,
    grad_norm: Decimal,
    at: At,
    grad: Option<Vec<Decimal>>,
    grad_hex: Option<String>,
    point: Option<Vec<Decimal>>,
    point_hex: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

pub(super) fn read(text: &str) -> Result<Golden, ReplayError> {
    let header: Header = json::from_str(text)?;
    if header.format != "golden/1" {
        return Err(ReplayError::Format(header.format));
    }
    let dtype = match header.dtype.as_str() {
        "float64" => Dtype::F64,
        "float32" => Dtype::F32,
        _ => return Err(ReplayError::Dtype(header.dtype)),
    };
    let missing: Vec<_> = ["problem", "layout", "w0", "steps"]
        .into_iter()
        .filter(|key| !header.rest.contains_key(*key))
        .collect();
    if !missing.is_empty() {
        return Err(ReplayError::NotATrajectory { missing: missing.join(", ") });
    }
    golden(json::from_value(Value::Object(header.rest))?, dtype)
}

fn golden(raw: RawGolden, dtype: Dtype) -> Result<Golden, ReplayError> {
    let mut reader = Reader { dtype, len: check_layout(&raw.layout)?, filters: 0, unread: Vec::new() };
    reader.filters = raw.layout.iter().map(Tensor::filters).sum();
    let unread = raw.others.keys().filter(|key| !key.ends_with("_version")).map(|key| format!("\"{key}\""));
    reader.unread.extend(unread);
    let w0 = reader.vector("w0", &raw.w0, raw.w0_hex.as_deref())?;
    let mut steps = Vec::with_capacity(raw.steps.len());
    for (index, step) in raw.steps.into_iter().enumerate() {
        steps.push(reader.step(index + 1, step)?);
    }
    Ok(Golden {
        case: raw.case,
        method: raw.method,
        library: raw.library,
        library_version: raw.library_version,
        function: raw.function,
        dtype,
        problem: raw.problem,
        hyperparameters: raw.hyperparameters,
        layout: raw.layout,
        w0,
        steps,
        notes: raw.notes,
        unread: reader.unread,
    })
}

/// The length of the flat vector, once the tensors are known to fill it in order.
fn check_layout(layout: &[Tensor]) -> Result<usize, ReplayError> {
    let mut end = 0usize;
    for tensor in layout {
        let product = tensor.shape.iter().try_fold(1usize, |product, &d| product.checked_mul(d));
        if tensor.offset != end || product != Some(tensor.len) || tensor.len == 0 {
            return Err(ReplayError::Inconsistent {
                place: format!("layout, tensor \"{}\"", tensor.name),
                problem: format!(
                    "offset {} and length {} do not fit shape {:?} after {end} elements",
                    tensor.offset, tensor.len, tensor.shape
                ),
            });
        }
        end = end.saturating_add(tensor.len);
    }
    Ok(end)
}

/// What every field of the file is checked against.
struct Reader {
    dtype: Dtype,
    /// Elements of the weight vector.
    len: usize,
    /// Filters of all tensors together.
    filters: usize,
    unread: Vec<String>,
}

impl Reader {
    fn step(&mut self, index: usize, raw: RawStep) -> Result<Step, ReplayError> {
        let place = format!("step {index}");
        if raw.step != index {
            return Err(ReplayError::Inconsistent {
                place,
                problem: format!("the file calls it step {}", raw.step),
            });
        }
        let mut others = raw.others;
        let noise = self.parts(&place, "noise", self.len, &mut others)?;
        let sigma = self.parts(&place, "sigma", self.filters, &mut others)?;
        self.note_unread(&place, &others);
        let loss = self.scalar(&format!("{place} loss"), raw.loss, raw.loss_hex.as_deref())?;
        let mut evals = Vec::with_capacity(raw.evals.len());
        for (number, eval) in raw.evals.into_iter().enumerate() {
            evals.push(self.eval(&format!("{place} evaluation {number}"), eval)?);
        }
        if evals.is_empty() {
            return Err(ReplayError::Inconsistent { place, problem: "no evaluation is recorded".into() });
        }
        Ok(Step {
            step: index,
            loss,
            batch: raw.batch,
            evals,
            w: self.optional(&format!("{place} w"), raw.w.as_deref(), raw.w_hex.as_deref())?,
            averaged: flag(&place, "averaged", raw.averaged)?,
            w_avg: self.optional(
                &format!("{place} w_avg"),
                raw.w_avg.as_deref(),
                raw.w_avg_hex.as_deref(),
            )?,
            n_averaged: raw.n_averaged,
            sam_step: flag(&place, "sam_step", raw.sam_step)?,
            noise,
            sigma,
        })
    }

    fn eval(&mut self, place: &str, raw: RawEval) -> Result<Eval, ReplayError> {
        self.note_unread(place, &raw.others);
        Ok(Eval {
            loss: self.scalar(&format!("{place} loss"), raw.loss, raw.loss_hex.as_deref())?,
            grad_norm: raw.grad_norm.0,
            at: raw.at,
            grad: self.optional(&format!("{place} grad"), raw.grad.as_deref(), raw.grad_hex.as_deref())?,
            point: self.optional(
                &format!("{place} point"),
                raw.point.as_deref(),
                raw.point_hex.as_deref(),
            )?,
        })
    }

    /// Takes `<stem>_0`, `<stem>_1`, ... with their hex siblings out of the other keys.
    fn parts(
        &self,
        place: &str,
        stem: &str,
        len: usize,
        others: &mut Map<String, Value>,
    ) -> Result<Vec<Vec<f64>>, ReplayError> {
        let mut parts = Vec::new();
        while let Some(value) = others.remove(&format!("{stem}_{}", parts.len())) {
            let field = format!("{stem}_{}", parts.len());
            let decimals: Vec<Decimal> = json::from_value(value)?;
            let hex: Option<String> =
                others.remove(&format!("{field}_hex")).map(json::from_value).transpose()?;
            let field = format!("{place} {field}");
            parts.push(self.sized(&field, len, &decimals, hex.as_deref())?);
        }
        Ok(parts)
    }

    fn optional(
        &self,
        field: &str,
        decimals: Option<&[Decimal]>,
        hex: Option<&str>,
    ) -> Result<Option<Vec<f64>>, ReplayError> {
        match (decimals, hex) {
            (Some(decimals), hex) => self.vector(field, decimals, hex).map(Some),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(ReplayError::Hex {
                field: field.into(),
                problem: "there are bits but no decimals".into(),
            }),
        }
    }

    fn vector(&self, field: &str, decimals: &[Decimal], hex: Option<&str>) -> Result<Vec<f64>, ReplayError> {
        self.sized(field, self.len, decimals, hex)
    }

    fn scalar(&self, field: &str, decimal: Decimal, hex: Option<&str>) -> Result<f64, ReplayError> {
        Ok(exact(field, &[decimal], hex, self.dtype)?[0])
    }

    fn sized(
        &self,
        field: &str,
        len: usize,
        decimals: &[Decimal],
        hex: Option<&str>,
    ) -> Result<Vec<f64>, ReplayError> {
        if decimals.len() != len {
            return Err(ReplayError::Length { field: field.into(), expected: len, found: decimals.len() });
        }
        exact(field, decimals, hex, self.dtype)
    }

    fn note_unread(&mut self, place: &str, others: &Map<String, Value>) {
        self.unread.extend(others.keys().map(|key| format!("\"{key}\" of {place}")));
    }
}

fn flag(place: &str, key: &str, value: Option<u8>) -> Result<Option<bool>, ReplayError> {
    match value {
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(other) => Err(ReplayError::Inconsistent {
            place: place.into(),
            problem: format!("{key} is {other}, it must be 0 or 1"),
        }),
    }
}
