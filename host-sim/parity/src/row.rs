//! One line of what a machine prints: a name without spaces, a count, hashes.

use core::fmt;
use core::str::FromStr;
use heapless::{String, Vec};

/// A name without spaces, unique among the rows.
pub type Name = String<64>;

/// Most hashes of a row.
pub const HASHES: usize = 128;

/// What one machine computed, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which composition or kernel.
    pub name: Name,
    /// What the stopwatch counted.
    pub ticks: u64,
    /// A hash after every step.
    pub hashes: Vec<u32, HASHES>,
}

/// How a row begins, among whatever else a machine prints.
const MARK: &str = "row";

impl Row {
    /// A row without hashes yet. A name longer than [`Name`] holds is cut.
    pub fn new(name: fmt::Arguments<'_>) -> Self {
        let mut row = Self { name: Name::new(), ticks: 0, hashes: Vec::new() };
        let _ = fmt::write(&mut row.name, name);
        row
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK} {} {}", self.name, self.ticks)?;
        self.hashes.iter().try_for_each(|hash| write!(f, " {hash:08x}"))
    }
}

/// Why a line is not a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It does not begin like one: something else that the machine says.
    Other,
    /// It begins like one, and goes on like none.
    Broken,
}

impl FromStr for Row {
    type Err = ParseError;

    fn from_str(line: &str) -> Result<Self, ParseError> {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some(MARK) {
            return Err(ParseError::Other);
        }
        let name = words.next().and_then(|name| Name::try_from(name).ok()).ok_or(ParseError::Broken)?;
        let ticks = words.next().and_then(|ticks| ticks.parse().ok()).ok_or(ParseError::Broken)?;
        let mut hashes = Vec::new();
        for word in words {
            let hash = u32::from_str_radix(word, 16).map_err(|_| ParseError::Broken)?;
            hashes.push(hash).map_err(|_| ParseError::Broken)?;
        }
        Ok(Self { name, ticks, hashes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn a_row_reads_as_it_was_written() {
        let mut row = Row::new(format_args!("{}:{}", 3, "sam+adam"));
        row.ticks = 1 << 40;
        row.hashes.extend([0, 0xdead_beef, u32::MAX]);
        let mut line = String::<128>::new();
        write!(line, "{row}").unwrap();
        assert_eq!(line, "row 3:sam+adam 1099511627776 00000000 deadbeef ffffffff");
        assert_eq!(line.parse(), Ok(row));
    }

    #[test]
    fn other_lines_and_cut_ones_are_told_apart() {
        assert_eq!("flatmin on a Cortex-M4F".parse::<Row>(), Err(ParseError::Other));
        for line in ["row", "row a", "row a x", "row a 1 xyz", "row a 1 123456789"] {
            assert_eq!(line.parse::<Row>(), Err(ParseError::Broken), "{line}");
        }
    }
}
