//! The suite: every composition for 20 steps, every optimizer behind an anchor, every average beside one of them, every
//! kernel once.

use crate::compose::{Anchor, MethodSpec, OptimizerSpec, Parts, Receive, Spec, compose_anchored};
use crate::kernels::{self, Pool, values};
use crate::problem::{LR, PARAMS, SEED, SEGMENTS, STEPS, Vector, objective, weights, zeros};
use crate::{Host, Row, Stopwatch};
use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::drive::{StepError, step};
use flatmin::hash;
use flatmin::layout::filters;
use flatmin::method::{Clock, Method};
use flatmin::nn;
use flatmin::rng::Seed;

/// Elements of a vector in the kernel rows: two blocks of a sum and an odd rest.
pub const KERNEL_LEN: usize = 2 * flatmin::reduce::BLOCK + 37;

/// Every method over every optimizer, and every optimizer behind a clip that bites.
pub fn specs() -> impl Iterator<Item = Spec> {
    let clipped = OptimizerSpec::SAMPLES
        .map(|optimizer| Spec { max_norm: Some(0.05), ..Spec::new(MethodSpec::Plain, optimizer) });
    Spec::samples().chain(clipped)
}

/// Runs the suite on `b` and shows every row as soon as it is known.
///
/// # Errors
/// When a step is refused, which no step is.
pub fn run<B: Host>(
    b: &mut B,
    watch: &mut impl Stopwatch,
    pool: &mut Pool<KERNEL_LEN>,
    see: &mut impl FnMut(&Row),
) -> Result<(), StepError<nn::Error>> {
    for (index, spec) in specs().enumerate() {
        let mut row = Row::new(format_args!("{index}:{spec}"));
        train(&spec, None, b, watch, &mut row, &mut |_, _, _| {})?;
        see(&row);
    }
    for (index, optimizer) in OptimizerSpec::SAMPLES.into_iter().enumerate() {
        let spec = Spec::new(MethodSpec::Plain, optimizer);
        let mut row = Row::new(format_args!("anchor:{index}:{spec}+anchored"));
        train(&spec, Some(anchor()), b, watch, &mut row, &mut |_, _, _| {})?;
        see(&row);
    }
    average(Swa::new(weights()), b, see)?;
    average(Ema::new(weights()).decay(0.8), b, see)?;
    kernels::each(&mut |kernel: kernels::Kernel<B>| {
        pool.reset();
        let mut row = Row::new(format_args!("kernel:{}:{}", kernel.name, kernel.form));
        row.ticks = watch.time(&mut || (kernel.run)(b, &mut pool.vectors()));
        let _ = row.hashes.push(pool.hash());
        see(&row);
    });
    Ok(())
}

/// The weights of one run, seen by an average.
fn average<B: Host, A: Average<B>>(
    mut average: A,
    b: &mut B,
    see: &mut impl FnMut(&Row),
) -> Result<(), StepError<nn::Error>> {
    let spec = Spec::new(MethodSpec::Plain, OptimizerSpec::momentum(0.9, 0.0));
    let mut row = Row::new(format_args!("average:{}", A::NAME));
    let mut hashes = heapless::Vec::new();
    let mut refused = None;
    train(&spec, None, b, &mut crate::NoStopwatch, &mut row, &mut |b, w, clock| {
        refused = refused.or(average.observe(b, w, clock).err());
        let _ = hashes.push(hash::state::<B, A>(&[], &average));
    })?;
    row.hashes = hashes;
    see(&row);
    refused.map_or(Ok(()), |error| Err(StepError::Method(error)))
}

/// A pull towards zero, of another strength for every filter.
fn anchor() -> Anchor<Vector> {
    let mut strengths = zeros(filters(&SEGMENTS));
    for (k, strength) in strengths.iter_mut().enumerate() {
        *strength = 0.01 * (k + 1) as f32;
    }
    Anchor { factory: zeros(PARAMS), strengths }
}

/// Trains the problem by `spec`, behind `anchor` if there is one: a hash after every step, the ticks of all of them; shows
/// `w` after each.
fn train<B: Host>(
    spec: &Spec,
    anchor: Option<Anchor<Vector>>,
    b: &mut B,
    watch: &mut impl Stopwatch,
    row: &mut Row,
    see: &mut impl FnMut(&mut B, &[f32], &Clock),
) -> Result<(), StepError<nn::Error>> {
    let parts = Parts { segments: &SEGMENTS, zeros, noise: Seed(SEED), coin: Seed(SEED) };
    compose_anchored::<B, Vector, _, _, _, _>(spec, anchor, parts, Train { b, watch, row, see })
}

struct Train<'a, B, W, F> {
    b: &'a mut B,
    watch: &'a mut W,
    row: &'a mut Row,
    see: &'a mut F,
}

impl<B: Host, W: Stopwatch, F: FnMut(&mut B, &[f32], &Clock)> Receive<B> for Train<'_, B, W, F> {
    type Output = Result<(), StepError<nn::Error>>;

    fn receive<M: Method<B> + 'static>(self, mut method: M) -> Self::Output {
        let Self { b, watch, row, see } = self;
        let (mut w, mut g) = (weights(), zeros(PARAMS));
        for t in 0..STEPS {
            let clock = Clock { step: t, total: STEPS, lr: LR };
            let mut done = Ok(0.0);
            row.ticks += watch.time(&mut || {
                done =
                    step(&mut method, b, &mut w, &mut g, &clock, |w, g, request| objective(t, w, g, request));
            });
            done?;
            let _ = row.hashes.push(hash::state::<B, M>(&w, &method));
            see(b, &w, &clock);
        }
        Ok(())
    }
}

impl<const N: usize> Pool<N> {
    /// The inputs as they were.
    pub fn reset(&mut self) {
        for (k, vector) in self.vectors.iter_mut().enumerate() {
            values(k as u32, vector);
        }
        // The last vector serves as a second moment.
        self.vectors[4].iter_mut().for_each(|x| *x = x.abs());
        values(5, &mut self.values);
        self.values.iter_mut().for_each(|x| *x = x.abs());
        self.slots.fill(0.0);
        self.sum = 0.0;
    }
}
