//! Learning curves: a small plot for each method, all with the same axes, and sgd in grey behind.

use super::axis::{Axis, Frame, around};
use super::canvas::{Canvas, Error, Lettering, draw};
use super::style::{FRAME, INK, MUTED, NORMAL, PALE, SMALL, TITLE, line_colour};
use crate::finetune::Point;
use crate::report::label;
use crate::report::summary::{Line, Summary};

/// A small plot with its numbers.
const CELL: (f64, f64) = (262.0, 196.0);
/// Around all small plots: left, top, right, bottom.
const MARGIN: [f64; 4] = [34.0, 96.0, 14.0, 34.0];
/// Room within a cell: left, top, right, bottom.
const PAD: [f64; 4] = [40.0, 26.0, 44.0, 30.0];
const DASHES: [f64; 2] = [5.0, 3.0];
/// Pixels between the numbers at the ends of two curves.
const APART: f64 = 13.0;

/// The picture as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub fn curves(summary: &Summary) -> Result<String, Error> {
    let columns = columns(summary.lines.len());
    let rows = summary.lines.len().div_ceil(columns).max(1);
    let [left, top, right, bottom] = MARGIN;
    let size = (left + CELL.0 * columns as f64 + right, top + CELL.1 * rows as f64 + bottom);
    let [x, y] = ranges(summary);
    draw("curves", size, |canvas| {
        heading(canvas, summary)?;
        for (place, line) in summary.lines.iter().enumerate() {
            let corner = (left + CELL.0 * (place % columns) as f64, top + CELL.1 * (place / columns) as f64);
            panel(canvas, frame(corner, x, y), line, summary.base())?;
        }
        let (middle, lower) = ((left + size.0 - right) / 2.0, size.1 - bottom / 2.0 - 2.0);
        canvas.text((middle, lower), "epochs of fine-tuning", Lettering::new(NORMAL, INK).centred())?;
        let height = (top + size.1 - bottom) / 2.0;
        canvas.text((18.0, height), "test accuracy, %", Lettering::new(NORMAL, INK).centred().upright())
    })
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

fn frame((left, top): (f64, f64), x: [f64; 2], y: [f64; 2]) -> Frame {
    let [before, above, after, below] = PAD;
    Frame {
        x: Axis { values: x, pixels: [left + before, left + CELL.0 - after] },
        y: Axis { values: y, pixels: [top + CELL.1 - below, top + above] },
    }
}

fn heading(canvas: &Canvas, summary: &Summary) -> Result<(), Error> {
    let left = MARGIN[0] + PAD[0];
    let people = label::count(summary.people, label::people(summary.task));
    let title = format!("{}: learning curves", label::task(summary.task));
    let seeds = label::count(summary.seeds, "seed");
    let detail = format!(
        "mean of {people} x {seeds}; numbers: on all test samples, as in the table (curves may use some of them)"
    );
    canvas.text((left, 28.0), &title, Lettering::new(TITLE, INK).bold())?;
    canvas.text((left, 52.0), &detail, Lettering::new(SMALL, MUTED))?;
    legend(canvas, (left, 76.0), summary)
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
    frame.draw(canvas, [4.0, 4.0])?;
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
