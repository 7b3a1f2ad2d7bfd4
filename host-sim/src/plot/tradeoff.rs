//! What the new user gained against what the old users lost.

use super::Error;
use super::style::{FAINT, INK, LEGEND, SIZE, colour, filled, font, range, shape, spread};
use crate::report::label;
use crate::report::summary::{Line, Summary};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

type Area<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Old users' accuracy to the right, the new user's up, a marker a (method, replay) with standard errors, and a cross
/// for the model before fine-tuning.
///
/// # Errors
/// When the drawing library refuses.
pub fn tradeoff(summary: &Summary) -> Result<String, Error> {
    let mut svg = String::new();
    draw(summary, &mut svg).map_err(|reason| Error::new("the trade-off", reason))?;
    Ok(svg)
}

fn draw(summary: &Summary, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let (left, right) = root.split_horizontally(SIZE.0 - LEGEND);
    let lines = &summary.lines;
    let spans = |after: fn(&Line) -> (f64, f64), before: fn(&Line) -> f64| {
        let ends = |line: &Line| {
            let (mean, error) = after(line);
            [mean - error, mean + error]
        };
        let tight = range(lines.iter().flat_map(ends));
        // A start that is far away would squeeze everything else; its numbers stand in the caption.
        let reach = 2.0 * (tight.end - tight.start);
        let near = |value: &f64| (tight.start - reach..tight.end + reach).contains(value);
        range(lines.iter().flat_map(ends).chain(lines.iter().map(before).filter(near)))
    };
    let x =
        spans(|line| (line.old_after.mean, line.old_after.se.unwrap_or(0.0)), |line| line.old_before.mean);
    let y =
        spans(|line| (line.new_after.mean, line.new_after.se.unwrap_or(0.0)), |line| line.new_before.mean);
    let mut chart = ChartBuilder::on(&left)
        .caption(caption(summary), font(16))
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(60)
        .build_cartesian_2d(x, y)
        .map_err(text)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(INK)
        .label_style(font(14))
        .x_desc("old users' accuracy, % (right: less forgotten)")
        .y_desc("new user's accuracy, % (up: better adapted)")
        .draw()
        .map_err(text)?;
    let area = chart.plotting_area();
    let before = lines.first().map(|line| (line.old_before.mean, line.new_before.mean));
    let (x, y) = (area.get_x_range(), area.get_y_range());
    if let Some(before) = before.filter(|(old, new)| x.contains(old) && y.contains(new)) {
        area.draw(&Cross::new(before, 7, INK.stroke_width(3))).map_err(text)?;
        area.draw(&Text::new("  before", before, font(14))).map_err(text)?;
    }
    for line in lines {
        marker(area, line)?;
    }
    names(&right, area, lines)?;
    root.present().map_err(text)?;
    Ok(())
}

fn caption(summary: &Summary) -> String {
    let before = |line: &Line| format!("{:.1} new, {:.1} old", line.new_before.mean, line.old_before.mean);
    let before = summary.lines.first().map_or_else(|| "-".to_owned(), before);
    format!("{} (before: {before})", label::task_title(summary.task))
}

fn marker(area: &Area<'_>, line: &Line) -> Result<(), Box<dyn std::error::Error>> {
    let colour = colour(line.method);
    let (x, y) = (line.old_after, line.new_after);
    let thin = colour.mix(0.45).stroke_width(1);
    area.draw(&PathElement::new(
        [(x.mean - x.se.unwrap_or(0.0), y.mean), (x.mean + x.se.unwrap_or(0.0), y.mean)],
        thin,
    ))
    .map_err(text)?;
    area.draw(&PathElement::new(
        [(x.mean, y.mean - y.se.unwrap_or(0.0)), (x.mean, y.mean + y.se.unwrap_or(0.0))],
        thin,
    ))
    .map_err(text)?;
    let outline = shape(line.method, 7.0);
    let closed: Vec<_> = outline.iter().chain(outline.first()).copied().collect();
    let fill = if filled(line) { colour.filled() } else { WHITE.filled() };
    let element = EmptyElement::at((x.mean, y.mean))
        + Polygon::new(outline, fill)
        + PathElement::new(closed, colour.stroke_width(2));
    area.draw(&element).map_err(text)
}

/// A column of names at the height of their markers, moved apart where they would overlap.
fn names<'a>(
    right: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    area: &Area<'a>,
    lines: &[Line],
) -> Result<(), Box<dyn std::error::Error>> {
    let height = |line: &Line| area.map_coordinate(&(line.old_after.mean, line.new_after.mean)).1;
    let wanted: Vec<_> = lines.iter().map(height).collect();
    for (line, y) in lines.iter().zip(spread(&wanted, 19, SIZE.1 as i32 - 30)) {
        let colour = colour(line.method);
        let outline: Vec<_> = shape(line.method, 6.0).iter().map(|(dx, dy)| (14 + dx, y + dy)).collect();
        let closed: Vec<_> = outline.iter().chain(outline.first()).copied().collect();
        let fill = if filled(line) { colour.filled() } else { WHITE.filled() };
        right.draw(&Polygon::new(outline, fill)).map_err(text)?;
        right.draw(&PathElement::new(closed, colour.stroke_width(2))).map_err(text)?;
        right.draw(&Text::new(line.label(), (28, y - 7), font(15))).map_err(text)?;
    }
    Ok(())
}

fn text(error: impl std::fmt::Display) -> Box<dyn std::error::Error> {
    error.to_string().into()
}
