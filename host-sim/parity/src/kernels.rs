//! Every kernel of the registry in every form, on any CPU backend.

use crate::Host;
use core::array::from_fn;
use core::fmt;
use flatmin::for_each_kernel;
use flatmin::hash::Crc32;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::layout::{Groups, Kind, Segment, Sharing};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use flatmin::rng::{Draws, Key, Stream};

/// A kernel on backend B.
#[derive(Debug)]
pub struct Kernel<B> {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub form: Form,
    /// Calls it.
    pub run: fn(&mut B, &mut Vectors<'_>),
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

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "map",
            Self::Reduce => "reduce",
            Self::Groups => "groups",
            Self::Update => "update",
            Self::Restore => "restore",
            Self::Fill => "fill",
        })
    }
}

/// What a kernel reads and writes; the vectors serve as outputs first, then as inputs.
#[derive(Debug)]
pub struct Vectors<'a> {
    /// As many as any kernel needs; the last is not negative (it is a second moment).
    pub vectors: [&'a mut [f32]; 5],
    /// The scalar a kernel is given (a squared norm, so not negative).
    pub scalar: f32,
    /// A layout that covers the vectors.
    pub groups: Groups<'a>,
    /// One value a slot that a noise kernel reads, not negative.
    pub values: &'a [f32],
    /// One value a slot that a reduction of groups writes.
    pub slots: &'a mut [f32],
    /// What a reduction returned.
    pub sum: &'a mut f32,
}

impl Vectors<'_> {
    fn split<const O: usize, const I: usize>(&mut self) -> ([&mut [f32]; O], [&[f32]; I]) {
        let mut vectors = self.vectors.iter_mut();
        let mut next = || vectors.next().map_or(&mut [][..], |x| &mut **x);
        let out = from_fn(|_| next());
        (out, from_fn(|_| &*next()))
    }
}

fn map<B: Host, K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(
    kernel: K,
    b: &mut B,
    v: &mut Vectors<'_>,
) where
    Arity: MapLoop<O, I>,
{
    let scalar = v.scalar;
    let (out, ins) = v.split();
    b.map(kernel, [&scalar; S], out, ins);
}

