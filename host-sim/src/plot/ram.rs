//! RAM on a device, part by part, against what usual devices have.

use super::axis::Axis;
use super::canvas::{Canvas, Error, Lettering, draw};
use super::format::{Format, Words};
use super::legend::{self, Entry};
use super::style::{FAINT, FRAME, INK, MUTED, NORMAL, ON_PARTS, PARTS, SMALL};
use crate::finetune::Study;
use crate::report::label;
use crate::report::ram::{BUDGETS, PART_NAMES, fits, kib, parts};
use crate::report::summary::{Line, Summary};
use plotters::style::WHITE;

/// The picture as SVG.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn svg(summary: &Summary, format: Format) -> Result<String, Error> {
    let (lines, words) = (lines(summary), words(summary));
    let sheet = Sheet::of(format, &words, &lines);
    draw("ram", sheet.size(), |canvas| {
        format.heading(canvas, sheet.left, &words)?;
        let entry = |(name, fill)| Entry { name, fill, hatched: false };
        let entries: Vec<Entry> = PART_NAMES.into_iter().zip(PARTS).map(entry).collect();
        legend::boxes(canvas, (sheet.left, format.above(&words)), sheet.size().0 - sheet.left, &entries)?;
        budgets(canvas, &sheet)?;
        lines.iter().enumerate().try_for_each(|(place, line)| row(canvas, &sheet, place, line))
    })
}

/// What it shows.
pub(super) fn words(summary: &Summary) -> Words {
    let guards = if summary.study == Study::WrongLabels { " of guards" } else { "" };
    Words {
        title: format!("{}: RAM{guards} on a device", label::task(summary.task)),
        details: vec![
            "everything that fine-tuning keeps in RAM, in KiB; lines: devices with 16, 32, 64 and 128 KiB"
                .to_owned(),
        ],
    }
}

/// Every line once, whatever the share of wrong labels.
pub(super) fn lines(summary: &Summary) -> Vec<&Line> {
    let noise = summary.noises().last().copied();
    summary.lines.iter().filter(|line| Some(line.options.noise) == noise).collect()
}

/// Where things are.
struct Sheet {
    phone: bool,
    /// Where the legend and on a phone the names begin.
    left: f64,
    top: f64,
    x: Axis,
    row: f64,
    rows: usize,
}

impl Sheet {
    fn of(format: Format, words: &Words, lines: &[&Line]) -> Self {
        let most = lines.iter().map(|line| kib(line.ram.total())).fold(0.0, f64::max);
        let last = BUDGETS.map(|budget| budget as f64)[BUDGETS.len() - 1];
        let last = if most > last { 1.15 * most } else { last };
        let widest =
            lines.iter().map(|line| Lettering::new(NORMAL, INK).width(&line.label())).fold(80.0, f64::max);
        let pixels = if format.is_phone() { [8.0, 384.0] } else { [widest + 24.0, 750.0] };
        Self {
            phone: format.is_phone(),
            left: format.choose(20.0, 8.0),
            top: format.above(words) + format.choose(54.0, 66.0),
            x: Axis { values: [0.0, last], pixels },
            row: format.choose(28.0, 44.0),
            rows: lines.len(),
        }
    }

    fn size(&self) -> (f64, f64) {
        (if self.phone { 400.0 } else { 900.0 }, self.bottom() + 10.0)
    }

    fn bottom(&self) -> f64 {
        self.top + self.row * self.rows as f64
    }
}

fn budgets(canvas: &Canvas, sheet: &Sheet) -> Result<(), Error> {
    let Sheet { x, top, .. } = *sheet;
    canvas.line(&[(x.pixels[0], top - 6.0), (x.pixels[0], sheet.bottom())], FRAME, 1.0)?;
    for budget in BUDGETS {
        let at = x.pixel(budget as f64);
        canvas.line(&[(at, top - 6.0), (at, sheet.bottom())], FAINT, 1.0)?;
        canvas.dashes(&[(at, top - 6.0), (at, sheet.bottom())], FRAME, 1.2, [5.0, 4.0])?;
        let name = if sheet.phone { budget.to_string() } else { format!("{budget} KiB") };
        canvas.text((at, top - 15.0), &name, Lettering::new(SMALL, INK).centred())?;
    }
    Ok(())
}

fn row(canvas: &Canvas, sheet: &Sheet, place: usize, line: &Line) -> Result<(), Error> {
    let Sheet { x, row, .. } = *sheet;
    let upper = sheet.top + row * place as f64;
    let (top, bottom) =
        if sheet.phone { (upper + 19.0, upper + 37.0) } else { (upper + 4.0, upper + row - 4.0) };
    let middle = (top + bottom) / 2.0;
    let name = Lettering::new(NORMAL, INK);
    if sheet.phone {
        // Names and numbers stand above the bars, where the lines of the devices would cross them out.
        canvas.bar([x.pixels[0] + 1.0, upper + 1.0, sheet.size().0, upper + 18.0], WHITE, WHITE)?;
        canvas.text((x.pixels[0] + 3.0, upper + 10.0), &line.label(), name)?;
    } else {
        canvas.text((x.pixels[0] - 10.0, middle), &line.label(), name.before())?;
    }
    let small = Lettering::new(SMALL, ON_PARTS).centred();
    let mut from = 0.0;
    for (part, fill) in parts(line.ram).into_iter().zip(PARTS) {
        let to = from + kib(part);
        let [left, right] = [x.pixel(from), x.pixel(to)];
        from = to;
        // A gap between neighbours: they can be told apart without their colours.
        if right - left > 1.5 {
            canvas.bar([left + 0.5, top, right - 1.5, bottom], fill, fill)?;
        }
        let number = format!("{:.1}", kib(part));
        if small.width(&number) < right - left {
            canvas.text(((left + right) / 2.0, middle), &number, small)?;
        }
    }
    let total = match fits(line.ram.total()) {
        Some(budget) => format!("{from:.1}, fits {budget} KiB"),
        None => format!("{from:.1} KiB"),
    };
    let at = if sheet.phone { (x.pixels[1] + 4.0, upper + 10.0) } else { (sheet.size().0 - 10.0, middle) };
    canvas.text(at, &total, Lettering::new(SMALL, MUTED).before())
}
