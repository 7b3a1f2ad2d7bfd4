//! Deliberately damaged copies of golden files: a replay that lets one pass proves nothing.

use super::ReplayError;
use crate::tolerance::CANARY_SHIFT;
use serde_json::{Value, json};

/// A copy in which the last recorded vector `key` (`w` or `w_avg`) has one weight moved by
/// `1e-3 max(1, |w|)`, its hex too; `None` where the file records no such vector.
///
/// # Errors
/// When the text is not JSON.
pub fn moved(text: &str, key: &str) -> Result<Option<String>, ReplayError> {
    let mut file: Value = serde_json::from_str(text)?;
    let Some(step) = last_with(&mut file, key) else { return Ok(None) };
    let hex = format!("{key}_hex");
    let index = step[key].as_array().map_or(0, |w| w.len() / 2);
    let Some(w) = step[key][index].as_f64() else { return Ok(None) };
    let moved = w + CANARY_SHIFT.value * w.abs().max(1.0);
    if let Some(bits) = step.get(&hex).and_then(Value::as_str) {
        // To the nearest float, whose shortest decimal goes beside its bits as in any float32 file.
        let moved = moved as f32;
        let bits = format!("{}{:08x}{}", &bits[..8 * index], moved.to_bits(), &bits[8 * index + 8..]);
        step[&hex] = bits.into();
        step[key][index] = serde_json::from_str(&format!("{moved:e}"))?;
    } else {
        step[key][index] = json!(moved);
    }
    Ok(Some(file.to_string()))
}

/// A copy in which one decimal of the last recorded `w` is moved to the next float and its hex is not; `None` where
/// the file has no hex.
///
/// # Errors
/// When the text is not JSON.
pub fn disagreeing(text: &str) -> Result<Option<String>, ReplayError> {
    let mut file: Value = serde_json::from_str(text)?;
    let Some(step) = last_with(&mut file, "w_hex") else { return Ok(None) };
    let Some(w) = step["w"][0].as_f64() else { return Ok(None) };
    let next = f32::from_bits((w as f32).to_bits() ^ 1);
    step["w"][0] = serde_json::from_str(&format!("{next:e}"))?;
    Ok(Some(file.to_string()))
}

fn last_with<'a>(file: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    file.get_mut("steps")?.as_array_mut()?.iter_mut().rev().find(|step| step.get(key).is_some())
}
