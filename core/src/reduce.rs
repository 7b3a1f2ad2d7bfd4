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
    #[inline(always)]
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

    #[inline(always)]
    fn total(&self) -> f32 {
        let (mut rest, mut level) = (self.blocks, 0);
        let mut total = None;
        while rest != 0 {
            if rest & 1 != 0 {
                let sum = self.sums[level & (LEVELS - 1)];
                total = Some(total.map_or(sum, |lower| sum + lower));
            }
            rest >>= 1;
            level += 1;
        }
        total.unwrap_or(0.0)
    }
}

/// Adds the accumulators by halves. The halves have constant lengths, so that each is a few vector additions.
#[inline(always)]
fn fold(lanes: &[f32; LANES]) -> f32 {
    let mut a = *lanes;
    for j in 0..16 {
        a[j] += a[j + 16];
    }
    for j in 0..8 {
        a[j] += a[j + 8];
    }
    for j in 0..4 {
        a[j] += a[j + 4];
    }
    (a[0] + a[2]) + (a[1] + a[3])
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
        let len = ins.iter().fold(usize::MAX, |n, x| n.min(x.len()));
        let mut at = 0;
        while at < len {
            let lane = self.filled % LANES;
            let wanted = (len - at).min(BLOCK - self.filled);
            let taken = if lane == 0 && wanted >= LANES {
                let rows = wanted / LANES;
                self.lanes = Arity::rows::<V, K>(kernel, self.lanes, ins.map(|x| rows_of(x, at, rows)));
                rows * LANES
            } else {
                let taken = wanted.min(LANES - lane);
                let padded = ins.map(|x| pad(x, at, lane, taken));
                self.lanes =
                    Arity::rows::<V, K>(kernel, self.lanes, padded.each_ref().map(core::slice::from_ref));
                taken
            };
            self.filled += taken;
            if self.filled == BLOCK {
                self.close();
            }
            at += taken;
        }
    }

    #[inline(always)]
    fn close(&mut self) {
        self.tree.push(fold(&self.lanes));
        self.lanes = [0.0; LANES];
        self.filled = 0;
    }

    /// The sum.
    #[inline(always)]
    pub fn finish(mut self) -> f32 {
        if self.filled > 0 {
            self.close();
        }
        self.tree.total()
    }
}

/// `rows` full rows from element `at` on.
#[inline(always)]
fn rows_of(x: &[f32], at: usize, rows: usize) -> &[[f32; LANES]] {
    x.get(at..).and_then(|x| x.as_chunks().0.get(..rows)).unwrap_or(&[])
}

/// A row that holds the `count` elements from `at` on in lanes `lane..`, and +0 elsewhere.
#[inline(always)]
fn pad(x: &[f32], at: usize, lane: usize, count: usize) -> [f32; LANES] {
    let mut row = [0.0; LANES];
    for (slot, x) in row.iter_mut().skip(lane).zip(x.iter().skip(at).take(count)) {
        *slot = *x;
    }
    row
}

/// Names the loops that exist for each number of vectors (see also [`crate::loops`]).
#[derive(Clone, Copy, Debug)]
pub enum Arity {}

/// Adds full rows of I vectors to the accumulators.
pub trait Rows<const I: usize> {
    /// `lanes[j] + sum term(ins[..][row][j])`, rows ascending.
    fn rows<V: Lanes, K: Reduce<I>>(
        kernel: K,
        lanes: [f32; LANES],
        ins: [&[[f32; LANES]]; I],
    ) -> [f32; LANES];
}

macro_rules! rows {
    ($i:literal: $($x:ident),+) => {
        impl Rows<$i> for Arity {
            #[inline(always)]
            fn rows<V: Lanes, K: Reduce<$i>>(
                kernel: K,
                mut lanes: [f32; LANES],
                [$($x),+]: [&[[f32; LANES]]; $i],
            ) -> [f32; LANES] {
                let n = usize::MAX$(.min($x.len()))+;
                $(let $x = &$x[..n];)+
                for pass in 0..V::PASSES {
                    let mut sum = V::load(&lanes, pass);
                    for row in 0..n {
                        sum = sum + kernel.term([$(V::load(&$x[row], pass)),+]);
                    }
                    sum.store(&mut lanes, pass);
                }
                lanes
            }
        }
    };
}
rows!(1: x);
rows!(2: x, y);
rows!(3: x, y, z);
