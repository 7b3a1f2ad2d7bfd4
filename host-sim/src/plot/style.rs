//! What the pictures share: colours that colour-blind people tell apart, a shape and a dash a method, axis ranges.

use crate::finetune::Arm;
use crate::report::summary::Line;
use plotters::style::{IntoFont, RGBColor, TextStyle};

/// Size of a picture in pixels.
pub(super) const SIZE: (u32, u32) = (900, 560);
/// Width of the column of labels at the right, in pixels.
pub(super) const LEGEND: u32 = 190;
/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(60, 60, 60);
/// Grid lines.
pub(super) const FAINT: RGBColor = RGBColor(225, 225, 225);

/// The colour of a method: the palette of Okabe and Ito, and two greys.
pub(super) const fn colour(arm: Arm) -> RGBColor {
    match arm {
        Arm::Sgd => RGBColor(0, 0, 0),
        Arm::Sgd2x => RGBColor(110, 110, 110),
        Arm::SgdWd => RGBColor(170, 170, 170),
        Arm::Adam => RGBColor(230, 159, 0),
        Arm::Sam => RGBColor(0, 114, 178),
        Arm::Lpf => RGBColor(213, 94, 0),
        Arm::Rst => RGBColor(86, 180, 233),
        Arm::Ema => RGBColor(204, 121, 167),
        Arm::Swa => RGBColor(0, 158, 115),
        Arm::SamSwa => RGBColor(150, 120, 20),
    }
}

/// The outline of a marker, as a polygon around (0, 0).
pub(super) fn shape(arm: Arm, radius: f64) -> Vec<(i32, i32)> {
    let (corners, turn) = match arm {
        Arm::Sgd | Arm::Sgd2x | Arm::SgdWd => (24, 0.0),
        Arm::Adam => (3, 0.0),
        Arm::Sam | Arm::SamSwa => (4, 0.125),
        Arm::Rst => (4, 0.0),
        Arm::Lpf => (3, 0.5),
        Arm::Ema => (5, 0.0),
        Arm::Swa => (6, 0.0),
    };
    let corner = |k: u32| {
        let angle = std::f64::consts::TAU * (f64::from(k) / f64::from(corners) + turn);
        ((radius * angle.sin()).round() as i32, (-radius * angle.cos()).round() as i32)
    };
    (0..corners).map(corner).collect()
}

/// Whether a line's marker is filled: those with stored samples are.
pub(super) const fn filled(line: &Line) -> bool {
    line.replay > 0
}

/// An axis that holds all values, with some air, in percent.
pub(super) fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return 0.0..100.0;
    }
    let air = ((high - low) * 0.08).max(0.5);
    low - air..high + air
}

/// Moves label positions apart so that neighbours keep `gap` pixels; the order is kept.
pub(super) fn spread(wanted: &[i32], gap: i32, bottom: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&i| wanted[i]);
    let mut placed = vec![0; wanted.len()];
    let mut last = i32::MIN / 2;
    for &i in &order {
        placed[i] = wanted[i].max(last + gap);
        last = placed[i];
    }
    let mut limit = bottom;
    for &i in order.iter().rev() {
        placed[i] = placed[i].min(limit);
        limit = placed[i] - gap;
    }
    placed
}

/// Text of a size in pixels.
pub(super) fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}
