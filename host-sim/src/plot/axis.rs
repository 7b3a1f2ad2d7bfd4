//! From values to pixels, with round numbers along the way.

use super::canvas::{Canvas, Error, Lettering, Spot};
use super::style::{FAINT, FRAME, INK, SMALL};

/// Values shown between two pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// First and last value.
    pub(super) values: [f64; 2],
    /// Where they are.
    pub(super) pixels: [f64; 2],
}

impl Axis {
    pub(super) fn pixel(&self, value: f64) -> f64 {
        let [from, to] = self.values;
        let [start, end] = self.pixels;
        start + (value - from) / (to - from) * (end - start)
    }

    /// About `count` round values.
    pub(super) fn ticks(&self, count: f64) -> Vec<f64> {
        let [from, to] = self.values;
        let step = round_step((to - from) / count);
        let (first, last) = ((from / step - 1e-9).ceil() as i64, (to / step + 1e-9).floor() as i64);
        (first..=last).map(|i| i as f64 * step).collect()
    }
}

/// The least of 1, 2, 5, 10, 20, ... that is not below `step`, or tenths of them.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&s| s >= 0.999 * step).unwrap_or(step)
}

/// The least interval that holds all values with `margin` (a share of it) on both sides, and is at least `least` wide.
pub(super) fn around(values: impl Iterator<Item = f64> + Clone, margin: f64, least: f64) -> [f64; 2] {
    let (low, high) =
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
    if !(low.is_finite() && high.is_finite()) {
        return [0.0, 100.0];
    }
    let (middle, half) = ((low + high) / 2.0, ((high - low) * (0.5 + margin)).max(least / 2.0));
    [middle - half, middle + half]
}

/// A rectangle with two axes; y goes up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Frame {
    pub(super) fn spot(&self, x: f64, y: f64) -> Spot {
        (self.x.pixel(x), self.y.pixel(y))
    }

    /// A grid of faint lines with numbers outside of the frame.
    pub(super) fn draw(&self, canvas: &Canvas, ticks: [f64; 2]) -> Result<(), Error> {
        let ([left, right], [bottom, top]) = (self.x.pixels, self.y.pixels);
        for value in self.x.ticks(ticks[0]) {
            let x = self.x.pixel(value);
            canvas.line(&[(x, bottom), (x, top)], FAINT, 1.0)?;
            canvas.text((x, bottom + 13.0), &value.to_string(), Lettering::new(SMALL, INK).centred())?;
        }
        for value in self.y.ticks(ticks[1]) {
            let y = self.y.pixel(value);
            canvas.line(&[(left, y), (right, y)], FAINT, 1.0)?;
            canvas.text((left - 7.0, y), &value.to_string(), Lettering::new(SMALL, INK).before())?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], FRAME, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let axis = |from, to| Axis { values: [from, to], pixels: [0.0, 100.0] };
        assert_eq!(axis(91.3, 97.2).ticks(6.0), [92.0, 93.0, 94.0, 95.0, 96.0, 97.0]);
        assert_eq!(axis(0.0, 60.0).ticks(3.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(axis(40.0, 101.0).ticks(4.0), [40.0, 60.0, 80.0, 100.0]);
        assert_eq!(axis(0.0, 200.0).pixel(50.0), 25.0);
    }

    #[test]
    fn an_interval_holds_its_values() {
        assert_eq!(around([1.0, 3.0].into_iter(), 0.25, 1.0), [0.5, 3.5]);
        assert_eq!(around([2.0].into_iter(), 0.25, 4.0), [0.0, 4.0]);
        assert_eq!(around([].into_iter(), 0.25, 4.0), [0.0, 100.0]);
    }
}
