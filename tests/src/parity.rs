//! Every kernel of the registry on any CPU backend, and the backend that is the written definition.

use crate::compare::same_bits;
use crate::problems::{Data, layout};
use flatmin::backend::{Backend, Isa, Progress, Sliced};
use flatmin::error::{Error, Quantity};
use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::lanes::{LANES, Lanes};
use flatmin::layout::{Groups, Segment, Sharing};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::method::{Clock, Eval, Method, Next};
use flatmin::reduce::{Arity, BLOCK, Rows};
use flatmin::rng::TILE;
use flatmin::state::{Cost, State};
use std::array::from_fn;
use std::ops::{Add, Mul, Sub};

/// What a kernel reads and writes; the vectors serve as outputs first, then as inputs.
#[derive(Clone, Debug)]
pub struct Pool {
    /// As many vectors as any kernel needs; the last is not negative (it is a second moment).
    pub vectors: [Vec<f32>; 5],
    /// The scalar a kernel is given (a squared norm, so not negative).
    pub scalar: f32,
    /// A layout that covers the vectors.
    pub segments: Vec<Segment>,
    /// Where biases belong.
    pub sharing: Sharing,
    /// One value a slot that a noise kernel reads, not negative.
    pub values: Vec<f32>,
    /// One value a slot that a reduction of groups writes.
    pub slots: Vec<f32>,
    /// What a reduction returned.
    pub sum: f32,
}

impl Pool {
    /// Vectors of `n` elements, the same for the same arguments.
    pub fn new(n: usize, data: Data, sharing: Sharing) -> Self {
        let segments = layout(n, 7);
        let count = Groups { segments: &segments, sharing }.slots();
        let mut vectors = from_fn(|k| data.vector(n, k as u64));
        vectors[4].iter_mut().for_each(|x| *x = x.abs());
        let values = data.vector(count, 8).iter().map(|x| x.abs()).collect();
        let scalar = data.vector(1, 9)[0].abs();
        Self { vectors, scalar, segments, sharing, values, slots: vec![0.0; count], sum: 0.0 }
    }

    /// Everything a kernel may have written, bit for bit.
    pub fn same_bits(&self, what: &str, expected: &Self) -> Result<(), String> {
        for (k, (found, expected)) in self.vectors.iter().zip(&expected.vectors).enumerate() {
            same_bits(&format!("{what}, vector {k}"), found, expected)?;
        }
        same_bits(&format!("{what}, slots"), &self.slots, &expected.slots)?;
        same_bits(&format!("{what}, sum"), &[self.sum], &[expected.sum])
    }
}

/// A kernel of the registry, on backend B.
#[derive(Debug)]
pub struct Row<B> {
    /// The kernel.
    pub name: &'static str,
    /// How it is called.
    pub form: Form,
    /// Runs it.
    pub run: fn(&mut B, &mut Pool),
}

/// The way a kernel is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Element by element.
    Map,
    /// A sum over whole vectors.
    Reduce,
    /// A sum over each group.
    Groups,
    /// A step in place.
    Update,
    /// A step from saved weights.
    Restore,
    /// Noise.
    Fill,
}

/// A CPU backend.
pub trait Host: Backend<Vector = [f32], Scalar = f32> {}

impl<B: Backend<Vector = [f32], Scalar = f32>> Host for B {}

fn map<B: Host, K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(
    kernel: K,
    b: &mut B,
    pool: &mut Pool,
) where
    Arity: MapLoop<O, I>,
{
    let mut vectors = pool.vectors.iter_mut().map(|x| &mut x[..]);
    let out = from_fn(|_| vectors.next().unwrap());
    b.map(kernel, [&pool.scalar; S], out, from_fn(|_| &*vectors.next().unwrap()));
}

fn reduce<B: Host, K: Reduce<I>, const I: usize>(kernel: K, b: &mut B, pool: &mut Pool)
where
    Arity: Rows<I>,
{
    pool.sum = b.reduce(kernel, from_fn(|k| &pool.vectors[k][..]));
}

fn groups<B: Host, K: Reduce<1>>(kernel: K, b: &mut B, pool: &mut Pool) {
    let groups = Groups { segments: &pool.segments, sharing: pool.sharing };
    b.reduce_groups(kernel, groups, &pool.vectors[0], &mut pool.slots);
}

fn update<B: Host, K: Update<ST>, const ST: usize>(kernel: K, restore: bool, b: &mut B, pool: &mut Pool)
where
    Arity: UpdateLoop<ST>,
{
    let [w, saved, g, state @ ..] = &mut pool.vectors;
    let mut state = state.iter_mut().map(|x| &mut x[..]);
    b.update(kernel, w, restore.then_some(&saved[..]), g, from_fn(|_| state.next().unwrap()));
}

fn fill<B: Host, K: Fill<O, I>, const O: usize, const I: usize>(kernel: K, b: &mut B, pool: &mut Pool)
where
    Arity: FillLoop<O, I>,
{
    let groups = Groups { segments: &pool.segments, sharing: pool.sharing };
    let mut vectors = pool.vectors.iter_mut().map(|x| &mut x[..]);
    let out = from_fn(|_| vectors.next().unwrap());
    b.fill(kernel, groups, &pool.values, out, from_fn(|_| &*vectors.next().unwrap()));
}

