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
/// Dark enough not to be taken for the green by those who see no green.
const GREY: RGBColor = RGBColor(92, 92, 92);
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
    use crate::tolerance::COLOURS_APART;

    /// What is left of linear red, green and blue for those who lack one kind of cone (Machado, Oliveira and Fernandes
    /// 2009, severity 1).
    const SIGHT: [(&str, [[f64; 3]; 3]); 4] = [
        ("three kinds of cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    fn times(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
    }

    /// The colour as it is seen, in OKLab (Ottosson 2020).
    fn seen(RGBColor(red, green, blue): RGBColor, sight: &[[f64; 3]; 3]) -> [f64; 3] {
        let linear = [red, green, blue].map(|channel| match f64::from(channel) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        });
        let seen = times(sight, linear).map(|channel| channel.clamp(0.0, 1.0));
        let cones = times(
            &[
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ],
            seen,
        );
        times(
            &[
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ],
            cones.map(f64::cbrt),
        )
    }

    /// The two colours that are nearest to each other, with their distance.
    fn nearest(colours: &[RGBColor], sight: &[[f64; 3]; 3]) -> (f64, RGBColor, RGBColor) {
        let distance = |a: RGBColor, b: RGBColor| {
            let apart = seen(a, sight).into_iter().zip(seen(b, sight)).map(|(a, b)| (a - b) * (a - b));
            (apart.sum::<f64>().sqrt(), a, b)
        };
        let pairs = colours.iter().enumerate().flat_map(|(i, &a)| colours[..i].iter().map(move |&b| (a, b)));
        pairs.map(|(a, b)| distance(a, b)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
    }

    #[test]
    fn colours_are_told_apart_by_colour_blind_people() {
        let mut colours: Vec<RGBColor> = ARMS.into_iter().map(colour).collect();
        colours.dedup();
        for group in [&colours[..], &PARTS, &[HARM, EVEN, GOOD]] {
            for (name, sight) in &SIGHT {
                let (distance, a, b) = nearest(group, sight);
                assert!(distance > COLOURS_APART.value, "{name}: {a:?} and {b:?} are {distance:.3} apart");
            }
        }
        // The canary: the grey that we had is the green of those who see no green.
        let (distance, ..) = nearest(&[RGBColor(127, 127, 127), GREEN], &SIGHT[2].1);
        assert!(distance < COLOURS_APART.value, "{distance}");
    }

    #[test]
    fn no_two_methods_look_the_same() {
        for (place, one) in ARMS.into_iter().enumerate() {
            assert!(ARMS[..place].iter().all(|&other| look(other) != look(one)), "{one:?}");
        }
    }
}
