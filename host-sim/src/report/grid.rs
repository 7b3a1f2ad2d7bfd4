//! Text in columns.

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// The head of the column; a line break makes two lines.
    pub(super) head: &'static str,
    /// Where texts stand.
    pub(super) side: Side,
    /// Characters after which a text is wrapped.
    pub(super) width: usize,
}

impl Column {
    pub(super) const fn left(head: &'static str) -> Self {
        Self { head, side: Side::Left, width: usize::MAX }
    }

    pub(super) const fn right(head: &'static str) -> Self {
        Self { head, side: Side::Right, width: usize::MAX }
    }

    pub(super) const fn within(self, width: usize) -> Self {
        Self { width, ..self }
    }
}

const GAP: &str = "  ";

/// The rows under their heads and a rule, as wide as the texts need.
pub(super) fn render<const N: usize>(columns: &[Column; N], rows: &[[String; N]]) -> String {
    let head: [Cell; N] = columns.map(|column| column.head.lines().map(str::to_owned).collect());
    let rows: Vec<[Cell; N]> =
        rows.iter().map(|row| std::array::from_fn(|c| wrap(&row[c], columns[c].width))).collect();
    let widths: [usize; N] = std::array::from_fn(|c| {
        let cells = rows.iter().chain([&head]).flat_map(|row| &row[c]);
        cells.map(|line| line.chars().count()).max().unwrap_or(0)
    });
    let mut text = lines(columns, &widths, &head, true);
    text += &"-".repeat(widths.iter().sum::<usize>() + GAP.len() * (N - 1));
    text += "\n";
    text.extend(rows.iter().map(|row| lines(columns, &widths, row, false)));
    text
}

/// The lines of one cell.
type Cell = Vec<String>;

/// One row of cells as lines of text; short cells hang from the top, or stand on the `bottom`.
fn lines<const N: usize>(
    columns: &[Column; N],
    widths: &[usize; N],
    row: &[Cell; N],
    bottom: bool,
) -> String {
    let height = row.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for place in 0..height {
        let cells = std::array::from_fn::<String, N, _>(|c| {
            let skip = if bottom { height - row[c].len() } else { 0 };
            let cell = place.checked_sub(skip).and_then(|i| row[c].get(i)).map_or("", String::as_str);
            pad(cell, widths[c], columns[c].side)
        });
        text += cells.join(GAP).trim_end();
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
