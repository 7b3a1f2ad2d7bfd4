//! A row of samples with their names.

use super::canvas::{Canvas, Error, Lettering, Spot};
use super::style::{INK, SMALL};
use plotters::style::{RGBColor, WHITE};

/// A box with its name.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) fill: RGBColor,
    pub(super) hatched: bool,
}

/// Width and height of a box in pixels.
const BOX: (f64, f64) = (22.0, 11.0);
const GAP: f64 = 8.0;

/// The boxes from left to right, on a new line where `width` is too short; returns the height that they took.
pub(super) fn boxes(canvas: &Canvas, (left, top): Spot, width: f64, entries: &[Entry]) -> Result<f64, Error> {
    let lettering = Lettering::new(SMALL, INK);
    let mut at = (left, top + 10.0);
    for Entry { name, fill, hatched } in entries {
        let wide = BOX.0 + GAP + lettering.width(name);
        if at.0 > left && at.0 + wide > left + width {
            at = (left, at.1 + 19.0);
        }
        let block = [at.0, at.1 - BOX.1 / 2.0, at.0 + BOX.0, at.1 + BOX.1 / 2.0];
        canvas.bar(block, *fill, *fill)?;
        if *hatched {
            canvas.hatch(block, WHITE)?;
        }
        canvas.text((at.0 + BOX.0 + GAP, at.1), name, lettering)?;
        at.0 += wide + GAP;
    }
    Ok(at.1 + 12.0 - top)
}
