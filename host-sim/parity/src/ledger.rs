//! The ledger: instructions of every kernel, of every optimizer behind the phase machine, and of a whole training step.

use crate::kernels::{self, Pool};
use crate::{Host, Row, Stopwatch};
use flatmin::backend::{Approx, Backend, Bytes, Isa, Micromath, Normals};
use flatmin::drive::{StepError, step};
use flatmin::kernels::Perturb;
use flatmin::layout::filters;
use flatmin::method::{Clock, Method, Request};
use flatmin::methods::{LpfSgd, Plain, Sam};
use flatmin::nn::{self, Dense, Network, Relu};
use flatmin::optimizers::{Adam, Sgd};
use flatmin::residual::usual_len;
use flatmin::rng::{Key, Stream};

/// Elements of a vector in the kernel and update rows.
pub const LEN: usize = 4096;
/// Samples of a mini-batch in the training rows.
pub const BATCH: usize = 8;

/// The network of the training rows: what other libraries publish figures for.
pub type Mlp = nn::seq!(Dense<64, 32>, Relu<32>, Dense<32, 32>, Relu<32>, Dense<32, 10>);
/// Its weights.
pub const PARAMS: usize = Mlp::TRAINABLE;

/// Everything it needs, for a static.
#[derive(Debug)]
pub struct Memory {
    pool: Pool<LEN>,
    w: [f32; PARAMS],
    g: [f32; PARAMS],
    state: [[f32; PARAMS]; 2],
    saved: [f32; PARAMS],
    samples: [[f32; Mlp::IN]; BATCH],
    acts: [f32; Mlp::ACTS],
}

