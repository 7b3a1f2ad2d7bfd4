//! What is measured: two limits, and every kernel of the registry.

use flatmin::backend::{Backend, Cpu, Isa, Op};
use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::lanes::Lanes;
use flatmin::layout::{Groups, Kind, Segment, Sharing};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use std::hint::black_box;

/// Elements of a filter in the noise kernels.
const FAN_IN: usize = 64;
/// Vectors start this many elements apart within a page, or loads would seem to depend on stores 4 KiB away.
const STAGGER: usize = 208;
/// Bytes of a cache line. Vectors start on one: where an allocator puts a vector is not a property of a kernel, and a
/// register that straddles two lines costs up to a tenth of the speed.
const LINE: usize = 64;

/// Something to time.
pub(super) struct Workload {
    pub(super) name: &'static str,
    /// Whether an optimizer reads the old weights from a saved copy.
    pub(super) restore: bool,
    pub(super) bytes_per_param: usize,
    pub(super) run: fn(&mut Pool, &mut Cpu),
}

/// Vectors that all workloads share: the most any kernel needs.
pub(super) struct Pool {
    vectors: [Vec<f32>; 5],
    fresh: Vec<f32>,
    segments: [Segment; 1],
    values: Vec<f32>,
}

impl Pool {
    pub(super) fn new(n: usize) -> Self {
        let fresh: Vec<f32> = (0..n).map(|i| ((i * 7919) % 4096) as f32 / 4096.0 + 0.25).collect();
        let filters = n / FAN_IN;
        Self {
            vectors: std::array::from_fn(|k| vec![0.0; n + k * STAGGER + LINE / size_of::<f32>()]),
            fresh,
            segments: [Segment { filters: filters as u32, fan_in: FAN_IN as u32, kind: Kind::Weight }],
            values: vec![1.0; filters],
        }
    }

    /// Normal values again.
    pub(super) fn reset(&mut self) {
        let Self { vectors, fresh, .. } = self;
        for vector in slices(vectors, fresh.len()) {
            vector.copy_from_slice(fresh);
        }
    }

    fn split<const O: usize, const I: usize>(&mut self) -> ([&mut [f32]; O], [&[f32]; I]) {
        let mut vectors = slices(&mut self.vectors, self.fresh.len());
        let mut next = || vectors.next().unwrap_or_default();
        let out = std::array::from_fn(|_| next());
        (out, std::array::from_fn(|_| &*next()))
    }
}

/// The vectors of `n` elements, each from a line's start on.
fn slices(vectors: &mut [Vec<f32>], n: usize) -> impl Iterator<Item = &mut [f32]> {
    vectors.iter_mut().enumerate().map(move |(k, vector)| {
        let start = vector.as_ptr().align_offset(LINE) + k * STAGGER;
        &mut vector[start..start + n]
    })
}

/// Reads one vector as fast as this CPU can: a bitwise sum, which needs no order.
struct Read<'a>(&'a [f32]);

impl Op for Read<'_> {
    type Output = u32;
    #[inline(always)]
    fn run<V: Lanes>(self) -> u32 {
        self.0.iter().fold(0, |sum, x| sum ^ x.to_bits())
    }
}

fn map<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(
    kernel: K,
    pool: &mut Pool,
    cpu: &mut Cpu,
) where
    Arity: MapLoop<O, I>,
{
    let (out, ins) = pool.split();
    cpu.map(black_box(kernel), [&0.25; S], out, ins);
}

fn reduce<K: Reduce<I>, const I: usize>(kernel: K, pool: &mut Pool, cpu: &mut Cpu)
where
    Arity: Rows<I>,
{
    let ([], ins) = pool.split();
    black_box(cpu.reduce(black_box(kernel), ins));
}

fn update<K: Update<ST>, const ST: usize>(kernel: K, saved: bool, pool: &mut Pool, cpu: &mut Cpu)
where
    Arity: UpdateLoop<ST>,
{
    let mut vectors = slices(&mut pool.vectors, pool.fresh.len());
    let mut next = || vectors.next().unwrap_or_default();
    let (w, old, g) = (next(), next(), next());
    let state = std::array::from_fn(|_| next());
    cpu.update(black_box(kernel), w, saved.then_some(&*old), g, state);
}

fn fill<K: Fill<O, I>, const O: usize, const I: usize>(kernel: K, pool: &mut Pool, cpu: &mut Cpu)
where
    Arity: FillLoop<O, I>,
{
    let (segments, values) = (pool.segments, std::mem::take(&mut pool.values));
    let (out, ins) = pool.split();
    cpu.fill(black_box(kernel), Groups { segments: &segments, sharing: Sharing::Tensor }, &values, out, ins);
    pool.values = values;
}

macro_rules! row {
    (map [$s:literal $o:literal $i:literal] $kernel:ident $fields:tt) => {
        &[Workload {
            name: <$kernel as Map<$s, $o, $i>>::NAME,
            restore: false,
            bytes_per_param: 4 * ($o + <$kernel as Map<$s, $o, $i>>::READS),
            run: |pool, cpu| map::<_, $s, $o, $i>($kernel $fields, pool, cpu),
        }]
    };
    (reduce [$i:literal] $kernel:ident $fields:tt) => {
        &[Workload {
            name: <$kernel as Reduce<$i>>::NAME,
            restore: false,
            bytes_per_param: 4 * $i,
            run: |pool, cpu| reduce::<_, $i>($kernel $fields, pool, cpu),
        }]
    };
    (update [$st:literal] $kernel:ident $fields:tt) => {
        &[
            Workload {
                name: <$kernel as Update<$st>>::NAME,
                restore: false,
                bytes_per_param: 4 * (3 + 2 * $st),
                run: |pool, cpu| update::<_, $st>($kernel $fields, false, pool, cpu),
            },
            Workload {
                name: <$kernel as Update<$st>>::NAME,
                restore: true,
                bytes_per_param: 4 * (3 + 2 * $st),
                run: |pool, cpu| update::<_, $st>($kernel $fields, true, pool, cpu),
            },
        ]
    };
    (fill [$o:literal $i:literal] $kernel:ident $fields:tt) => {
        &[Workload {
            name: <$kernel as Fill<$o, $i>>::NAME,
            restore: false,
            bytes_per_param: 4 * ($o + <$kernel as Fill<$o, $i>>::READS),
            run: |pool, cpu| fill::<_, $o, $i>($kernel $fields, pool, cpu),
        }]
    };
}

macro_rules! rows {
    ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => { &[$(row!($shape $arity $kernel $fields)),*] };
}

const LIMITS: &[Workload] = &[
    Workload {
        name: "memcpy",
        restore: false,
        bytes_per_param: 8,
        run: |pool, _| {
            let ([to], [from]) = pool.split();
            black_box(to).copy_from_slice(black_box(from));
        },
    },
    Workload {
        name: "read_limit",
        restore: false,
        bytes_per_param: 4,
        run: |pool, cpu| {
            let ([], [from]) = pool.split();
            black_box(cpu.enter(Read(from)));
        },
    },
];

const KERNELS: &[&[Workload]] = for_each_kernel!(rows);

/// The limits, then the kernels in the order of the registry.
pub(super) fn workloads() -> Vec<&'static Workload> {
    LIMITS.iter().chain(KERNELS.iter().copied().flatten()).collect()
}
