//! Who was harmed: the change of the new user's accuracy, run by run, as a histogram for each line of the table.

use super::axis::{Axis, Frame};
use super::canvas::{Canvas, Error, Lettering, draw};
use super::format::{Format, Words};
use super::legend::{self, Entry};
use super::style::{EVEN, GOOD, HARM, HARM_GROUND, INK, MUTED, NORMAL, SMALL};
use crate::finetune::{Guard, HARM as HARM_SHARE, Options, Study};
use crate::report::label;
use crate::report::summary::{Line, Summary};
use plotters::style::WHITE;

/// A run is harmed when it loses more points than this.
const LIMIT: f64 = 100.0 * HARM_SHARE;
/// Room around the axes of a panel: left, top, right, bottom.
const PAD: [f64; 4] = [44.0, 26.0, 12.0, 26.0];

/// The picture as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn svg(summary: &Summary, noise: f32, format: Format) -> Result<String, Error> {
    let (lines, words) = (lines(summary, noise, format), words(summary, noise));
    let bins = Bins::of(lines.iter().flat_map(|line| line.changes.iter().copied()));
    let columns = if format.is_phone() { 1 } else { columns(summary, &lines) };
    let (width, cell_height) = (format.choose(900.0, 400.0), format.choose(150.0, 128.0));
    let (cell_width, rows) = (width / columns as f64, lines.len().div_ceil(columns));
    // Whatever the legend takes: it has one line on a wide sheet and up to three on a phone.
    let top = format.above(&words) + format.choose(28.0, 66.0);
    let most =
        lines.iter().map(|line| bins.shares(line).into_iter().fold(0.0, f64::max)).fold(10.0, f64::max);
    draw("harm", (width, top + cell_height * rows as f64 + 32.0), |canvas| {
        format.heading(canvas, PAD[0], &words)?;
        legend(canvas, (format.choose(PAD[0], 6.0), format.above(&words)), width)?;
        for (place, line) in lines.iter().enumerate() {
            let left = cell_width * (place % columns) as f64;
            let upper = top + cell_height * (place / columns) as f64;
            let [before, above, after, below] = PAD;
            let x = Axis { values: bins.range(), pixels: [left + before, left + cell_width - after] };
            let y = Axis { values: [0.0, most], pixels: [upper + cell_height - below, upper + above] };
            panel(canvas, Frame { x, y }, line, &bins)?;
        }
        let middle = (width / 2.0, top + cell_height * rows as f64 + 12.0);
        let axis = "change of the new user's accuracy, points; upwards: share of the runs, %";
        let axis = if format.is_phone() { "change of the new user's accuracy, points" } else { axis };
        canvas.text(middle, axis, Lettering::new(NORMAL, INK).centred())
    })
}

/// What it shows.
pub(super) fn words(summary: &Summary, noise: f32) -> Words {
    let people = label::count(summary.people, label::people(summary.task));
    let runs = summary.lines.iter().map(|line| line.runs).max().unwrap_or(0);
    let labels = match noise {
        noise if noise > 0.0 => format!("{} % wrong labels", label::percent(noise)),
        _ => "right labels".to_owned(),
    };
    Words {
        title: format!("{}: who is harmed, with {labels}", label::task(summary.task)),
        details: vec![format!(
            "{people}, {} a histogram: what fine-tuning changed for the new user, share of the runs in %",
            label::count(runs, "run")
        )],
    }
}

/// The lines at this share of wrong labels; on a phone those of a method stand together.
fn lines(summary: &Summary, noise: f32, format: Format) -> Vec<&Line> {
    let mut lines: Vec<&Line> = summary.lines.iter().filter(|line| line.options.noise == noise).collect();
    if format.is_phone() {
        lines.sort_by_key(|line| (line.method, line.replay));
    }
    lines
}

/// A column for each method where guards are compared, which then stand below each other.
fn columns(summary: &Summary, lines: &[&Line]) -> usize {
    let guard = |line: &&&Line| lines.first().is_some_and(|first| first.options.guard == line.options.guard);
    match summary.study {
        Study::WrongLabels => lines.iter().filter(guard).count().clamp(1, 3),
        _ => lines.len().clamp(1, 3),
    }
}

fn legend(canvas: &Canvas, at: (f64, f64), width: f64) -> Result<(), Error> {
    let harmed = format!("harmed: worse by more than {LIMIT:.0} point");
    let entry = |name, fill, hatched| Entry { name, fill, hatched };
    let entries = [
        entry(harmed.as_str(), HARM, true),
        entry("within 1 point", EVEN, false),
        entry("better by more", GOOD, false),
    ];
    legend::boxes(canvas, at, width - at.0, &entries).map(|_| ())
}

