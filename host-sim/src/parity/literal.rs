//! The written definition of every kernel, element by element, and mistaken copies of it that comparators must catch.

use flatmin::backend::{Backend, Portable};
use flatmin::error::{Error, Quantity};
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::Perturb;
use flatmin::lanes::{LANES, Lanes};
use flatmin::layout::Groups;
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, BLOCK, Rows};
use flatmin::residual::Way;
use flatmin::rng::TILE;
use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One element of the first output (one slot, the sum) is one ULP too high.
    Ulp,
    /// Sums go from the first element to the last.
    Order,
    /// Noise comes from the next element.
    Shift,
}

/// The written definition of every shape, one element after another by index arithmetic alone, or a mistaken copy of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Literal {
    /// The mistake it makes.
    pub fault: Option<Fault>,
}

/// A register of one lane.
#[derive(Clone, Copy)]
struct Single(f32);

impl Add for Single {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Single {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Single {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Lanes for Single {
    const PASSES: usize = LANES;
    fn load(row: &[f32; LANES], pass: usize) -> Self {
        Self(row[pass])
    }
    fn store(self, row: &mut [f32; LANES], pass: usize) {
        row[pass] = self.0;
    }
}

/// The one order of summation, transcribed from [`flatmin::reduce`]: blocks of 1024 padded with zeros, 32 accumulators
/// folded by halves, the sums of the blocks as a tree of adjacent pairs.
pub fn ordered_sum(n: usize, term: &dyn Fn(usize) -> f32) -> f32 {
    fn tree(first: usize, count: usize, leaf: &dyn Fn(usize) -> f32) -> f32 {
        if count == 1 {
            return leaf(first);
        }
        let left = count.next_power_of_two() / 2;
        tree(first, left, leaf) + tree(first + left, count - left, leaf)
    }
    let block = |block: usize| {
        let mut lanes = [0.0_f32; LANES];
        for i in 0..BLOCK {
            let at = block * BLOCK + i;
            lanes[i % LANES] += if at < n { term(at) } else { 0.0 };
        }
        let mut half = LANES / 2;
        while half > 0 {
            for j in 0..half {
                lanes[j] += lanes[j + half];
            }
            half /= 2;
        }
        lanes[0]
    };
    if n == 0 { 0.0 } else { tree(0, n.div_ceil(BLOCK), &block) }
}

impl Literal {
    fn spoil(self, x: &mut [f32]) {
        let middle = x.len() / 2;
        if self.fault == Some(Fault::Ulp)
            && let Some(x) = x.get_mut(middle)
        {
            *x = x.next_up();
        }
    }
}

/// The noise of a tile.
fn drawn<K: Fill<O, I>, const O: usize, const I: usize>(kernel: &K, tile: usize) -> [f32; TILE] {
    let mut noise = [0.0; TILE];
    kernel.tile(tile as u32, &mut noise);
    noise
}

impl Backend for Literal {
    type Vector = [f32];
    type Scalar = f32;

    fn len(&self, v: &[f32]) -> usize {
        v.len()
    }

    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&f32; S],
        out: [&mut [f32]; O],
        ins: [&[f32]; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>,
    {
        let coef = kernel.coef(scalars.map(|s| *s));
        for i in 0..out[0].len() {
            let new = K::apply(coef, from_fn(|k| out[k][i]), from_fn(|k| ins[k][i]));
            (0..O).for_each(|k| out[k][i] = new[k]);
        }
        self.spoil(out[0]);
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I]) -> f32
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        let term = |i: usize| kernel.term(ins.map(|x| Single(x[i]))).0;
        let n = ins[0].len();
        let mut sum = [match self.fault {
            Some(Fault::Order) => (0..n).fold(0.0, |sum, i| sum + term(i)),
            _ => ordered_sum(n, &term),
        }];
        self.spoil(&mut sum);
        sum[0]
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &[f32], out: &mut [f32]) {
        for span in groups.spans().filter(|span| span.measured) {
            out[span.slot] = self.reduce(kernel, [&x[span.start..][..span.len]]);
        }
    }

    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut [f32],
        saved: Option<&[f32]>,
        g: &[f32],
        state: [&mut [f32]; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>,
    {
        let coef = kernel.coef();
        for i in 0..w.len() {
            let old = saved.map_or(w[i], |saved| saved[i]);
            let (weight, new) = K::apply(coef, old, g[i], from_fn(|k| state[k][i]));
            w[i] = weight;
            (0..ST).for_each(|k| state[k][i] = new[k]);
        }
        self.spoil(w);
    }

    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &[f32],
        out: [&mut [f32]; O],
        ins: [&[f32]; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>,
    {
        let shift = usize::from(self.fault == Some(Fault::Shift));
        let noise: Vec<f32> =
            (0..=out[0].len() / TILE + 1).flat_map(|tile| drawn(&kernel, tile)).skip(shift).collect();
        for span in groups.spans() {
            for i in span.start..span.start + span.len {
                let noise = kernel.scale(values[span.slot], span.fan_in) * noise[i];
                let new = K::apply(noise, from_fn(|k| out[k][i]), from_fn(|k| ins[k][i]));
                (0..O).for_each(|k| out[k][i] = new[k]);
            }
        }
        self.spoil(out[0]);
    }

    /// Its arithmetic is that of the noise kernels, and its book-keeping has no second spelling: what is wrong there shows
    /// against the method that keeps a copy.
    fn residual(
        &mut self,
        way: Way,
        kernel: Perturb,
        groups: Groups<'_>,
        values: &[f32],
        w: &mut [f32],
        residual: &mut [f32],
    ) -> Result<(), Error> {
        let done = Portable.residual(way, kernel, groups, values, w, residual);
        self.spoil(w);
        done
    }

    fn check(&mut self, value: &f32, what: Quantity) -> Result<(), Error> {
        if value.is_finite() { Ok(()) } else { Err(Error::NonFinite(what)) }
    }

    fn read(&mut self, value: &f32) -> f32 {
        *value
    }
}
