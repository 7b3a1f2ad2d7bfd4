//! Tables that a screen reader can read out, and that scroll by themselves where a screen is narrow.

use super::typeset::typeset;
use crate::report::grid::{Column, Side};
use crate::report::sheet::{Sheet, Table};
use maud::{Markup, html};

/// A table of this sheet.
pub(super) fn table(sheet: &Sheet, table: &Table) -> Markup {
    let Table { columns, rows, .. } = table;
    let caption = caption(sheet, table);
    html! {
        div.scroll role="region" tabindex="0" aria-label=(caption) {
            table.heat[table.is_heat_map()] {
                caption { span { (typeset(&caption)) } }
                thead { tr { @for column in columns { th scope="col" class=(side(column)) { (head(column)) } } } }
                tbody {
                    @for (r, row) in rows.iter().enumerate() {
                        tr {
                            @for (c, (cell, column)) in row.iter().zip(columns).enumerate() {
                                @if c == 0 { th scope="row" { (cell) } }
                                @else { td class=(side(column)) style=[shade(sheet, table, r, c)] { (typeset(cell)) } }
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
        caption if table.is_heat_map() => format!("{caption}; the stronger the colour, the higher"),
        caption => caption.to_owned(),
    }
}

/// How strong the colour of a cell of a heat map is, from the least to the greatest number of all maps of its sheet.
fn shade(sheet: &Sheet, table: &Table, row: usize, column: usize) -> Option<String> {
    let values = || sheet.tables.iter().flat_map(|table| &table.shades).flatten().copied();
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
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