macro_rules! row {
    (map [$s:literal $o:literal $i:literal] $kernel:ident $fields:tt) => {
        vec![Row {
            name: <$kernel as Map<$s, $o, $i>>::NAME,
            form: Form::Map,
            run: |b, pool| map::<_, _, $s, $o, $i>($kernel $fields, b, pool),
        }]
    };
    (reduce [1] $kernel:ident $fields:tt) => {
        vec![
            Row {
                name: <$kernel as Reduce<1>>::NAME,
                form: Form::Reduce,
                run: |b, pool| reduce::<_, _, 1>($kernel $fields, b, pool),
            },
            Row {
                name: <$kernel as Reduce<1>>::NAME,
                form: Form::Groups,
                run: |b, pool| groups($kernel $fields, b, pool),
            },
        ]
    };
    (reduce [$i:literal] $kernel:ident $fields:tt) => {
        vec![Row {
            name: <$kernel as Reduce<$i>>::NAME,
            form: Form::Reduce,
            run: |b, pool| reduce::<_, _, $i>($kernel $fields, b, pool),
        }]
    };
    (update [$st:literal] $kernel:ident $fields:tt) => {
        vec![
            Row {
                name: <$kernel as Update<$st>>::NAME,
                form: Form::Update,
                run: |b, pool| update::<_, _, $st>($kernel $fields, false, b, pool),
            },
            Row {
                name: <$kernel as Update<$st>>::NAME,
                form: Form::Restore,
                run: |b, pool| update::<_, _, $st>($kernel $fields, true, b, pool),
            },
        ]
    };
    (fill [$o:literal $i:literal] $kernel:ident $fields:tt) => {
        vec![Row {
            name: <$kernel as Fill<$o, $i>>::NAME,
            form: Form::Fill,
            run: |b, pool| fill::<_, _, $o, $i>($kernel $fields, b, pool),
        }]
    };
}

macro_rules! rows {
    ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => {
        /// Every kernel of the registry in every form, in its order.
        pub fn every<B: Host>() -> Vec<Row<B>> {
            [$(row!($shape $arity $kernel $fields)),*].into_iter().flatten().collect()
        }
    };
}
for_each_kernel!(rows);

/// A method that is one kernel call, so that [`Sliced`] can cut it.
struct One<F>(F);

impl<B: Backend, F> State<B> for One<F> {
    const COST: Cost = Cost::NONE;
    type Scalars = ();
    fn scalars(&self) {}
    fn set_scalars(&mut self, (): ()) {}
    fn visit(&self, _: &mut impl FnMut(&B::Vector)) {}
    fn visit_mut(&mut self, _: &mut impl FnMut(&mut B::Vector)) {}
}

impl<B: Backend, F: FnMut(&mut B)> Method<B> for One<F> {
    const NAME: &'static str = "one";
    fn ready(&self, _: &B, _: usize, _: &Clock) -> Result<(), Error> {
        Ok(())
    }
    fn begin(&mut self, b: &mut B, _: &mut B::Vector, _: &Clock) -> Result<Next, Error> {
        (self.0)(b);
        Ok(Next::Done)
    }
    fn resume(&mut self, _: &mut B, _: &mut B::Vector, _: Eval<'_, B>) -> Result<Next, Error> {
        Err(Error::NoStep)
    }
    fn abort(&mut self, _: &mut B, _: &mut B::Vector) {}
    fn plain(&mut self, _: &mut B, _: &mut B::Vector, _: Eval<'_, B>, _: &Clock) -> Result<Next, Error> {
        Err(Error::NoStep)
    }
    fn clean<'a>(&'a self, w: &'a B::Vector) -> &'a B::Vector {
        w
    }
}

/// Runs a kernel in pieces of `budget` elements; the number of pieces.
pub fn run_sliced<B: Isa>(row: &Row<Sliced<B>>, inner: B, budget: usize, pool: &mut Pool) -> usize {
    let mut sliced = Sliced::new(inner, budget);
    let clock = Clock { step: 0, total: 1, lr: 0.0 };
    let mut method = One(|b: &mut Sliced<B>| (row.run)(b, pool));
    let mut pieces = 1;
    while sliced.begin(&mut method, &mut [], &clock) == Ok(Progress::Pending) {
        pieces += 1;
    }
    pieces
}

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
            (0..=out[0].len() / TILE + 1).flat_map(|tile| kernel.tile(tile as u32)).skip(shift).collect();
        for span in groups.spans() {
            for i in span.start..span.start + span.len {
                let noise = kernel.scale(values[span.slot], span.fan_in) * noise[i];
                let new = K::apply(noise, from_fn(|k| out[k][i]), from_fn(|k| ins[k][i]));
                (0..O).for_each(|k| out[k][i] = new[k]);
            }
        }
        self.spoil(out[0]);
    }

    fn check(&mut self, value: &f32, what: Quantity) -> Result<(), Error> {
        if value.is_finite() { Ok(()) } else { Err(Error::NonFinite(what)) }
    }

    fn read(&mut self, value: &f32) -> f32 {
        *value
    }
}
