//! Colours that colour-blind people can tell apart (Okabe and Ito 2008), and a marker shape for each method.

use super::canvas::{Canvas, Error, Spot};
use crate::finetune::Arm;
use plotters::style::{RGBColor, WHITE};
use std::f64::consts::TAU;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
/// Text of less weight.
pub(super) const MUTED: RGBColor = RGBColor(105, 105, 105);
/// The border of a plot.
pub(super) const FRAME: RGBColor = RGBColor(120, 120, 120);
/// What is compared with.
pub(super) const PALE: RGBColor = RGBColor(175, 175, 175);
/// Grid lines.
pub(super) const FAINT: RGBColor = RGBColor(232, 232, 232);
/// The ground behind runs that did harm.
pub(super) const HARM_GROUND: RGBColor = RGBColor(252, 240, 231);
/// The bars of such runs.
pub(super) const HARM: RGBColor = VERMILLION;
/// The bars of runs that changed little.
pub(super) const EVEN: RGBColor = GREY;
/// The bars of runs that did good.
pub(super) const GOOD: RGBColor = BLUE;
/// The parts of a bar, light enough for [`ON_PARTS`].
pub(super) const PARTS: [RGBColor; 4] = [SKY, ORANGE, GREEN, PURPLE];
/// Text on a filled part, the same on a dark page.
pub(super) const ON_PARTS: RGBColor = RGBColor(12, 12, 12);

/// Height of small, normal and title text in pixels.
pub(super) const SMALL: f64 = 12.0;
pub(super) const NORMAL: f64 = 13.0;
pub(super) const TITLE: f64 = 17.0;

/// Radius of a marker in pixels.
pub(super) const MARKER: f64 = 6.5;

const BLACK: RGBColor = RGBColor(0, 0, 0);
const GREY: RGBColor = RGBColor(127, 127, 127);
const ORANGE: RGBColor = RGBColor(230, 159, 0);
const SKY: RGBColor = RGBColor(86, 180, 233);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const YELLOW: RGBColor = RGBColor(240, 228, 66);
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
const VERMILLION: RGBColor = RGBColor(213, 94, 0);
const PURPLE: RGBColor = RGBColor(204, 121, 167);

/// The outline of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Disc,
    /// Corners, the first one turned from the top by this many 24ths of a circle.
    Polygon(u8, u8),
    Star,
}

/// Relatives share a colour family, never colour and shape.
const fn look(arm: Arm) -> (RGBColor, Shape) {
    match arm {
        Arm::Sgd => (BLACK, Shape::Disc),
        Arm::Sgd2x => (GREY, Shape::Disc),
        Arm::SgdWd => (GREY, Shape::Polygon(4, 3)),
        Arm::Adam => (ORANGE, Shape::Polygon(4, 3)),
        Arm::Sam => (BLUE, Shape::Polygon(4, 0)),
        Arm::Lpf => (GREEN, Shape::Polygon(3, 0)),
        Arm::Rst => (SKY, Shape::Polygon(3, 12)),
        Arm::Ema => (PURPLE, Shape::Polygon(5, 0)),
        Arm::Swa => (VERMILLION, Shape::Polygon(6, 0)),
        Arm::SamSwa => (YELLOW, Shape::Star),
    }
}

/// The colour of a method.
pub(super) const fn colour(arm: Arm) -> RGBColor {
    look(arm).0
}

/// The colour of a method's lines: as [`colour`], where that is dark enough.
pub(super) fn line_colour(arm: Arm) -> RGBColor {
    if colour(arm) == YELLOW { RGBColor(168, 152, 0) } else { colour(arm) }
}

/// The colour of a method's name: as [`line_colour`], dark enough to read.
pub(super) fn text_colour(arm: Arm) -> RGBColor {
    darker(line_colour(arm))
}

const fn darker(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    const fn of(channel: u8) -> u8 {
        (channel as u32 * 68 / 100) as u8
    }
    RGBColor(of(red), of(green), of(blue))
}

/// The marker of a method; with stored samples it has a ring.
pub(super) fn marker(canvas: &Canvas, at: Spot, arm: Arm, replay: u32) -> Result<(), Error> {
    let (fill, shape) = look(arm);
    if replay > 0 {
        canvas.disc(at, MARKER + 4.5, WHITE, line_colour(arm))?;
    }
    match shape {
        Shape::Disc => canvas.disc(at, 0.85 * MARKER, fill, INK),
        Shape::Polygon(corners, turn) => canvas.shape(&corners_of(at, corners, turn, 1.0), fill, INK),
        Shape::Star => canvas.shape(&corners_of(at, 10, 0, 0.45), fill, INK),
    }
}

/// Corners on a circle; every other one nearer to the middle by the factor `inner`.
fn corners_of((x, y): Spot, corners: u8, turn: u8, inner: f64) -> Vec<Spot> {
    let corner = |i: u8| {
        let angle = TAU * (f64::from(i) / f64::from(corners) + f64::from(turn) / 24.0);
        let radius = if i % 2 == 1 { inner * MARKER } else { MARKER };
        (x + radius * angle.sin(), y - radius * angle.cos())
    };
    (0..corners).map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::label::ARMS;

    #[test]
    fn no_two_methods_look_the_same() {
        for (place, one) in ARMS.into_iter().enumerate() {
            assert!(ARMS[..place].iter().all(|&other| look(other) != look(one)), "{one:?}");
        }
    }
}