impl Memory {
    /// All zeros.
    pub const fn new() -> Self {
        Self {
            pool: Pool::new(),
            w: [0.0; PARAMS],
            g: [0.0; PARAMS],
            state: [[0.0; PARAMS]; 2],
            saved: [0.0; PARAMS],
            samples: [[0.0; Mlp::IN]; BATCH],
            acts: [0.0; Mlp::ACTS],
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts everything once and shows each row. Rows have no hashes: that the bits are right is the suite's business.
///
/// # Errors
/// When a step is refused, which no step is.
pub fn run<B: Isa>(
    b: &mut B,
    watch: &mut impl Stopwatch,
    memory: &mut Memory,
    see: &mut impl FnMut(&Row),
) -> Result<(), StepError<nn::Error>> {
    let pool = &mut memory.pool;
    kernels::each(&mut |kernel: kernels::Kernel<B>| {
        pool.reset();
        let mut row = Row::new(format_args!("kernel:{}:{}", kernel.name, kernel.form));
        row.ticks = watch.time(&mut || (kernel.run)(b, &mut pool.vectors()));
        see(&row);
    });
    approximate::<B, Bytes>(*b, watch, pool, see);
    approximate::<B, Micromath>(*b, watch, pool, see);
    updates(b, watch, pool, see)?;
    trainings(b, watch, memory, see)
}

/// The noise kernel with cheap noise.
fn approximate<B: Isa, Z: Normals>(
    b: B,
    watch: &mut impl Stopwatch,
    pool: &mut Pool<LEN>,
    see: &mut impl FnMut(&Row),
) {
    pool.reset();
    let kernel = Perturb { gamma: 0.1, rms: 1, key: Key::new(7, Stream::Perturbation, 3) };
    let (mut b, vectors) = (Approx::<B, Z>::with(b), pool.vectors());
    let [w, saved, ..] = vectors.vectors;
    let ticks = watch.time(&mut || {
        b.fill(kernel, vectors.groups, vectors.values, [&mut *w, &mut *saved], []);
    });
    see(&named("approx", Z::NAME, ticks));
}

/// One step with a gradient that costs nothing: the phase machine, the finite check and the kernels.
fn updates<B: Host>(
    b: &mut B,
    watch: &mut impl Stopwatch,
    pool: &mut Pool<LEN>,
    see: &mut impl FnMut(&Row),
) -> Result<(), StepError<nn::Error>> {
    let given = |_: &[f32], _: &mut [f32], _: Request| Ok(1.0);
    pool.reset();
    let norms = &mut pool.slots[..];
    let [w, g, saved, first, second] = pool.vectors.each_mut().map(|x| &mut x[..]);
    let mut count = |name, ticks| see(&named("update", name, ticks));
    count("sgd", second_step(Plain::new(Sgd::new()), b, watch, w, g, given)?);
    let momentum = Plain::new(Sgd::new().momentum(0.9, &mut *first));
    count("momentum", second_step(momentum, b, watch, w, g, given)?);
    count("adam", second_step(Plain::new(Adam::new(&mut *first, &mut *second)), b, watch, w, g, given)?);
    let sam = Sam::new(Sgd::new().momentum(0.9, &mut *first), &mut *saved);
    count("sam+momentum", second_step(sam, b, watch, w, g, given)?);
    let sam = Sam::new(Adam::new(&mut *first, &mut *second), &mut *saved);
    count("sam+adam", second_step(sam, b, watch, w, g, given)?);
    let layout = const { &Pool::<LEN>::LAYOUT };
    let norms = &mut norms[..const { filters(&Pool::<LEN>::LAYOUT) }];
    let base = Sgd::new().momentum(0.9, &mut *first);
    count(
        "lpf_sgd+momentum",
        second_step(LpfSgd::new(base, layout, &mut *saved, &mut *norms, 7), b, watch, w, g, given)?,
    );
    let base = Sgd::new().momentum(0.9, &mut *first);
    let kept = &mut saved[..const { usual_len(LEN) }];
    let lpf = LpfSgd::new(base, layout, kept, norms, 7).residual();
    count("lpf_sgd_residual+momentum", second_step(lpf, b, watch, w, g, given)?);
    Ok(())
}

/// One step of a network on a mini-batch, all of it.
fn trainings<B: Host>(
    b: &mut B,
    watch: &mut impl Stopwatch,
    memory: &mut Memory,
    see: &mut impl FnMut(&Row),
) -> Result<(), StepError<nn::Error>> {
    let Memory { w, g, state: [first, second], saved, samples, acts, .. } = memory;
    kernels::values(6, &mut w[..]);
    w.iter_mut().for_each(|w| *w *= 0.2);
    for (i, x) in samples.iter_mut().enumerate() {
        kernels::values(7 + i as u32, x);
    }
    let mut objective = |w: &[f32], g: &mut [f32], _: Request| {
        g.fill(0.0);
        let (scale, mut loss) = (1.0 / BATCH as f32, 0.0);
        for (i, x) in samples.iter().enumerate() {
            loss += scale * nn::gradient::<Mlp>(x, i, scale, w, &[], acts, g)?;
        }
        Ok(loss)
    };
    let mut count = |name, ticks| see(&named("train", name, ticks));
    let adam = Plain::new(Adam::new(&mut first[..], &mut second[..]));
    count("mlp+adam", second_step(adam, b, watch, w, g, &mut objective)?);
    first.fill(0.0);
    let sam = Sam::new(Sgd::new().momentum(0.9, &mut first[..]), &mut saved[..]);
    count("mlp+sam+momentum", second_step(sam, b, watch, w, g, &mut objective)?);
    Ok(())
}

fn named(kind: &str, name: &str, ticks: u64) -> Row {
    Row { ticks, ..Row::new(format_args!("{kind}:{name}")) }
}

/// Two steps, of which the second is counted: the first of an optimizer may be special.
fn second_step<B: Host, M: Method<B>>(
    mut method: M,
    b: &mut B,
    watch: &mut impl Stopwatch,
    w: &mut [f32],
    g: &mut [f32],
    mut objective: impl FnMut(&[f32], &mut [f32], Request) -> Result<f32, nn::Error>,
) -> Result<u64, StepError<nn::Error>> {
    let mut ticks = 0;
    for t in 0..2 {
        let clock = Clock { step: t, total: 2, lr: 0.003 };
        let mut done = Ok(0.0);
        ticks = watch.time(&mut || {
            done = step(&mut method, b, w, g, &clock, &mut objective);
        });
        done?;
    }
    Ok(ticks)
}
