//! How accuracies move from epoch to epoch.

use super::Error;
use super::style::{FAINT, INK, LEGEND, SIZE, colour, font, range, spread};
use crate::finetune::Point;
use crate::report::label;
use crate::report::summary::{Line, Summary};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Two panels over the same epochs: the new user's accuracy, and the old users'. Lines with stored samples are dashed.
///
/// # Errors
/// When the drawing library refuses.
pub fn curves(summary: &Summary) -> Result<String, Error> {
    let mut svg = String::new();
    draw(summary, &mut svg).map_err(|reason| Error::new("the learning curves", reason))?;
    Ok(svg)
}

fn draw(summary: &Summary, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let title = format!("{}: accuracy by epoch, mean over runs", label::task_title(summary.task));
    let root = root.titled(&title, font(17)).map_err(text)?;
    let (left, right) = root.split_horizontally(SIZE.0 - LEGEND);
    let panels = left.split_evenly((1, 2));
    if let [new, old] = &panels[..] {
        panel(new, "new user, %", &summary.lines, |point| 100.0 * point.new)?;
        panel(old, "old users, %", &summary.lines, |point| 100.0 * point.old)?;
    }
    names(&right, &summary.lines)?;
    root.present().map_err(text)?;
    Ok(())
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    what: &str,
    lines: &[Line],
    value: fn(&Point) -> f64,
) -> Result<(), Box<dyn std::error::Error>> {
    let points = || lines.iter().flat_map(|line| &line.curve);
    let last = points().map(|point| point.epoch).max().unwrap_or(1);
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(0..last.max(1), range(points().map(value)))
        .map_err(text)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(INK)
        .label_style(font(13))
        .x_desc("epoch")
        .y_desc(what)
        .x_labels(7)
        .draw()
        .map_err(text)?;
    for line in lines {
        let points = line.curve.iter().map(|point| (point.epoch, value(point)));
        let style = colour(line.method).stroke_width(2);
        if line.replay > 0 {
            chart.draw_series(DashedLineSeries::new(points, 6, 4, style)).map_err(text)?;
        } else {
            chart.draw_series(LineSeries::new(points, style)).map_err(text)?;
        }
    }
    Ok(())
}

/// The names in the order of their last new-user accuracy, best first.
fn names(
    right: &DrawingArea<SVGBackend<'_>, Shift>,
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let last = |line: &Line| line.curve.last().map_or(0.0, |point| point.new);
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by(|a, b| last(b).total_cmp(&last(a)));
    let wanted: Vec<_> = (0..lines.len()).map(|k| 40 + 22 * k as i32).collect();
    for (line, y) in lines.into_iter().zip(spread(&wanted, 18, SIZE.1 as i32 - 60)) {
        let style = colour(line.method).stroke_width(3);
        for from in if line.replay > 0 { [4, 18].as_slice() } else { [4, 14].as_slice() } {
            right.draw(&PathElement::new([(*from, y), (*from + 10, y)], style)).map_err(text)?;
        }
        right.draw(&Text::new(line.label(), (36, y - 7), font(15))).map_err(text)?;
    }
    Ok(())
}

fn text(error: impl std::fmt::Display) -> Box<dyn std::error::Error> {
    error.to_string().into()
}
