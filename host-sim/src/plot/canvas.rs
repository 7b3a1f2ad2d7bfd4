//! A sheet to draw on, in pixels with fractions.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle, WHITE};

/// Plotters counts whole units: this many are one pixel.
const UNITS: f64 = 10.0;
/// Plotters makes texts smaller by this factor when it writes SVG.
const SHRINK: f64 = 1.24;

/// A picture that cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw {name}: {reason}; rows.jsonl has the numbers")]
pub struct Error {
    name: &'static str,
    reason: String,
}

/// A place on the sheet, from its top left corner.
pub(super) type Spot = (f64, f64);

/// How a text is written.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size: f64,
    pub(super) colour: RGBColor,
    pub(super) side: HPos,
    pub(super) bold: bool,
    /// From bottom to top.
    pub(super) upright: bool,
}

impl Lettering {
    /// Text that begins at its spot; its middle is at the spot's height.
    pub(super) const fn new(size: f64, colour: RGBColor) -> Self {
        Self { size, colour, side: HPos::Left, bold: false, upright: false }
    }

    pub(super) const fn coloured(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) const fn centred(self) -> Self {
        Self { side: HPos::Center, ..self }
    }

    pub(super) const fn before(self) -> Self {
        Self { side: HPos::Right, ..self }
    }

    pub(super) const fn upright(self) -> Self {
        Self { upright: true, ..self }
    }

    /// About how wide a text is, rather too wide than too narrow.
    pub(super) fn width(&self, text: &str) -> f64 {
        0.6 * self.size * text.chars().count() as f64
    }
}

