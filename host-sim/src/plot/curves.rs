//! Learning curves: a small plot for each method, all with the same axes, and sgd in grey behind.

use super::axis::{Axis, Frame, around};
use super::canvas::{Canvas, Error, Lettering, draw};
use super::format::{Format, Words};
use super::style::{FRAME, INK, NORMAL, PALE, SMALL, line_colour};
use crate::finetune::Point;
use crate::report::label;
use crate::report::summary::{Line, Summary};

const DASHES: [f64; 2] = [5.0, 3.0];
/// Pixels between the numbers at the ends of two curves.
const APART: f64 = 13.0;
/// Pixels that the legend takes.
const LEGEND: f64 = 29.0;

/// The sizes of the small plots.
#[derive(Clone, Copy)]
struct Grid {
    columns: usize,
    rows: usize,
    /// A small plot with its numbers.
    cell: (f64, f64),
    /// Around all of them: left, top, right, bottom.
    margin: [f64; 4],
    /// Room within a cell: left, top, right, bottom.
    pad: [f64; 4],
}

impl Grid {
    fn of(panels: usize, format: Format, words: &Words) -> Self {
        let top = format.above(words) + LEGEND;
        let columns = if format.is_phone() { 2 } else { columns(panels) };
        let rows = panels.div_ceil(columns).max(1);
        if format.is_phone() {
            let (margin, pad) = ([18.0, top, 2.0, 26.0], [28.0, 24.0, 34.0, 26.0]);
            Self { columns, rows, cell: (190.0, 156.0), margin, pad }
        } else {
            let (margin, pad) = ([34.0, top, 14.0, 34.0], [40.0, 26.0, 44.0, 30.0]);
            Self { columns, rows, cell: (262.0, 196.0), margin, pad }
        }
    }

    fn size(&self) -> (f64, f64) {
        let [left, top, right, bottom] = self.margin;
        let (width, height) = self.cell;
        (left + width * self.columns as f64 + right, top + height * self.rows as f64 + bottom)
    }

    /// The axes of a small plot.
    fn frame(&self, place: usize, [x, y]: [[f64; 2]; 2]) -> Frame {
        let left = self.margin[0] + self.cell.0 * (place % self.columns) as f64;
        let top = self.margin[1] + self.cell.1 * (place / self.columns) as f64;
        let [before, above, after, below] = self.pad;
        Frame {
            x: Axis { values: x, pixels: [left + before, left + self.cell.0 - after] },
            y: Axis { values: y, pixels: [top + self.cell.1 - below, top + above] },
        }
    }
}

/// The picture as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn svg(summary: &Summary, format: Format) -> Result<String, Error> {
    let words = words(summary);
    let grid = Grid::of(summary.lines.len(), format, &words);
    let (size, ranges) = (grid.size(), ranges(summary));
    let ([left, top, right, bottom], ticks) = (grid.margin, format.choose(4.0, 3.0));
    draw("curves", size, |canvas| {
        format.heading(canvas, left + grid.pad[0], &words)?;
        legend(canvas, (format.choose(left + grid.pad[0], 6.0), top - 20.0), summary)?;
        for (place, line) in summary.lines.iter().enumerate() {
            let frame = grid.frame(place, ranges);
            frame.draw(canvas, [ticks, 4.0])?;
            panel(canvas, frame, line, summary.base())?;
        }
        let (middle, lower) = ((left + size.0 - right) / 2.0, size.1 - bottom / 2.0 - 2.0);
        canvas.text((middle, lower), "epochs of fine-tuning", Lettering::new(NORMAL, INK).centred())?;
        let height = (top + size.1 - bottom) / 2.0;
        let upright = Lettering::new(NORMAL, INK).centred().upright();
        canvas.text((format.choose(18.0, 9.0), height), "test accuracy, %", upright)
    })
}

/// What it shows.
pub(super) fn words(summary: &Summary) -> Words {
    let people = label::count(summary.people, label::people(summary.task));
    let seeds = label::count(summary.seeds, "seed");
    Words {
        title: format!("{}: learning curves", label::task(summary.task)),
        details: vec![format!(
            "mean of {people} x {seeds}; numbers: on all test samples, as in the table (curves may use some of them)"
        )],
    }
}

