//! Every kernel of the registry on any backend.

use super::compare::same_bits;
use super::problems::{Data, layout};
use super::{Hold, Kept};
use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::layout::{Groups, Segment, Sharing};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use std::array::from_fn;
use std::borrow::{Borrow, BorrowMut};

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

impl<B> Row<B> {
    /// The kernel and how it was called.
    pub fn label(&self) -> String {
        match self.form {
            Form::Restore => format!("restore + {}", self.name),
            Form::Groups => format!("{} by group", self.name),
            Form::Map | Form::Reduce | Form::Update | Form::Fill => self.name.to_owned(),
        }
    }
}

impl Pool {
    /// Vectors of `n` elements, the same for the same arguments.
    pub fn new(n: usize, data: Data, sharing: Sharing) -> Self {
        Self::seeded(n, data, sharing, 0)
    }

    /// The same with other values for every seed.
    pub fn seeded(n: usize, data: Data, sharing: Sharing, seed: u64) -> Self {
        let segments = layout(n, 7);
        let count = Groups { segments: &segments, sharing }.slots();
        let salt = |k: u64| seed << 4 | k;
        let mut vectors = from_fn(|k| data.vector(n, salt(k as u64)));
        vectors[4].iter_mut().for_each(|x| *x = x.abs());
        let values = data.vector(count, salt(8)).iter().map(|x| x.abs()).collect();
        let scalar = data.vector(1, salt(9))[0].abs();
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

fn map<B: Hold, K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(
    kernel: K,
    b: &mut B,
    pool: &mut Pool,
) where
    Arity: MapLoop<O, I>,
{
    let scalar = b.scalar(pool.scalar);
    let (mut out, ins) = hold::<B, O, I>(b, pool);
    b.map(
        kernel,
        [&scalar; S],
        out.each_mut().map(BorrowMut::borrow_mut),
        ins.each_ref().map(Borrow::borrow),
    );
    show(b, pool, &out);
}

fn reduce<B: Hold, K: Reduce<I>, const I: usize>(kernel: K, b: &mut B, pool: &mut Pool)
where
    Arity: Rows<I>,
{
    let ([], ins) = hold::<B, 0, I>(b, pool);
    let sum = b.reduce(kernel, ins.each_ref().map(Borrow::borrow));
    pool.sum = b.read(&sum);
}

fn groups<B: Hold, K: Reduce<1>>(kernel: K, b: &mut B, pool: &mut Pool) {
    let groups = Groups { segments: &pool.segments, sharing: pool.sharing };
    let (x, mut slots) = (b.hold(&pool.vectors[0]), b.hold(&pool.slots));
    b.reduce_groups(kernel, groups, x.borrow(), slots.borrow_mut());
    pool.slots = b.show(slots.borrow());
}

fn update<B: Hold, K: Update<ST>, const ST: usize>(kernel: K, restore: bool, b: &mut B, pool: &mut Pool)
where
    Arity: UpdateLoop<ST>,
{
    let [mut w, saved, g] = from_fn(|k| b.hold(&pool.vectors[k]));
    let mut state: [Kept<B>; ST] = from_fn(|k| b.hold(&pool.vectors[3 + k]));
    let lent = state.each_mut().map(BorrowMut::borrow_mut);
    b.update(kernel, w.borrow_mut(), restore.then_some(saved.borrow()), g.borrow(), lent);
    pool.vectors[0] = b.show(w.borrow());
    for (to, state) in pool.vectors[3..].iter_mut().zip(&state) {
        *to = b.show(state.borrow());
    }
}

fn fill<B: Hold, K: Fill<O, I>, const O: usize, const I: usize>(kernel: K, b: &mut B, pool: &mut Pool)
where
    Arity: FillLoop<O, I>,
{
    let (mut out, ins) = hold::<B, O, I>(b, pool);
    let values = b.hold(&pool.values);
    let groups = Groups { segments: &pool.segments, sharing: pool.sharing };
    let (to, from) = (out.each_mut().map(BorrowMut::borrow_mut), ins.each_ref().map(Borrow::borrow));
    b.fill(kernel, groups, values.borrow(), to, from);
    show(b, pool, &out);
}

/// The pool's first vectors as outputs, the next as inputs.
fn hold<B: Hold, const O: usize, const I: usize>(b: &mut B, pool: &Pool) -> ([Kept<B>; O], [Kept<B>; I]) {
    (from_fn(|k| b.hold(&pool.vectors[k])), from_fn(|k| b.hold(&pool.vectors[O + k])))
}

/// The outputs back into the pool.
fn show<B: Hold>(b: &mut B, pool: &mut Pool, out: &[Kept<B>]) {
    for (to, out) in pool.vectors.iter_mut().zip(out) {
        *to = b.show(out.borrow());
    }
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
        pub fn every<B: Hold>() -> Vec<Row<B>> {
            [$(row!($shape $arity $kernel $fields)),*].into_iter().flatten().collect()
        }
    };
}
for_each_kernel!(rows);

macro_rules! name {
    (map [$s:literal $o:literal $i:literal] $kernel:ident) => {
        <$kernel as Map<$s, $o, $i>>::NAME
    };
    (reduce [$i:literal] $kernel:ident) => {
        <$kernel as Reduce<$i>>::NAME
    };
    (update [$st:literal] $kernel:ident) => {
        <$kernel as Update<$st>>::NAME
    };
    (fill [$o:literal $i:literal] $kernel:ident) => {
        <$kernel as Fill<$o, $i>>::NAME
    };
}
macro_rules! names {
    ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => { &[$(name!($shape $arity $kernel)),*] };
}

/// The names of all kernels, in the order of the registry.
pub const KERNELS: &[&str] = for_each_kernel!(names);
