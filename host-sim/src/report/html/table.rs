//! Tables that a screen reader can read out, and that scroll by themselves where a screen is narrow.

use super::typeset::typeset;
use crate::report::grid::{Column, Side};
use crate::report::sheet::{Sheet, Table};
use maud::{Markup, html};

/// The table at this place of a sheet.
pub(super) fn table(sheet: &Sheet, place: usize) -> Markup {
    let Some(table) = sheet.tables.get(place) else { return html! {} };
    let Table { columns, rows, shades, .. } = table;
    let caption = caption(sheet, table);
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table.heat[!shades.is_empty()] {
                caption { span { (typeset(&caption)) } }
                thead { tr { @for column in columns { th scope="col" class=(side(column)) { (head(column)) } } } }
                tbody {
                    @for (r, row) in rows.iter().enumerate() {
                        tr {
                            @for (c, (cell, column)) in row.iter().zip(columns).enumerate() {
                                @if c == 0 { th scope="row" { (cell) } }
                                @else { td class=(side(column)) style=[shade(table, r, c)] { (typeset(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Its own caption, or what its sheet asks.
fn caption(sheet: &Sheet, table: &Table) -> String {
    match table.caption.as_str() {
        "" => format!("{}: {}", sheet.topic, sheet.task),
        caption if table.shades.is_empty() => caption.to_owned(),
        caption => format!("{caption}; the stronger the colour, the higher"),
    }
}

/// How strong the colour of a cell of a heat map is, from the least to the greatest of its table.
fn shade(table: &Table, row: usize, column: usize) -> Option<String> {
    let values = || table.shades.iter().flatten().copied();
    let (low, high) = (values().fold(1.0, f64::min), values().fold(0.0, f64::max));
    let value = table.shades.get(row)?.get(column.checked_sub(1)?)?;
    let share = (value - low) / (high - low).max(1e-9);
    Some(format!("--heat:{:.0}%", 60.0 * share))
}

const fn side(column: &Column) -> &'static str {
    match column.side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

/// Lines of a head stay lines.
fn head(column: &Column) -> Markup {
    html! { @for (place, line) in column.head.lines().enumerate() { @if place > 0 { br; } (line) } }
}