/// The sheet. What is drawn later covers what was drawn before.
pub(super) struct Canvas<'a> {
    name: &'static str,
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// The SVG text of a sheet of `size` pixels on which `paint` has drawn.
pub(super) fn draw(
    name: &'static str,
    size: (f64, f64),
    paint: impl FnOnce(&Canvas) -> Result<(), Error>,
) -> Result<String, Error> {
    let units = ((size.0 * UNITS).round() as u32, (size.1 * UNITS).round() as u32);
    let mut text = String::new();
    {
        let canvas = Canvas { name, area: SVGBackend::with_string(&mut text, units).into_drawing_area() };
        canvas.area.fill(&WHITE).map_err(|e| canvas.error(e))?;
        paint(&canvas)?;
        canvas.area.present().map_err(|e| canvas.error(e))?;
    }
    let in_units = format!(r#"width="{}" height="{}""#, units.0, units.1);
    let in_pixels = format!(r#"width="{}" height="{}""#, size.0, size.1);
    Ok(text.replacen(&in_units, &in_pixels, 1))
}

impl<'a> Canvas<'a> {
    /// An open line.
    pub(super) fn line(&self, spots: &[Spot], colour: RGBColor, width: f64) -> Result<(), Error> {
        self.put(&PathElement::new(whole(spots), stroke(colour, width)))
    }

    /// A line of dashes of `dash` pixels and gaps of `gap` pixels.
    pub(super) fn dashes(
        &self,
        spots: &[Spot],
        colour: RGBColor,
        width: f64,
        [dash, gap]: [f64; 2],
    ) -> Result<(), Error> {
        cut(spots, dash, gap).iter().try_for_each(|piece| self.line(piece, colour, width))
    }

    /// A filled shape with an outline of another colour.
    pub(super) fn shape(&self, spots: &[Spot], fill: RGBColor, outline: RGBColor) -> Result<(), Error> {
        self.put(&Polygon::new(whole(spots), ShapeStyle::from(fill).filled()))?;
        let closed: Vec<Spot> = spots.iter().chain(spots.first()).copied().collect();
        self.line(&closed, outline, 1.0)
    }

    /// A filled rectangle, from left, top, right, bottom, with an outline.
    pub(super) fn bar(&self, block: [f64; 4], fill: RGBColor, outline: RGBColor) -> Result<(), Error> {
        let [left, top, right, bottom] = block;
        self.shape(&[(left, top), (right, top), (right, bottom), (left, bottom)], fill, outline)
    }

    /// Slanted lines within such a rectangle.
    pub(super) fn hatch(&self, block: [f64; 4], colour: RGBColor) -> Result<(), Error> {
        slants(block, 5.0).iter().try_for_each(|line| self.line(line, colour, 1.0))
    }

    /// A filled disc with an outline of another colour.
    pub(super) fn disc(&self, at: Spot, radius: f64, fill: RGBColor, outline: RGBColor) -> Result<(), Error> {
        self.put(&Circle::new(unit(at), radius * UNITS, ShapeStyle::from(fill).filled()))?;
        self.put(&Circle::new(unit(at), radius * UNITS, stroke(outline, 1.0)))
    }

    /// One line of text.
    pub(super) fn text(&self, at: Spot, text: &str, lettering: Lettering) -> Result<(), Error> {
        let Lettering { size, colour, side, bold, upright } = lettering;
        let weight = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let style = TextStyle::from((FontFamily::SansSerif, size * UNITS * SHRINK, weight))
            .color(&colour)
            .transform(if upright { FontTransform::Rotate270 } else { FontTransform::None })
            .pos(Pos::new(side, VPos::Center));
        self.put(&Text::new(text, unit(at), style))
    }

    fn put<'e, E>(&self, element: &'e E) -> Result<(), Error>
    where
        &'e E: PointCollection<'e, (i32, i32)>,
        E: Drawable<SVGBackend<'a>>,
    {
        self.area.draw(element).map_err(|reason| self.error(reason))
    }

    fn error(&self, reason: impl ToString) -> Error {
        Error { name: self.name, reason: reason.to_string() }
    }
}

fn unit((x, y): Spot) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn whole(spots: &[Spot]) -> Vec<(i32, i32)> {
    spots.iter().map(|&spot| unit(spot)).collect()
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle::from(colour).stroke_width((width * UNITS).round() as u32)
}

/// Lines that rise to the right at 45 degrees, `step` pixels apart, cut off at the edges of a rectangle.
fn slants([left, top, right, bottom]: [f64; 4], step: f64) -> Vec<[Spot; 2]> {
    let (width, height) = (right - left, bottom - top);
    let count = ((width + height) / step).ceil().max(0.0) as u32;
    let slant = |i: u32| {
        // It enters at the left or lower edge, `along` pixels after the top left corner, and leaves at the other two.
        let along = (f64::from(i) + 0.5) * step;
        let from = if along < height { (left, top + along) } else { (left + along - height, bottom) };
        let to = if along < width { (left + along, top) } else { (right, top + along - width) };
        [from, to]
    };
    (0..count).map(slant).filter(|[from, to]| from.0 < right && to.1 < bottom).collect()
}

/// The pieces of a line that dashes leave.
fn cut(spots: &[Spot], dash: f64, gap: f64) -> Vec<Vec<Spot>> {
    let mut pieces: Vec<Vec<Spot>> = Vec::new();
    let (mut inked, mut left) = (false, 0.0);
    for pair in spots.windows(2) {
        let ([x, y], [dx, dy]) = ([pair[0].0, pair[0].1], [pair[1].0 - pair[0].0, pair[1].1 - pair[0].1]);
        let length = dx.hypot(dy);
        let mut at = 0.0;
        while at < length {
            let on_line = |at: f64| (x + dx * at / length, y + dy * at / length);
            if left <= 0.0 {
                inked = !inked;
                left = if inked { dash } else { gap };
                if inked {
                    pieces.push(vec![on_line(at)]);
                }
            }
            let step = left.min(length - at).max(1e-6);
            (at, left) = (at + step, left - step);
            if let (true, Some(piece)) = (inked, pieces.last_mut()) {
                piece.push(on_line(at.min(length)));
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::F64_SUM;

    #[test]
    fn dashes_go_round_corners() {
        let pieces = cut(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], 4.0, 2.0);
        assert_eq!(pieces, [vec![(0.0, 0.0), (4.0, 0.0)], vec![(5.0, 1.0), (5.0, 5.0)]]);
        assert!(cut(&[(1.0, 1.0), (1.0, 1.0)], 4.0, 2.0).is_empty());
    }

    #[test]
    fn slants_stay_within() {
        for block in [[0.0, 0.0, 30.0, 12.0], [5.0, 5.0, 8.0, 50.0], [1.0, 1.0, 1.5, 1.2]] {
            let [left, top, right, bottom] = block;
            for [from, to] in slants(block, 5.0) {
                for (x, y) in [from, to] {
                    assert!(
                        (left..=right).contains(&x) && (top..=bottom).contains(&y),
                        "{x} {y} in {block:?}"
                    );
                }
                assert!((to.0 - from.0 - (from.1 - to.1)).abs() < F64_SUM.value);
            }
        }
        assert_eq!(slants([0.0, 0.0, 30.0, 12.0], 5.0).len(), 8);
    }

    #[test]
    fn a_sheet_is_measured_in_pixels() {
        let lettering = Lettering::new(12.0, WHITE);
        let text = draw("t", (100.0, 50.0), |canvas| canvas.text((1.0, 2.0), "a<b", lettering)).unwrap();
        assert!(text.contains(r#"width="100" height="50" viewBox="0 0 1000 500""#), "{text}");
        assert!(text.contains("a&lt;b") && text.contains(r#"font-size="120"#), "{text}");
    }
}
