//! Handwritten digits, 8x8 grey values in [0, 1], written on 14 forms by different people.

use super::{DataError, Dataset};

/// The embedded TDS1 file (UCI optical digits; attribution in `host-sim/data/README.md`).
pub const BYTES: &[u8] = include_bytes!("../../data/digits8x8_u8.tds");

/// Side of an image in pixels.
pub const SIDE: usize = 8;

/// The 1,797 digits; groups are the 14 writer blocks, `pos` is the place within the block.
///
/// # Errors
/// Only when the embedded file is damaged.
pub fn load() -> Result<Dataset, DataError> {
    Dataset::from_tds(BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each writer block starts; the last entry is the end.
    const BORDERS: [usize; 15] =
        [0, 130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667, 1797];

    #[test]
    fn digits_are_sixteenths_in_fourteen_blocks() {
        let digits = load().unwrap();
        assert_eq!((digits.len(), digits.dim, digits.classes), (1797, SIDE * SIDE, 10));
        assert!(digits.inputs.iter().all(|&x| (0.0..=1.0).contains(&x) && (x * 16.0).fract() == 0.0));
        assert_eq!(digits.input(0)[2..6], [5.0 / 16.0, 13.0 / 16.0, 9.0 / 16.0, 1.0 / 16.0]);
        for (block, span) in BORDERS.windows(2).enumerate() {
            assert!(digits.groups[span[0]..span[1]].iter().all(|&g| usize::from(g) == block));
            assert_eq!(digits.labels[span[0]..span[0] + 10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
            assert_eq!(digits.pos[span[0]], 0.0);
        }
        assert_eq!(digits.splits.iter().filter(|&&s| s == 1).count(), 1797 - 1287);
    }
}