fn reduce<B: Host, K: Reduce<I>, const I: usize>(kernel: K, b: &mut B, v: &mut Vectors<'_>)
where
    Arity: Rows<I>,
{
    let ([], ins) = v.split();
    *v.sum = b.reduce(kernel, ins);
}

fn groups<B: Host, K: Reduce<1>>(kernel: K, b: &mut B, v: &mut Vectors<'_>) {
    let [x, ..] = &v.vectors;
    b.reduce_groups(kernel, v.groups, x, v.slots);
}

fn update<B: Host, K: Update<ST>, const ST: usize>(kernel: K, restore: bool, b: &mut B, v: &mut Vectors<'_>)
where
    Arity: UpdateLoop<ST>,
{
    let [w, saved, g, state @ ..] = &mut v.vectors;
    let mut state = state.iter_mut();
    let state = from_fn(|_| state.next().map_or(&mut [][..], |x| &mut **x));
    b.update(kernel, w, restore.then_some(&**saved), g, state);
}

fn fill<B: Host, K: Fill<O, I>, const O: usize, const I: usize>(kernel: K, b: &mut B, v: &mut Vectors<'_>)
where
    Arity: FillLoop<O, I>,
{
    let (groups, values) = (v.groups, v.values);
    let (out, ins) = v.split();
    b.fill(kernel, groups, values, out, ins);
}

macro_rules! show {
    ($see:ident map [$s:literal $o:literal $i:literal] $kernel:ident $fields:tt) => {
        $see(Kernel {
            name: <$kernel as Map<$s, $o, $i>>::NAME,
            form: Form::Map,
            run: |b, v| map::<_, _, $s, $o, $i>($kernel $fields, b, v),
        });
    };
    ($see:ident reduce [1] $kernel:ident $fields:tt) => {
        $see(Kernel {
            name: <$kernel as Reduce<1>>::NAME,
            form: Form::Reduce,
            run: |b, v| reduce::<_, _, 1>($kernel $fields, b, v),
        });
        $see(Kernel {
            name: <$kernel as Reduce<1>>::NAME,
            form: Form::Groups,
            run: |b, v| groups($kernel $fields, b, v),
        });
    };
    ($see:ident reduce [$i:literal] $kernel:ident $fields:tt) => {
        $see(Kernel {
            name: <$kernel as Reduce<$i>>::NAME,
            form: Form::Reduce,
            run: |b, v| reduce::<_, _, $i>($kernel $fields, b, v),
        });
    };
    ($see:ident update [$st:literal] $kernel:ident $fields:tt) => {
        $see(Kernel {
            name: <$kernel as Update<$st>>::NAME,
            form: Form::Update,
            run: |b, v| update::<_, _, $st>($kernel $fields, false, b, v),
        });
        $see(Kernel {
            name: <$kernel as Update<$st>>::NAME,
            form: Form::Restore,
            run: |b, v| update::<_, _, $st>($kernel $fields, true, b, v),
        });
    };
    ($see:ident fill [$o:literal $i:literal] $kernel:ident $fields:tt) => {
        $see(Kernel {
            name: <$kernel as Fill<$o, $i>>::NAME,
            form: Form::Fill,
            run: |b, v| fill::<_, _, $o, $i>($kernel $fields, b, v),
        });
    };
}

macro_rules! each {
    ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => {
        /// Shows every kernel of the registry in every form, in its order.
        pub fn each<B: Host>(see: &mut impl FnMut(Kernel<B>)) {
            $(show!(see $shape $arity $kernel $fields);)*
        }
    };
}
for_each_kernel!(each);

/// Elements of a filter of a [`Pool`].
const FAN_IN: usize = 64;

/// Vectors of `N` elements with fixed contents, in a static or on a stack that holds them.
#[derive(Clone, Debug)]
pub struct Pool<const N: usize> {
    pub(crate) vectors: [[f32; N]; 5],
    /// Enough for rows of 64 elements, and one more slot for the rest, in vectors of up to 4096.
    pub(crate) values: [f32; 65],
    pub(crate) slots: [f32; 65],
    pub(crate) sum: f32,
}

impl<const N: usize> Pool<N> {
    pub(crate) const LAYOUT: [Segment; 2] = {
        assert!(N / FAN_IN < 65, "there are no slots for so many filters");
        [
            Segment { filters: (N / FAN_IN) as u32, fan_in: FAN_IN as u32, kind: Kind::Weight },
            Segment { filters: (N % FAN_IN) as u32, fan_in: 1, kind: Kind::Bias },
        ]
    };

    /// All zeros, for a static.
    pub const fn new() -> Self {
        Self { vectors: [[0.0; N]; 5], values: [0.0; 65], slots: [0.0; 65], sum: 0.0 }
    }

    /// What kernels take.
    pub fn vectors(&mut self) -> Vectors<'_> {
        Vectors {
            vectors: self.vectors.each_mut().map(|x| &mut x[..]),
            scalar: 2.5,
            groups: Groups { segments: const { &Self::LAYOUT }, sharing: Sharing::Tensor },
            values: &self.values,
            slots: &mut self.slots,
            sum: &mut self.sum,
        }
    }

    /// A hash of everything that a kernel may have written.
    pub fn hash(&self) -> u32 {
        let mut crc = Crc32::new();
        self.vectors.iter().for_each(|vector| crc.floats(vector));
        crc.floats(&self.slots);
        crc.floats(&[self.sum]);
        crc.finish()
    }
}

impl<const N: usize> Default for Pool<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Values with magnitudes from 0.25 to 1.25 and either sign: soft-float routines take longer for odd ones.
pub fn values(seed: u32, out: &mut [f32]) {
    let mut draws = Draws::new(Key::new(crate::problem::SEED, Stream::Init, 1 + seed));
    for x in out {
        let size = 0.25 + draws.unit();
        *x = if draws.word() & 1 == 0 { size } else { -size };
    }
}
