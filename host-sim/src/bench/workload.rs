//! What is measured: two limits, and every kernel of the registry.

use super::kernels::{Run, Workload, kernels, segments, values};
use flatmin::backend::{Backend, Cpu, Isa, Op};
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::lanes::Lanes;
use flatmin::layout::{Groups, Segment, Sharing, filters};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use std::hint::black_box;

/// Vectors start this many elements apart within a page, or loads would seem to depend on stores 4 KiB away.
const STAGGER: usize = 208;
/// Bytes of a cache line. Vectors start on one: where an allocator puts a vector is not a property of a kernel, and a
/// register that straddles two lines costs up to a tenth of the speed.
const LINE: usize = 64;

/// Vectors that all workloads share: the most any kernel needs.
pub(super) struct Pool {
    cpu: Cpu,
    vectors: [Vec<f32>; 5],
    fresh: Vec<f32>,
    segments: [Segment; 1],
    values: Vec<f32>,
}

impl Pool {
    pub(super) fn new(n: usize) -> Self {
        let segments = segments(n);
        Self {
            cpu: Cpu::detect(),
            vectors: std::array::from_fn(|k| vec![0.0; n + k * STAGGER + LINE / size_of::<f32>()]),
            fresh: values(n),
            values: vec![1.0; filters(&segments)],
            segments,
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

impl Run for Pool {
    fn map<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: MapLoop<O, I>,
    {
        let mut cpu = self.cpu;
        let (out, ins) = self.split();
        cpu.map(black_box(kernel), [&0.25; S], out, ins);
    }

    fn reduce<K: Reduce<I>, const I: usize>(&mut self, kernel: K)
    where
        Arity: Rows<I>,
    {
        let mut cpu = self.cpu;
        let ([], ins) = self.split();
        black_box(cpu.reduce(black_box(kernel), ins));
    }

    fn update<K: Update<ST>, const ST: usize>(&mut self, kernel: K, restore: bool)
    where
        Arity: UpdateLoop<ST>,
    {
        let mut vectors = slices(&mut self.vectors, self.fresh.len());
        let mut next = || vectors.next().unwrap_or_default();
        let (w, old, g) = (next(), next(), next());
        let state = std::array::from_fn(|_| next());
        self.cpu.update(black_box(kernel), w, restore.then_some(&*old), g, state);
    }

    fn fill<K: Fill<O, I>, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: FillLoop<O, I>,
    {
        let (mut cpu, segments, values) = (self.cpu, self.segments, std::mem::take(&mut self.values));
        let (out, ins) = self.split();
        let groups = Groups { segments: &segments, sharing: Sharing::Tensor };
        cpu.fill(black_box(kernel), groups, &values, out, ins);
        self.values = values;
    }
}

const LIMITS: [Workload<Pool>; 2] = [
    Workload {
        name: "memcpy",
        restore: false,
        bytes_per_param: 8,
        run: |pool| {
            let ([to], [from]) = pool.split();
            black_box(to).copy_from_slice(black_box(from));
        },
    },
    Workload {
        name: "read_limit",
        restore: false,
        bytes_per_param: 4,
        run: |pool| {
            let cpu = pool.cpu;
            let ([], [from]) = pool.split();
            black_box(cpu.enter(Read(from)));
        },
    },
];

/// The limits, then the kernels in the order of the registry.
pub(super) fn workloads() -> Vec<Workload<Pool>> {
    LIMITS.into_iter().chain(kernels()).collect()
}
