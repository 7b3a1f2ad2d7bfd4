//! Text in columns.

use std::borrow::Cow;

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// The head of the column; a line break makes two lines.
    pub(super) head: Cow<'static, str>,
    /// Where texts stand.
    pub(super) side: Side,
    /// Characters after which a text is wrapped.
    pub(super) width: usize,
}

impl Column {
    pub(super) const fn left(head: &'static str) -> Self {
        Self { head: Cow::Borrowed(head), side: Side::Left, width: usize::MAX }
    }

    pub(super) const fn right(head: &'static str) -> Self {
        Self { head: Cow::Borrowed(head), side: Side::Right, width: usize::MAX }
    }

    pub(super) const fn within(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// With a head that is known only now.
    pub(super) fn headed(self, head: String) -> Self {
        Self { head: Cow::Owned(head), ..self }
    }
}

const GAP: &str = "  ";

/// The rows under their heads and a rule, as wide as the texts need.
pub(super) fn render(columns: &[Column], rows: &[impl AsRef<[String]>]) -> String {
    let head: Vec<Cell> =
        columns.iter().map(|column| column.head.lines().map(str::to_owned).collect()).collect();
    let cells =
        |row: &[String]| row.iter().zip(columns).map(|(text, column)| wrap(text, column.width)).collect();
    let rows: Vec<Vec<Cell>> = rows.iter().map(|row| cells(row.as_ref())).collect();
    let width = |c: usize| {
        let cells = rows.iter().chain([&head]).filter_map(|row| row.get(c)).flatten();
        cells.map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let sizes: Vec<(usize, Side)> =
        columns.iter().enumerate().map(|(c, column)| (width(c), column.side)).collect();
    let mut text = lines(&sizes, &head, true);
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    text += &"-".repeat(sizes.iter().map(|(width, _)| width).sum::<usize>() + gaps);
    text += "\n";
    text.extend(rows.iter().map(|row| lines(&sizes, row, false)));
    text
}

/// The lines of one cell.
type Cell = Vec<String>;

/// One row of cells as lines of text; short cells hang from the top, or stand on the `bottom`.
fn lines(sizes: &[(usize, Side)], row: &[Cell], bottom: bool) -> String {
    let height = row.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for place in 0..height {
        let cell = |(cell, &(width, side)): (&Cell, &(usize, Side))| {
            let skip = if bottom { height - cell.len() } else { 0 };
            let line = place.checked_sub(skip).and_then(|i| cell.get(i)).map_or("", String::as_str);
            pad(line, width, side)
        };
        text += row.iter().zip(sizes).map(cell).collect::<Vec<_>>().join(GAP).trim_end();
        text += "\n";
    }
    text
}

fn pad(cell: &str, width: usize, side: Side) -> String {
    match side {
        Side::Left => format!("{cell:<width$}"),
        Side::Right => format!("{cell:>width$}"),
    }
}

/// Breaks a text between words so that no line is longer than `width`, longer words excepted.
pub(super) fn wrap(text: &str, width: usize) -> Cell {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines
            .last_mut()
            .filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_wrap() {
        let columns = [Column::left("name").within(7), Column::right("a\nlong head")];
        let rows = [["one two three", "1"], ["±→", "1,234"]].map(|row| row.map(str::to_owned));
        let text = "                 a\n\
                    name     long head\n\
                    ------------------\n\
                    one two          1\n\
                    three\n\
                    ±→           1,234\n";
        assert_eq!(render(&columns, &rows), text);
    }
}
