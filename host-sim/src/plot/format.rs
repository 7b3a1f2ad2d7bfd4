//! Where a picture is seen: its size, and whether it carries its own title.

use super::canvas::{Canvas, Error, Lettering};
use super::style::{INK, MUTED, SMALL, TITLE};

/// Where a picture is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// In a file of its own: its title and conditions stand in it.
    File,
    /// In a page that says them, on a wide screen.
    Page,
    /// In that page on a narrow screen: about 400 pixels wide, with letters of the same size.
    Phone,
}

/// What a picture shows, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In one line.
    pub title: String,
    /// Conditions, and how to read it; a line each.
    pub details: Vec<String>,
}

impl Format {
    pub(super) const fn is_phone(self) -> bool {
        matches!(self, Self::Phone)
    }

    /// `wide`, or on a phone `narrow`.
    pub(super) const fn choose(self, wide: f64, narrow: f64) -> f64 {
        if self.is_phone() { narrow } else { wide }
    }

    /// Pixels that the heading takes.
    pub(super) fn above(self, words: &Words) -> f64 {
        if self == Self::File { 50.0 + 17.0 * words.details.len() as f64 } else { 4.0 }
    }

    /// The words on the sheet, if they stand nowhere else.
    pub(super) fn heading(self, canvas: &Canvas, left: f64, words: &Words) -> Result<(), Error> {
        if self != Self::File {
            return Ok(());
        }
        canvas.text((left, 26.0), &words.title, Lettering::new(TITLE, INK).bold())?;
        for (place, line) in words.details.iter().enumerate() {
            canvas.text((left, 50.0 + 17.0 * place as f64), line, Lettering::new(SMALL, MUTED))?;
        }
        Ok(())
    }
}