const fn columns(panels: usize) -> usize {
    match panels {
        0..=2 | 4 => 2,
        3 | 5 | 6 | 9 => 3,
        _ => 4,
    }
}

/// Epochs and percent that all curves fit in.
fn ranges(summary: &Summary) -> [[f64; 2]; 2] {
    let points = || summary.lines.iter().flat_map(|line| &line.curve);
    let last = points().map(|point| point.epoch).max().unwrap_or(1).max(1);
    let percent = points().flat_map(|point| [100.0 * point.new, 100.0 * point.old]);
    [[0.0, f64::from(last)], around(percent, 0.06, 2.0)]
}

fn legend(canvas: &Canvas, (left, y): (f64, f64), summary: &Summary) -> Result<(), Error> {
    let lettering = Lettering::new(SMALL, INK);
    let text = |at: f64, text: &str| canvas.text((left + at, y), text, lettering);
    let spots = |at: f64| [(left + at, y), (left + at + 30.0, y)];
    canvas.line(&spots(0.0), INK, 2.0)?;
    text(36.0, "new user")?;
    canvas.dashes(&spots(115.0), INK, 2.0, DASHES)?;
    text(151.0, "old users")?;
    let Some(base) = summary.base() else { return Ok(()) };
    canvas.line(&spots(230.0), PALE, 2.0)?;
    text(266.0, &format!("{} for comparison", base.label()))
}

fn panel(canvas: &Canvas, frame: Frame, line: &Line, base: Option<&Line>) -> Result<(), Error> {
    let ([left, _], [_, top]) = (frame.x.pixels, frame.y.pixels);
    canvas.text((left, top - 11.0), &line.label(), Lettering::new(NORMAL, INK).bold())?;
    if let Some(base) = base {
        canvas.line(&spots(frame, base, |point| point.new), PALE, 1.4)?;
        canvas.dashes(&spots(frame, base, |point| point.old), PALE, 1.4, DASHES)?;
    }
    let colour = line_colour(line.method);
    canvas.dashes(&spots(frame, line, |point| point.old), colour, 2.0, DASHES)?;
    canvas.line(&spots(frame, line, |point| point.new), colour, 2.0)?;
    ends(canvas, frame, line)
}

fn spots(frame: Frame, line: &Line, share: fn(&Point) -> f64) -> Vec<(f64, f64)> {
    line.curve.iter().map(|point| frame.spot(f64::from(point.epoch), 100.0 * share(point))).collect()
}

/// Where both curves end, with the accuracies of the table to the right of the plot.
fn ends(canvas: &Canvas, frame: Frame, line: &Line) -> Result<(), Error> {
    let Some(last) = line.curve.last() else { return Ok(()) };
    let (colour, right) = (line_colour(line.method), frame.x.pixels[1]);
    let [new, old] = [last.new, last.old].map(|share| frame.spot(f64::from(last.epoch), 100.0 * share));
    let [new_text, old_text] = apart(new.1, old.1);
    for ((x, y), text, after) in [(new, new_text, line.new_after), (old, old_text, line.old_after)] {
        canvas.disc((x, y), 2.6, colour, colour)?;
        if x < right - 1.0 {
            canvas.dashes(&[(x + 5.0, y), (right + 2.0, text)], FRAME, 0.7, [1.0, 3.0])?;
        }
        canvas.text((right + 6.0, text), &format!("{:.1}", after.mean), Lettering::new(SMALL, INK))?;
    }
    Ok(())
}

/// Two heights, moved from each other until they are [`APART`].
fn apart(one: f64, other: f64) -> [f64; 2] {
    let short = (APART - (one - other).abs()).max(0.0) / 2.0;
    if one > other { [one + short, other - short] } else { [one - short, other + short] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_distance() {
        assert_eq!(apart(10.0, 50.0), [10.0, 50.0]);
        assert_eq!(apart(20.0, 19.0), [26.0, 13.0]);
        assert_eq!(apart(20.0, 20.0), [13.5, 26.5]);
    }
}
