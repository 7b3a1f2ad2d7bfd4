//! A study of a task: verdict, pictures, tables, notes.

use super::{Section, picture, table, typeset::typeset};
use crate::plot;
use crate::report::sheet::Sheet;
use maud::{Markup, html};

/// What it is called.
pub(super) fn heading(sheet: &Sheet) -> String {
    format!("{}: {}", sheet.topic, sheet.task)
}

/// Where it is in the page.
pub(super) fn id(sheet: &Sheet) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("{}-{}", sheet.topic, sheet.task).chars().map(word).collect()
}

pub(super) fn section(Section { sheet, pictures }: &Section<'_>) -> Result<Markup, plot::Error> {
    let pictures = pictures.iter().map(picture::figure).collect::<Result<Vec<_>, _>>()?;
    let id = id(sheet);
    Ok(html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading(sheet)) }
            p.conditions { (typeset(&sheet.conditions)) "." }
            @if !sheet.verdict.is_empty() { p.verdict { (typeset(&sheet.verdict)) } }
            @for picture in &pictures { (picture) }
            @for table in sheet.tables.iter().filter(|table| !table.is_heat_map()) { (table::table(sheet, table)) }
            div.maps {
                @for table in sheet.tables.iter().filter(|table| table.is_heat_map()) { (table::table(sheet, table)) }
            }
            div.notes { @for note in sheet.notes.iter().filter(|note| !note.is_empty()) { p { (typeset(note)) } } }
        }
    })
}
