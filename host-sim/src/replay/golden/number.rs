//! Numbers of a golden file: decimals, the three not-finite words, and the exact bits beside them.

use super::Dtype;
use crate::replay::ReplayError;
use serde::{Deserialize, Deserializer, de};

/// A decimal, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal(pub(super) f64);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Decimal, E> {
        Ok(Decimal(v))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Decimal, E> {
        Ok(Decimal(v as f64))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Decimal, E> {
        Ok(Decimal(v as f64))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Decimal, E> {
        match v {
            "NaN" => Ok(Decimal(f64::NAN)),
            "Infinity" => Ok(Decimal(f64::INFINITY)),
            "-Infinity" => Ok(Decimal(f64::NEG_INFINITY)),
            _ => Err(E::invalid_value(de::Unexpected::Str(v), &self)),
        }
    }
}

/// Joins a field with its hex sibling; in float32 files the result is exactly the float the bits spell.
pub(super) fn exact(
    field: &str,
    decimals: &[Decimal],
    hex: Option<&str>,
    dtype: Dtype,
) -> Result<Vec<f64>, ReplayError> {
    match (dtype, hex) {
        (Dtype::F64, None) => Ok(decimals.iter().map(|d| d.0).collect()),
        (Dtype::F32, Some(hex)) => cross_check(field, decimals, hex),
        (Dtype::F64, Some(_)) => Err(malformed(field, "float64 files have no hex fields".into())),
        (Dtype::F32, None) => {
            Err(malformed(field, "missing; every float of a float32 file has its bits beside it".into()))
        }
    }
}

fn cross_check(field: &str, decimals: &[Decimal], hex: &str) -> Result<Vec<f64>, ReplayError> {
    if hex.len() != 8 * decimals.len() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        let digits = hex.len();
        return Err(malformed(
            field,
            format!("{digits} characters where {} elements need 8 hex digits each", decimals.len()),
        ));
    }
    decimals
        .iter()
        .enumerate()
        .map(|(index, decimal)| element(field, index, decimal.0, &hex[8 * index..][..8]))
        .collect()
}

fn element(field: &str, index: usize, decimal: f64, hex: &str) -> Result<f64, ReplayError> {
    let bits = u32::from_str_radix(hex, 16).map_err(|e| malformed(field, format!("element {index}: {e}")))?;
    let value = f32::from_bits(bits);
    if same(decimal, value) {
        Ok(f64::from(value))
    } else {
        Err(ReplayError::HexDisagrees { field: field.into(), index, decimal, hex: hex.into(), value })
    }
}

/// Whether the decimal spells this float.
///
/// Rounding a decimal to f64 and then to f32 can, rarely, end one float off; the second test catches that: the
/// shortest decimal of a float always spells it.
fn same(decimal: f64, value: f32) -> bool {
    let nearest = decimal as f32;
    (nearest.is_nan() && value.is_nan())
        || nearest.to_bits() == value.to_bits()
        || value.to_string().parse() == Ok(decimal) && decimal != 0.0
}

fn malformed(field: &str, problem: String) -> ReplayError {
    ReplayError::Hex { field: field.into(), problem }
}
