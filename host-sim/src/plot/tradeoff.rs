//! Old users' accuracy against the new user's: what adapting costs.

use super::axis::{Axis, Frame, around};
use super::canvas::{Canvas, Error, Lettering, Spot, draw};
use super::format::{Format, Words};
use super::place::{Block, Placer};
use super::style::{INK, MARKER, NORMAL, PALE, line_colour, marker, text_colour};
use crate::finetune::Task;
use crate::report::label;
use crate::report::summary::{Line, Summary};
use plotters::style::WHITE;

const LABEL: Lettering = Lettering::new(NORMAL, INK);
/// A label this near to its marker needs no line to it.
const NEAR: f64 = 22.0;
/// Labels are at most this far from their markers.
const REACH: f64 = 160.0;

/// The picture as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn svg(summary: &Summary, format: Format) -> Result<String, Error> {
    let marks: Vec<Mark> = summary.lines.iter().map(|line| Mark::of(line, summary)).collect();
    let before = summary.lines.first().map(|line| [line.old_before.mean, line.new_before.mean]);
    let words = words(summary);
    let sheet = Sheet::of(format, &words);
    let frame = frame(&marks, before, sheet);
    draw("tradeoff", sheet.size, |canvas| {
        format.heading(canvas, sheet.x[0], &words)?;
        frame.draw(canvas, [format.choose(8.0, 5.0), 7.0])?;
        axis_names(canvas, summary.task, sheet)?;
        let dashed = summary.base().map(|base| same_sum(frame, base));
        dashed.map_or(Ok(()), |ends| canvas.dashes(&ends, PALE, 1.2, [6.0, 5.0]))?;
        marks.iter().try_for_each(|mark| mark.bars(canvas, frame))?;
        let mut placer = placer(frame, &marks, dashed);
        before.map_or(Ok(()), |before| start(canvas, frame, before, &mut placer))?;
        marks.iter().try_for_each(|mark| mark.name(canvas, frame, &mut placer))?;
        // Where markers coincide, sgd and its relatives stay visible: they are small, and first in the table.
        marks.iter().rev().try_for_each(|mark| mark.draw(canvas, frame))
    })
}

/// What it shows.
pub(super) fn words(summary: &Summary) -> Words {
    let people = label::count(summary.people, label::people(summary.task));
    let mean = format!("mean of {people} x {}", label::count(summary.seeds, "seed"));
    let single = summary.people == 1 && summary.seeds == 1;
    let [bars, dashes] = match summary.base().map(Line::label) {
        Some(base) => [
            format!("bars: ± 1 standard error of the paired difference to {base}"),
            format!("dashed: new + old as with {base}, better above; "),
        ],
        None => ["bars: ± 1 standard error".to_owned(), String::new()],
    };
    let bars = if single { "a single run has no error bars".to_owned() } else { bars };
    Words {
        title: format!("{}: what the new user gains and old users lose", label::task(summary.task)),
        details: vec![format!("{mean}; {bars}"), format!("{dashes}ring: with stored old samples")],
    }
}

/// The sheet, and where the axes are on it.
#[derive(Clone, Copy)]
struct Sheet {
    size: (f64, f64),
    x: [f64; 2],
    y: [f64; 2],
}

impl Sheet {
    fn of(format: Format, words: &Words) -> Self {
        let top = format.above(words) + 8.0;
        let [left, right] = [format.choose(70.0, 58.0), format.choose(870.0, 392.0)];
        let bottom = top + format.choose(463.0, 400.0);
        Self { size: (format.choose(900.0, 400.0), bottom + 65.0), x: [left, right], y: [bottom, top] }
    }
}

/// A line of the table as a spot with error bars.
struct Mark<'a> {
    line: &'a Line,
    /// Old and new accuracy.
    at: [f64; 2],
    /// Their standard errors: of the differences to the base line where there is one, since people differ far more
    /// from each other than methods do.
    se: [f64; 2],
}

impl<'a> Mark<'a> {
    fn of(line: &'a Line, summary: &Summary) -> Self {
        let errors = match (line.against, summary.base) {
            (Some(against), _) => [against.old.se, against.new.se],
            (None, Some(_)) => [None; 2],
            (None, None) => [line.old_after.se, line.new_after.se],
        };
        let at = [line.old_after.mean, line.new_after.mean];
        Self { line, at, se: errors.map(Option::unwrap_or_default) }
    }

    fn spot(&self, frame: Frame) -> Spot {
        frame.spot(self.at[0], self.at[1])
    }

    /// The ends of the horizontal and of the vertical bar.
    fn ends(&self, frame: Frame) -> [[Spot; 2]; 2] {
        let ([old, new], [se_old, se_new]) = (self.at, self.se);
        [
            [frame.spot(old - se_old, new), frame.spot(old + se_old, new)],
            [frame.spot(old, new - se_new), frame.spot(old, new + se_new)],
        ]
    }

    fn bars(&self, canvas: &Canvas, frame: Frame) -> Result<(), Error> {
        let colour = line_colour(self.line.method);
        self.ends(frame).iter().try_for_each(|bar| canvas.line(bar, colour, 1.3))
    }

    fn name(&self, canvas: &Canvas, frame: Frame, placer: &mut Placer) -> Result<(), Error> {
        let colour = text_colour(self.line.method);
        name(canvas, &self.line.label(), self.spot(frame), LABEL.coloured(colour), placer)
    }

    fn draw(&self, canvas: &Canvas, frame: Frame) -> Result<(), Error> {
        marker(canvas, self.spot(frame), self.line.method, self.line.replay)
    }
}

