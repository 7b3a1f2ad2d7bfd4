//! The one order of summation.
//!
//! A vector is padded with +0 to blocks of 1024. In a block, accumulator j of 32 adds elements j, j+32, j+64, ... in
//! turn; then the accumulators are folded by halves (j += j+16, +8, +4, +2, +1). The sums of the blocks are added as a
//! tree of adjacent pairs, an odd one carried up. Neither the width of a register nor the way a vector is cut into
//! slices changes the order, so every backend returns the same bits, within about 1 ULP of the exact sum.

use crate::kernel::Reduce;
use crate::lanes::{Array, LANES, Lanes};
use crate::loops::{items, zipped};

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
    const fn new() -> Self {
        Self { sums: [0.0; LEVELS], blocks: 0 }
    }

    #[cfg_attr(any(target_arch = "arm", target_arch = "riscv32"), inline(never))]
    #[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
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

    #[cfg_attr(any(target_arch = "arm", target_arch = "riscv32"), inline(never))]
    #[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
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

/// Adds the accumulators by halves. Their lengths are constants, so each is a few vector additions.
///
/// Once a block: on small cores a call costs less than its code in every kernel. (Elsewhere it is compiled for the
/// instruction set of its caller.)
#[cfg_attr(any(target_arch = "arm", target_arch = "riscv32"), inline(never))]
#[cfg_attr(not(any(target_arch = "arm", target_arch = "riscv32")), inline(always))]
fn fold(a: &[f32; LANES]) -> f32 {
    let a: [f32; 16] = core::array::from_fn(|j| a[j] + a[j + 16]);
    let a: [f32; 8] = core::array::from_fn(|j| a[j] + a[j + 8]);
    let a: [f32; 4] = core::array::from_fn(|j| a[j] + a[j + 4]);
    (a[0] + a[2]) + (a[1] + a[3])
}

/// The sum over whole vectors.
#[inline(always)]
pub fn sum<V: Lanes, K: Reduce<I>, const I: usize>(kernel: K, ins: [&[f32]; I]) -> f32
where
    Arity: Rows<I>,
{
    let len = shortest(ins);
    let mut tree = Tree::new();
    let mut at = 0;
    loop {
        let taken = (len - at).min(BLOCK);
        let mut lanes = [0.0; LANES];
        add::<V, K, I>(kernel, &mut lanes, 0, cut(ins, at, taken));
        let sum = fold(&lanes);
        if len <= BLOCK {
            return sum;
        }
        tree.push(sum);
        at += taken;
        if at >= len {
            return tree.total();
        }
    }
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
    if lane == 0 {
        Arity::rows::<V, K>(kernel, lanes, ins.map(|x| x.as_chunks().0));
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
        Self { lanes: [0.0; LANES], filled: 0, tree: Tree::new() }
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
            // To the end of the row first, if it has begun.
            let room = if lane == 0 { BLOCK - self.filled } else { LANES - lane };
            let taken = (len - at).min(room);
            add::<V, K, I>(kernel, &mut self.lanes, lane, cut(ins, at, taken));
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

/// Names the loops that exist for each number of vectors (see also [`crate::loops`]).
#[derive(Clone, Copy, Debug)]
pub enum Arity {}

/// Adds elements of I vectors to the accumulators.
pub trait Rows<const I: usize> {
    /// `lanes[j] += term(ins[..][row][j])`, rows ascending.
    fn rows<V: Lanes, K: Reduce<I>>(kernel: K, lanes: &mut [f32; LANES], ins: [&[[f32; LANES]]; I]);
    /// `lanes[j] += term(ins[..][j])`, up to the end of the shortest.
    fn singles<K: Reduce<I>>(kernel: K, lanes: &mut [f32], ins: [&[f32]; I]);
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
        }
    };
}
rows!(1: x);
rows!(2: x, y);
rows!(3: x, y, z);
