//! Places for labels: beside what they name, and over nothing else.

use super::canvas::Spot;
use std::f64::consts::TAU;

/// A rectangle by its corners: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block(pub(super) [f64; 4]);

impl Block {
    pub(super) fn around((x, y): Spot, half_width: f64, half_height: f64) -> Self {
        Self([x - half_width, y - half_height, x + half_width, y + half_height])
    }

    fn overlap(&self, other: &Self) -> f64 {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        (c.min(g) - a.max(e)).max(0.0) * (d.min(h) - b.max(f)).max(0.0)
    }

    fn area(&self) -> f64 {
        let [left, top, right, bottom] = self.0;
        (right - left) * (bottom - top)
    }

    fn holds(&self, (x, y): Spot) -> bool {
        let [left, top, right, bottom] = self.0;
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    }

    pub(super) fn middle(&self) -> Spot {
        let [left, top, right, bottom] = self.0;
        ((left + right) / 2.0, (top + bottom) / 2.0)
    }

    /// The spot of the rectangle that is nearest to `spot`.
    pub(super) fn nearest(&self, (x, y): Spot) -> Spot {
        let [left, top, right, bottom] = self.0;
        (x.clamp(left, right), y.clamp(top, bottom))
    }
}

/// Finds places one after the other.
#[derive(Clone, Debug)]
pub(super) struct Placer {
    within: Block,
    /// What must not be covered.
    taken: Vec<Block>,
    /// What had better not be covered.
    thin: Vec<Block>,
}

impl Placer {
    pub(super) const fn new(within: Block) -> Self {
        Self { within, taken: Vec::new(), thin: Vec::new() }
    }

    /// Keeps labels off `block`.
    pub(super) fn take(&mut self, block: Block) {
        self.taken.push(block);
    }

    /// Keeps labels off `block` unless there is no other place nearby.
    pub(super) fn avoid(&mut self, block: Block) {
        self.thin.push(block);
    }

    /// A place for a label of this size near `spot`, at most `reach` pixels away; it is taken from then on.
    pub(super) fn place(&mut self, spot: Spot, size: (f64, f64), reach: f64) -> Block {
        let mut best = (f64::INFINITY, Block::around(spot, size.0 / 2.0, size.1 / 2.0));
        let mut distance = 9.0;
        while distance < reach {
            for direction in 0..24 {
                let block = beside(spot, size, distance, TAU * f64::from(direction) / 24.0);
                let cost = self.cost(block, spot) + 1.5 * distance + bias(direction);
                if cost < best.0 {
                    best = (cost, block);
                }
            }
            distance += 6.0;
        }
        self.take(best.1);
        best.1
    }

    fn cost(&self, block: Block, spot: Spot) -> f64 {
        let outside = block.area() - block.overlap(&self.within);
        let covered: f64 = self.taken.iter().map(|taken| block.overlap(taken)).sum();
        let thin: f64 = self.thin.iter().map(|thin| block.overlap(thin)).sum();
        let crossed = self.taken.iter().filter(|taken| crosses(spot, block, taken)).count();
        100.0 * (outside + covered) + 2.0 * thin + 40.0 * crossed as f64
    }
}

/// Labels to the right of their markers read best, then to the left, then above.
fn bias(direction: u32) -> f64 {
    match direction {
        0 => 0.0,
        12 => 2.0,
        _ => 5.0,
    }
}

/// The rectangle whose nearest spot is so far away in this direction.
fn beside((x, y): Spot, (width, height): (f64, f64), distance: f64, angle: f64) -> Block {
    let (sin, cos) = (angle.sin(), angle.cos());
    let towards = |part: f64, half: f64| if part.abs() < 1e-9 { 0.0 } else { part.signum() * half };
    let weight = |part: f64| part.abs().sqrt();
    let middle = (
        x + distance * cos + weight(cos) * towards(cos, width / 2.0),
        y - distance * sin - weight(sin) * towards(sin, height / 2.0),
    );
    Block::around(middle, width / 2.0, height / 2.0)
}

/// Whether a line from `spot` to `block` runs through `other`, the spot's own marker excepted.
fn crosses(spot: Spot, block: Block, other: &Block) -> bool {
    let end = block.nearest(spot);
    let along = |i: i32| {
        let share = f64::from(i) / 12.0;
        (spot.0 + share * (end.0 - spot.0), spot.1 + share * (end.1 - spot.1))
    };
    !other.holds(spot) && (1..12).any(|i| other.holds(along(i)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::F64_SUM;

    #[test]
    fn labels_do_not_overlap_even_in_a_crowd() {
        let within = Block([0.0, 0.0, 600.0, 400.0]);
        let mut placer = Placer::new(within);
        let spots: Vec<Spot> =
            (0..12).map(|i| (300.0 + 9.0 * f64::from(i % 4), 200.0 + 8.0 * f64::from(i / 4))).collect();
        spots.iter().for_each(|&spot| placer.take(Block::around(spot, 6.0, 6.0)));
        let placed: Vec<Block> = spots.iter().map(|&spot| placer.place(spot, (70.0, 16.0), 150.0)).collect();
        for (i, one) in placed.iter().enumerate() {
            assert!((one.overlap(&within) - one.area()).abs() < F64_SUM.value, "{one:?} is outside");
            assert!(placed[..i].iter().all(|other| one.overlap(other) == 0.0), "{one:?}");
            assert!(spots.iter().all(|&spot| one.overlap(&Block::around(spot, 6.0, 6.0)) == 0.0), "{one:?}");
        }
    }
}