fn panel(canvas: &Canvas, frame: Frame, line: &Line, bins: &Bins) -> Result<(), Error> {
    let ([left, right], [bottom, top]) = (frame.x.pixels, frame.y.pixels);
    canvas.bar([left, top, frame.x.pixel(-LIMIT), bottom], HARM_GROUND, HARM_GROUND)?;
    frame.draw(canvas, [8.0, 3.0])?;
    for (bin, share) in bins.shares(line).into_iter().enumerate().filter(|(_, share)| *share > 0.0) {
        let [from, to] = bins.edges(bin);
        let block =
            [frame.x.pixel(from) + 1.0, frame.y.pixel(share), frame.x.pixel(to) - 1.0, frame.y.pixel(0.0)];
        let fill = match bin.cmp(&bins.below) {
            std::cmp::Ordering::Less => HARM,
            std::cmp::Ordering::Equal => EVEN,
            std::cmp::Ordering::Greater => GOOD,
        };
        canvas.bar(block, fill, fill)?;
        if fill == HARM {
            canvas.hatch(block, WHITE)?;
        }
    }
    canvas.text((left, top - 12.0), &name(line), Lettering::new(NORMAL, INK).bold())?;
    let harmed = 100.0 * line.harmed as f64 / line.runs.max(1) as f64;
    let numbers = format!("{harmed:.0} % harmed, mean {:+.1}", line.gain.mean);
    canvas.text((right, top - 12.0), &numbers, Lettering::new(SMALL, MUTED).before())
}

/// The method, and who guards it.
fn name(line: &Line) -> String {
    let plain = label::variant(line.method, line.replay, &Options { guard: Guard::Off, ..line.options });
    match line.options.guard {
        Guard::Off => format!("{plain}, no guard"),
        guard => format!("{plain}, guard: {}", label::guard(guard)),
    }
}

/// Bins of equal width to both sides of the one that holds the changes within [`LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bins {
    width: f64,
    /// How many are below the middle one.
    below: usize,
    above: usize,
}

impl Bins {
    /// As narrow as few bins allow.
    fn of(changes: impl Iterator<Item = f64> + Clone) -> Self {
        let low = changes.clone().fold(-3.0 * LIMIT, f64::min);
        let high = changes.fold(3.0 * LIMIT, f64::max);
        let with = |width: f64| Self {
            width,
            below: ((-LIMIT - low) / width).ceil() as usize,
            above: ((high - LIMIT) / width).ceil() as usize,
        };
        [2.0, 5.0, 10.0].map(with).into_iter().find(|bins| bins.below + bins.above < 26).unwrap_or(with(20.0))
    }

    fn range(&self) -> [f64; 2] {
        let [low, high] = [self.below, self.above].map(|bins| LIMIT + self.width * bins as f64);
        [-low, high]
    }

    fn edges(&self, bin: usize) -> [f64; 2] {
        let out = |bins: usize| LIMIT + self.width * bins as f64;
        match bin {
            bin if bin < self.below => [-out(self.below - bin), -out(self.below - bin - 1)],
            bin if bin == self.below => [-LIMIT, LIMIT],
            bin => [out(bin - self.below - 1), out(bin - self.below)],
        }
    }

    /// The bin of a change. One of just a point is no harm, whatever its last bit says.
    fn place(&self, change: f64) -> usize {
        let out = |over: f64| (over / self.width - 1e-9).ceil().max(1.0) as usize;
        match change {
            change if change < -LIMIT - 1e-9 => self.below.saturating_sub(out(-LIMIT - change)),
            change if change > LIMIT + 1e-9 => self.below + out(change - LIMIT).min(self.above),
            _ => self.below,
        }
    }

    /// The share of a line's runs in each bin, %.
    fn shares(&self, line: &Line) -> Vec<f64> {
        let mut counts = vec![0.0; self.below + 1 + self.above];
        for change in &line.changes {
            counts[self.place(*change)] += 100.0 / line.changes.len() as f64;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_has_its_bin() {
        let bins = Bins::of([-13.9, 8.2].into_iter());
        assert_eq!(bins, Bins { width: 2.0, below: 7, above: 4 });
        assert_eq!(bins.range(), [-15.0, 9.0]);
        for bin in 0..12 {
            let [from, to] = bins.edges(bin);
            assert_eq!(bins.place((from + to) / 2.0), bin);
        }
        for (change, bin) in
            [(-1.0, 7), (100.0 * (0.49 - 0.5), 7), (-1.1, 6), (-3.0, 6), (1.0, 7), (3.0, 8), (-13.9, 0)]
        {
            assert_eq!(bins.place(change), bin, "{change}");
        }
    }

    #[test]
    fn few_bins_hold_any_range() {
        for span in [0.0, 4.0, 40.0, 100.0] {
            let bins = Bins::of([-span, span].into_iter());
            assert!(bins.below + bins.above < 27, "{bins:?}");
            assert!(bins.place(-span) <= bins.place(span));
        }
    }
}
