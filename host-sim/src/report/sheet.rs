//! What a study says, before it becomes text or a page: tables with their words.

use super::grid::{self, Column};
use super::table::WIDTH;

/// What a study says about a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Its question, such as `What each method buys`.
    pub topic: &'static str,
    /// The name of the task.
    pub task: &'static str,
    /// Under which conditions it was answered.
    pub conditions: String,
    /// The tables.
    pub tables: Vec<Table>,
    /// How to read them, and what to beware of; a paragraph each.
    pub notes: Vec<String>,
    /// What the numbers allow us to say; may be empty.
    pub verdict: String,
}

/// A table of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What sets it apart from the others of its sheet; may be empty.
    pub caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each cell after the first of its row the number that it shows; empty where a table is no heat map.
    pub(super) shades: Vec<Vec<f64>>,
}

impl Table {
    /// A table without a caption.
    pub(super) fn new<const N: usize>(columns: [Column; N], rows: Vec<[String; N]>) -> Self {
        let rows = rows.into_iter().map(Vec::from).collect();
        Self { caption: String::new(), columns: columns.into(), rows, shades: Vec::new() }
    }

    /// Whether its numbers are also shown as colours.
    pub fn is_heat_map(&self) -> bool {
        !self.shades.is_empty()
    }

    /// With a caption.
    pub(super) fn captioned(self, caption: String) -> Self {
        Self { caption, ..self }
    }
}

impl Sheet {
    /// For a terminal.
    pub fn text(&self) -> String {
        let mut text = paragraph(&format!("{}. {}: {}", self.topic, self.task, self.conditions));
        for Table { caption, columns, rows, .. } in &self.tables {
            text += "\n";
            text += &paragraph(caption);
            text += &grid::render(columns, rows);
        }
        text += "\n";
        text.extend(self.notes.iter().chain([&self.verdict]).map(|note| paragraph(note)));
        text
    }
}

/// The texts of sheets, an empty line between them.
pub fn text(sheets: &[Sheet]) -> String {
    sheets.iter().map(Sheet::text).collect::<Vec<_>>().join("\n")
}

/// Lines within [`WIDTH`]; nothing of nothing.
fn paragraph(text: &str) -> String {
    if text.is_empty() { String::new() } else { grid::wrap(text, WIDTH).join("\n") + "\n" }
}