/// Room for all marks, and for the start where it is not too far away.
fn frame(marks: &[Mark], before: Option<[f64; 2]>, sheet: Sheet) -> Frame {
    let values = |c: usize| {
        let ends = marks.iter().flat_map(move |mark| [mark.at[c] - mark.se[c], mark.at[c] + mark.se[c]]);
        let [low, high] = around(ends.clone(), 0.0, 1.0);
        let near = |&value: &f64| {
            let away = (low - value).max(value - high);
            away < (1.5 * (high - low)).max(5.0)
        };
        around(ends.chain(before.map(|before| before[c]).filter(near)), 0.1, 2.0)
    };
    Frame { x: Axis { values: values(0), pixels: sheet.x }, y: Axis { values: values(1), pixels: sheet.y } }
}

fn axis_names(canvas: &Canvas, task: Task, sheet: Sheet) -> Result<(), Error> {
    let [new, old] = match task {
        Task::Turned | Task::Digits => ["new writer", "old writers"],
        Task::Spar => ["new person", "old people"],
    };
    let [x, y] = [sheet.x, sheet.y].map(|[start, end]| (start + end) / 2.0);
    canvas.text((x, sheet.y[0] + 39.0), &format!("test accuracy of {old}, %"), LABEL.centred())?;
    canvas.text((sheet.x[0] - 48.0, y), &format!("test accuracy of the {new}, %"), LABEL.centred().upright())
}

/// The ends of the line of all spots whose sum of accuracies is that of `base`.
fn same_sum(frame: Frame, base: &Line) -> [Spot; 2] {
    let sum = base.old_after.mean + base.new_after.mean;
    let [[left, right], [bottom, top]] = [frame.x.values, frame.y.values];
    [left.max(sum - top), right.min(sum - bottom)].map(|old| frame.spot(old, sum - old))
}

/// Keeps labels off markers, and off bars and the dashed line where that is possible.
fn placer(frame: Frame, marks: &[Mark], dashed: Option<[Spot; 2]>) -> Placer {
    let mut placer = Placer::new(inside(frame, 4.0));
    for mark in marks {
        let size = if mark.line.replay > 0 { MARKER + 6.0 } else { MARKER + 1.0 };
        placer.take(Block::around(mark.spot(frame), size, size));
        for [(left, bottom), (right, top)] in mark.ends(frame) {
            placer.avoid(Block([left - 4.0, top - 4.0, right + 4.0, bottom + 4.0]));
        }
    }
    if let Some([(left, top), (right, bottom)]) = dashed {
        for share in (0..=100).map(|percent| f64::from(percent) / 100.0) {
            let spot = (left + share * (right - left), top + share * (bottom - top));
            placer.avoid(Block::around(spot, 1.2, 1.2));
        }
    }
    placer
}

/// What is inside of the axes by `margin` pixels.
const fn inside(frame: Frame, margin: f64) -> Block {
    let ([left, right], [bottom, top]) = (frame.x.pixels, frame.y.pixels);
    Block([left + margin, top + margin, right - margin, bottom - margin])
}

/// A name beside its spot, with a line to it when it had to go further away.
fn name(
    canvas: &Canvas,
    name: &str,
    spot: Spot,
    lettering: Lettering,
    placer: &mut Placer,
) -> Result<(), Error> {
    let block = placer.place(spot, (lettering.width(name), NORMAL + 2.0), REACH);
    let near = block.nearest(spot);
    if (near.0 - spot.0).hypot(near.1 - spot.1) > NEAR {
        canvas.line(&[spot, near], lettering.colour, 0.8)?;
    }
    let (x, y) = block.middle();
    let Block([left, _, right, _]) = block;
    match spot.0 {
        spot if spot <= left => canvas.text((left + 2.0, y), name, lettering),
        spot if spot >= right => canvas.text((right - 2.0, y), name, lettering.before()),
        _ => canvas.text((x, y), name, lettering.centred()),
    }
}

/// Where everyone started: a cross, or at the border an arrow towards it.
fn start(canvas: &Canvas, frame: Frame, [old, new]: [f64; 2], placer: &mut Placer) -> Result<(), Error> {
    let place = frame.spot(old, new);
    let spot = inside(frame, 12.0).nearest(place);
    placer.take(Block::around(spot, 9.0, 9.0));
    if spot == place {
        cross(canvas, spot)?;
        name(canvas, "before", spot, LABEL, placer)
    } else {
        arrow(canvas, spot, (place.0 - spot.0, place.1 - spot.1))?;
        name(canvas, &format!("before: new {new:.1}, old {old:.1}"), spot, LABEL, placer)
    }
}

fn cross(canvas: &Canvas, (x, y): Spot) -> Result<(), Error> {
    let r = MARKER;
    canvas.line(&[(x - r, y - r), (x + r, y + r)], INK, 2.0)?;
    canvas.line(&[(x - r, y + r), (x + r, y - r)], INK, 2.0)
}

fn arrow(canvas: &Canvas, (x, y): Spot, (dx, dy): (f64, f64)) -> Result<(), Error> {
    let length = dx.hypot(dy);
    let (dx, dy) = (9.0 * dx / length, 9.0 * dy / length);
    let wing = |side: f64| (x - 0.8 * dx - side * 0.5 * dy, y - 0.8 * dy + side * 0.5 * dx);
    canvas.shape(&[(x + dx, y + dy), wing(1.0), wing(-1.0)], INK, WHITE)
}
