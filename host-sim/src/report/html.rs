//! The report as one page that needs nothing else: no script, no font, no network.
//!
//! Tables are real tables, pictures are inline SVG with a text in their place, and both a wide and a narrow drawing of
//! each are there; the style sheet shows the one that fits. Colours follow the reader's light or dark preference.

mod made;
mod picture;
mod section;
mod settings;
mod table;
mod typeset;

pub use made::Made;

use super::sheet::Sheet;
use crate::finetune::Settings;
use crate::plot::{self, Picture, dark_rules};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use typeset::typeset;

/// A study in the page: what it says, and its pictures.
#[derive(Debug)]
pub struct Section<'a> {
    /// Tables and words.
    pub sheet: Sheet,
    /// Pictures, in the order they are shown.
    pub pictures: Vec<Picture<'a>>,
}

/// Nothing may be fetched and nothing may run; styles stand in the page itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/// The page.
///
/// # Errors
/// When a picture cannot be drawn.
pub fn page(sections: &[Section<'_>], settings: &Settings, made: &Made) -> Result<String, plot::Error> {
    let bodies = sections.iter().map(section::section).collect::<Result<Vec<_>, _>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { "flatmin-sim report" }
                style { (styles()) }
            }
            body {
                a.skip href="#content" { "Skip to the results" }
                header { (masthead(sections, made)) }
                main #content {
                    @if sections.iter().any(has_verdict) { (in_short(sections)) }
                    @for body in &bodies { (body) }
                    (settings::settings(settings, made))
                }
                footer { (made.versions()) ". Everything on this page is in this one file." }
            }
        }
    };
    Ok(page.into_string())
}

fn styles() -> PreEscaped<String> {
    let dark = dark_rules(".picture");
    PreEscaped(format!(
        "{}@media screen and (prefers-color-scheme: dark){{\n{dark}}}\n",
        include_str!("html/page.css")
    ))
}

fn masthead(sections: &[Section<'_>], made: &Made) -> Markup {
    html! {
        p.kicker { "flatmin-sim report" }
        h1 { "Fine-tuning on a device, method by method" }
        p.lead {
            "A model that has never seen a person is fine-tuned on a few of their labelled samples. What does each way "
            "of doing it give that user, and what does it take from everyone else?"
        }
        pre.command tabindex="0" aria-label="The command that made this report" { code { (made.command) } }
        nav aria-label="Sections" {
            ul {
                @for section in sections {
                    li { a href={ "#" (section::id(&section.sheet)) } { (section::heading(&section.sheet)) } }
                }
                li { a href="#settings" { "Settings and versions" } }
            }
        }
    }
}

/// Every verdict, before any number.
fn in_short(sections: &[Section<'_>]) -> Markup {
    html! {
        section aria-labelledby="short" {
            h2 #short { "In short" }
            div.cards {
                @for Section { sheet, .. } in sections.iter().filter(|section| has_verdict(section)) {
                    article.card {
                        h3 { a href={ "#" (section::id(sheet)) } { (section::heading(sheet)) } }
                        p { (typeset(&sheet.verdict)) }
                    }
                }
            }
        }
    }
}

const fn has_verdict(section: &Section<'_>) -> bool {
    !section.sheet.verdict.is_empty()
}
