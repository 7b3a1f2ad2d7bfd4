//! The one order of summation.
//!
//! A vector is padded with +0 to blocks of 1024. In a block, accumulator j of 32 adds elements j, j+32, j+64, ... in
//! turn; then the accumulators are folded by halves (j += j+16, +8, +4, +2, +1). The sums of the blocks are added as a
//! tree of adjacent pairs, an odd one carried up. Neither the width of a register nor the way a vector is cut into
//! slices changes the order, so every backend returns the same bits, within about 1 ULP of the exact sum.

use crate::kernel::Reduce;
use crate::lanes::{Array, LANES, Lanes, SMALL};
use crate::loops::{items, zipped};
use core::ops::Range;

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
    /// Full blocks.
    blocks: u32,
}

/// Sums of full blocks: digit k of the binary counter `blocks` is the sum of 2^k blocks.
type Tree = [f32; LEVELS];

/// Adds the sum of one more block to a tree of `blocks`.
#[cfg_attr(flatmin_turns, inline(never))]
#[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
fn push(tree: &mut Tree, mut blocks: u32, mut sum: f32) {
    for digit in tree {
        if blocks & 1 == 0 {
            *digit = sum;
            break;
        }
        sum += *digit;
        blocks >>= 1;
    }
}

/// The sum of all blocks.
#[cfg_attr(flatmin_turns, inline(never))]
#[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
fn total(tree: &Tree, mut blocks: u32) -> f32 {
    let mut total = 0.0;
    for digit in tree {
        if blocks & 1 != 0 {
            // The first one as it is: no sum of a block is -0, as accumulators start at +0.
            total += *digit;
        }
        blocks >>= 1;
    }
    total
}

/// Adds the accumulators by halves, over the lower ones.
///
/// Once a block: on small cores a call costs less than its code in every kernel. (Elsewhere it must be compiled for the
/// instruction set of its caller.)
#[cfg_attr(flatmin_turns, inline(never))]
#[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
fn fold(a: &mut [f32; LANES]) -> f32 {
    if SMALL {
        let mut half = LANES / 2;
        while half > 0 {
            for j in 0..half {
                a[j % LANES] += a[(j + half) % LANES];
            }
            half /= 2;
        }
        return a[0];
    }
    // Lengths that are constants: each is a few vector additions.
    // The remainders change nothing: they show that no index is out of bounds where a closure is not inlined.
    let a: [f32; 16] = core::array::from_fn(|j| a[j % LANES] + a[(j + 16) % LANES]);
    let a: [f32; 8] = core::array::from_fn(|j| a[j % 16] + a[(j + 8) % 16]);
    let a: [f32; 4] = core::array::from_fn(|j| a[j % 8] + a[(j + 4) % 8]);
    (a[0] + a[2]) + (a[1] + a[3])
}

/// The sum over whole vectors.
#[inline(always)]
pub fn sum<V: Lanes, K: Reduce<I>, const I: usize>(kernel: K, ins: [&[f32]; I]) -> f32
where
    Arity: Rows<I>,
{
    let len = shortest(ins);
    if SMALL {
        return small(len, &mut |range| Arity::lane(kernel, 0.0, range, ins));
    }
    let first = block::<V, K, I>(kernel, ins, 0, len.min(BLOCK));
    if len <= BLOCK {
        return first;
    }
    // The other digits are not read before they are written.
    let (mut tree, mut blocks, mut at) = ([first; LEVELS], 1_u32, BLOCK);
    while at < len {
        let end = len.min(at + BLOCK);
        push(&mut tree, blocks, block::<V, K, I>(kernel, ins, at, end));
        blocks = blocks.wrapping_add(1);
        at = end;
    }
    total(&tree, blocks)
}

/// The sum of elements `at..end`. No closure: one that is not inlined is compiled without its caller's instruction set,
/// and a hundred times slower.
#[inline(always)]
fn block<V: Lanes, K: Reduce<I>, const I: usize>(kernel: K, ins: [&[f32]; I], at: usize, end: usize) -> f32
where
    Arity: Rows<I>,
{
    let mut lanes = [0.0; LANES];
    add::<V, K, I>(kernel, &mut lanes, 0, cut(ins, at, end - at));
    fold(&mut lanes)
}

/// The same where code must be small, there once and not in every reduction: `lane` sums one accumulator, elements
/// `range.start`, `range.start + 32`, ... before `range.end`.
#[inline(never)]
fn small(len: usize, lane: &mut dyn FnMut(Range<usize>) -> f32) -> f32 {
    let first = small_block(0..len.min(BLOCK), lane);
    if len <= BLOCK {
        return first;
    }
    let (mut tree, mut blocks, mut at) = ([first; LEVELS], 1_u32, BLOCK);
    while at < len {
        let end = len.min(at + BLOCK);
        push(&mut tree, blocks, small_block(at..end, lane));
        blocks = blocks.wrapping_add(1);
        at = end;
    }
    total(&tree, blocks)
}

#[inline(never)]
fn small_block(Range { start, end }: Range<usize>, lane: &mut dyn FnMut(Range<usize>) -> f32) -> f32 {
    // Filled with what is at hand: zeros would be a call of memset, and the only one in an image.
    let mut lanes = [lane(start..end); LANES];
    for j in 1..LANES {
        lanes[j] = lane(start + j..end);
    }
    fold(&mut lanes)
}

