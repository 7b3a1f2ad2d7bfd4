//! Rows as JSON lines.

use crate::finetune::Row;
use crate::json;

/// One line of JSON a row.
///
/// # Errors
/// When a row cannot be written as JSON.
pub fn to_lines(rows: &[Row]) -> serde_json::Result<String> {
    rows.iter().map(|row| serde_json::to_string(row).map(|line| line + "\n")).collect()
}

/// The rows of JSON lines; empty lines are skipped.
///
/// # Errors
/// At the first line that is no row.
pub fn from_lines(lines: &str) -> serde_json::Result<Vec<Row>> {
    lines.lines().filter(|line| !line.trim().is_empty()).map(json::from_str).collect()
}
