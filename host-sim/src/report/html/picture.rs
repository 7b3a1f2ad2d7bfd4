//! Pictures: inline SVG, drawn once for a wide and once for a narrow screen.

use super::typeset::typeset;
use crate::plot::{self, Format, Kind, Picture};
use crate::report::label;
use crate::report::ram::{PART_NAMES, fits, parts};
use crate::report::units::thousands;
use maud::{Markup, PreEscaped, html};

pub(super) fn figure(picture: &Picture<'_>) -> Result<Markup, plot::Error> {
    let words = picture.words();
    let svg = |format| Ok::<_, plot::Error>(PreEscaped(picture.svg(format)?));
    let (wide, narrow) = (svg(Format::Page)?, svg(Format::Phone)?);
    let text = format!("{}. {}", words.title, words.details.join(". "));
    Ok(html! {
        figure id=(picture.stem()) {
            div.picture.wide role="img" aria-label=(text) { (wide) }
            div.picture.narrow role="img" aria-label=(text) { (narrow) }
            figcaption {
                strong { (typeset(&words.title)) ". " }
                @for detail in &words.details { (typeset(&sentence(detail))) " " }
            }
            @if picture.kind == Kind::Ram { (ram_numbers(picture)) }
        }
    })
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What the bars stand for, as numbers.
fn ram_numbers(picture: &Picture<'_>) -> Markup {
    let lines = picture.ram_lines();
    html! {
        details {
            summary { "The bars as numbers" }
            div.scroll role="region" tabindex="0" aria-label="RAM in bytes" {
                table {
                    caption { "RAM in bytes: " (label::task(picture.task())) }
                    thead {
                        tr {
                            th scope="col" { "method" }
                            @for name in PART_NAMES { th.right scope="col" { (name) } }
                            th.right scope="col" { "all" }
                            th.right scope="col" { "fits" }
                        }
                    }
                    tbody {
                        @for line in lines {
                            tr {
                                th scope="row" { (line.label()) }
                                @for part in parts(line.ram) { td.right { (thousands(part as u64)) } }
                                td.right { (thousands(line.ram.total() as u64)) }
                                td.right {
                                    @match fits(line.ram.total()) {
                                        Some(budget) => { (budget) " KiB" }
                                        None => { "none of them" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