#[inline(always)]
fn shortest<const I: usize>(ins: [&[f32]; I]) -> usize {
    ins.iter().fold(usize::MAX, |n, x| n.min(x.len()))
}

/// The `count` elements from `at` on.
#[inline(always)]
fn cut<const I: usize>(ins: [&[f32]; I], at: usize, count: usize) -> [&[f32]; I] {
    ins.map(|x| x.get(at..).and_then(|x| x.get(..count)).unwrap_or(&[]))
}

/// Adds elements to the accumulators, the first to that of `lane`: full rows, then or else single elements.
#[inline(always)]
fn add<V: Lanes, K: Reduce<I>, const I: usize>(
    kernel: K,
    lanes: &mut [f32; LANES],
    lane: usize,
    ins: [&[f32]; I],
) where
    Arity: Rows<I>,
{
    let mut singles = ins;
    if lane == 0 && !SMALL {
        kernel.rows::<V>(lanes, ins.map(|x| x.as_chunks().0));
        singles = ins.map(|x| x.as_chunks::<LANES>().1);
    }
    Arity::singles(kernel, lanes.get_mut(lane..).unwrap_or_default(), singles);
}

impl Default for Partial {
    fn default() -> Self {
        Self::new()
    }
}

impl Partial {
    /// Nothing added yet.
    pub const fn new() -> Self {
        Self { lanes: [0.0; LANES], filled: 0, tree: [0.0; LEVELS], blocks: 0 }
    }

    /// Adds the next elements of the vector.
    #[inline(always)]
    pub fn feed<V: Lanes, K: Reduce<I>, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I])
    where
        Arity: Rows<I>,
    {
        let len = shortest(ins);
        let mut at = 0;
        while at < len {
            let lane = self.filled % LANES;
            // To the end of the row first, if it has begun; row by row where code must be small.
            let room = if lane == 0 && !SMALL { BLOCK - self.filled } else { LANES - lane };
            let taken = (len - at).min(room);
            add::<V, K, I>(kernel, &mut self.lanes, lane, cut(ins, at, taken));
            self.filled += taken;
            if self.filled == BLOCK {
                self.close();
            }
            at += taken;
        }
    }

    /// Ends the block under way. As for `fold`, a call costs less.
    #[cfg_attr(flatmin_turns, inline(never))]
    #[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
    fn close(&mut self) {
        push(&mut self.tree, self.blocks, fold(&mut self.lanes));
        self.blocks = self.blocks.wrapping_add(1);
        self.lanes = [0.0; LANES];
        self.filled = 0;
    }

    /// The sum.
    #[inline(always)]
    pub fn finish(mut self) -> f32 {
        self.take()
    }

    /// The sum; begins anew.
    #[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
    pub(crate) fn take(&mut self) -> f32 {
        if self.filled > 0 {
            self.close();
        }
        // The digits are not read before they are written again.
        total(&self.tree, core::mem::take(&mut self.blocks))
    }
}

/// Names the loops that exist for each number of vectors (see also [`crate::loops`]).
#[derive(Clone, Copy, Debug)]
pub enum Arity {}

/// Adds elements of I vectors to the accumulators.
pub trait Rows<const I: usize> {
    /// `lanes[j] += term(ins[..][row][j])`, rows ascending.
    fn rows<V: Lanes, K: Reduce<I>>(kernel: K, lanes: &mut [f32; LANES], ins: [&[[f32; LANES]]; I]);
    /// `lanes[j] += term(ins[..][j])`, up to the end of the shortest.
    fn singles<K: Reduce<I>>(kernel: K, lanes: &mut [f32], ins: [&[f32]; I]);
    /// The same for little code: what `sum` is after elements `range.start`, `range.start + 32`, ... before `range.end`.
    fn lane<K: Reduce<I>>(kernel: K, sum: f32, range: Range<usize>, ins: [&[f32]; I]) -> f32;
}

macro_rules! rows {
    ($i:literal: $($x:ident),+) => {
        impl Rows<$i> for Arity {
            #[inline(always)]
            fn rows<V: Lanes, K: Reduce<$i>>(
                kernel: K,
                lanes: &mut [f32; LANES],
                [$($x),+]: [&[[f32; LANES]]; $i],
            ) {
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

            #[inline(always)]
            fn singles<K: Reduce<$i>>(kernel: K, lanes: &mut [f32], [$($x),+]: [&[f32]; $i]) {
                for items!(lane, $($x),+) in zipped!(lanes.iter_mut(), $($x.iter()),+) {
                    let Array([term]) = kernel.term([$(Array([*$x])),+]);
                    *lane += term;
                }
            }

            #[inline(always)]
            fn lane<K: Reduce<$i>>(
                kernel: K,
                mut sum: f32,
                range: Range<usize>,
                [$($x),+]: [&[f32]; $i],
            ) -> f32 {
                for i in range.step_by(LANES) {
                    let ($(Some($x),)+) = ($($x.get(i),)+) else { break };
                    let Array([term]) = kernel.term([$(Array([*$x])),+]);
                    sum += term;
                }
                sum
            }
        }
    };
}
rows!(1: x);
rows!(2: x, y);
rows!(3: x, y, z);
