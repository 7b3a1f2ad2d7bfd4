//! The one order of summation.
//!
//! A vector is padded with +0 to blocks of 1024. In a block, accumulator j of 32 adds elements j, j+32, j+64, ... in
//! turn; then the accumulators are folded by halves (j += j+16, +8, +4, +2, +1). The sums of the blocks are added as a
//! tree of adjacent pairs, an odd one carried up. Neither the width of a register nor the way a vector is cut into
//! slices changes the order, so every backend returns the same bits, within about 1 ULP of the exact sum.

use crate::kernel::Reduce;
use crate::lanes::{LANES, Lanes};

/// Elements in a block.
pub const BLOCK: usize = 1024;
/// Levels of the tree: enough for any vector that fits an address space.
const LEVELS: usize = 32;

/// A sum under way: what has been added so far, at any position of the vector.
#[derive(Clone, Copy, Debug)]
pub struct Partial {
    lanes: [f32; LANES],
    /// Elements of the block under way.
    filled: usize,
    tree: Tree,
}

/// Sums of full blocks: a binary counter whose digit k is the sum of 2^k blocks.
#[derive(Clone, Copy, Debug)]
struct Tree {
    sums: [f32; LEVELS],
    blocks: u32,
}

impl Tree {
    fn push(&mut self, mut sum: f32) {
        let mut level = 0;
        let mut carry = self.blocks;
        while carry & 1 != 0 {
            sum += self.sums[level & (LEVELS - 1)];
            level += 1;
            carry >>= 1;
        }
        self.sums[level & (LEVELS - 1)] = sum;
        self.blocks = self.blocks.wrapping_add(1);
    }

    fn total(&self) -> f32 {
        let mut total = None;
        let mut rest = self.blocks;
        for sum in self.sums {
            if rest & 1 != 0 {
                total = Some(total.map_or(sum, |lower| sum + lower));
            }
            rest >>= 1;
        }
        total.unwrap_or(0.0)
    }
}

/// Adds the accumulators by halves.
#[inline(never)] // Called from the loop and from the end: inlined twice it would double the code.
fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for j in 0..half {
            lanes[j] += lanes[(j + half) & (LANES - 1)];
        }
        half /= 2;
    }
    lanes[0]
}

impl Default for Partial {
    fn default() -> Self {
        Self::new()
    }
}

impl Partial {
    /// Nothing added yet.
    pub const fn new() -> Self {
        Self { lanes: [0.0; LANES], filled: 0, tree: Tree { sums: [0.0; LEVELS], blocks: 0 } }
    }

    /// Adds the next elements of the vector.
    #[inline(always)]
    pub fn feed<V: Lanes, K: Reduce<I>, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I])
    where
        Arity: Rows<I>,
    {
        let mut rest = ins;
        while rest.iter().all(|x| !x.is_empty()) {
            let lane = self.filled % LANES;
            let room = BLOCK - self.filled;
            let taken = if lane == 0 && rest.iter().all(|x| x.len() >= LANES) {
                let rows = rest.iter().fold(room, |n, x| n.min(x.len())) / LANES;
                Arity::rows::<V, K>(kernel, &mut self.lanes, rest.map(|x| rows_of(x, rows)));
                rows * LANES
            } else {
                let taken = rest.iter().fold(LANES - lane, |n, x| n.min(x.len()));
                let padded = rest.map(|x| pad(x, lane, taken));
                Arity::rows::<V, K>(kernel, &mut self.lanes, padded.each_ref().map(core::slice::from_ref));
                taken
            };
            self.filled += taken;
            if self.filled >= BLOCK {
                self.close();
            }
            rest = rest.map(|x| x.get(taken..).unwrap_or(&[]));
        }
    }

    fn close(&mut self) {
        self.tree.push(fold(self.lanes));
        self.lanes = [0.0; LANES];
        self.filled = 0;
    }

    /// The sum.
    pub fn finish(mut self) -> f32 {
        if self.filled > 0 {
            self.close();
        }
        self.tree.total()
    }
}

/// The first `rows` full rows.
#[inline(always)]
fn rows_of(x: &[f32], rows: usize) -> &[[f32; LANES]] {
    x.as_chunks().0.get(..rows).unwrap_or(&[])
}

/// A row that holds the first `count` elements from lane `lane` on, and +0 elsewhere.
#[inline(always)]
fn pad(x: &[f32], lane: usize, count: usize) -> [f32; LANES] {
    let mut row = [0.0; LANES];
    for (slot, x) in row.iter_mut().skip(lane).zip(x.iter().take(count)) {
        *slot = *x;
    }
    row
}

/// Names the loops that exist for each number of vectors (see also [`crate::loops`]).
#[derive(Clone, Copy, Debug)]
pub enum Arity {}

/// Adds full rows of I vectors to the accumulators.
pub trait Rows<const I: usize> {
    /// `lanes[j] += term(ins[..][row][j])`, rows ascending.
    fn rows<V: Lanes, K: Reduce<I>>(kernel: K, lanes: &mut [f32; LANES], ins: [&[[f32; LANES]]; I]);
}

macro_rules! rows {
    ($i:literal: $($x:ident),+) => {
        impl Rows<$i> for Arity {
            #[inline(always)]
            fn rows<V: Lanes, K: Reduce<$i>>(kernel: K, lanes: &mut [f32; LANES], [$($x),+]: [&[[f32; LANES]]; $i]) {
                let n = usize::MAX$(.min($x.len()))+;
                $(let $x = &$x[..n];)+
                for pass in 0..V::PASSES {
                    let mut sum = V::load(lanes, pass);
                    for row in 0..n {
                        sum = sum + kernel.term([$(V::load(&$x[row], pass)),+]);
                    }
                    sum.store(lanes, pass);
                }
            }
        }
    };
}
rows!(1: x);
rows!(2: x, y);
rows!(3: x, y, z);
