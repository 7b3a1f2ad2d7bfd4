//! What every kernel costs on a GPU, as a ratio to a buffer copy of the same run.
//!
//! Calls are recorded until a submission takes a while, so that its own cost vanishes; what a dispatch costs is measured
//! apart, on vectors of one workgroup.

mod network;

pub use network::Step;

use super::Measurement;
use super::kernels::{Run, Workload, kernels, segments, values};
use crate::parity::backends;
use flatmin::backend::Backend;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::Scale;
use flatmin::layout::{Groups, Segment, Sharing, filters};
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::method::{Batch, Clock, Eval, Method, Next};
use flatmin::methods::Sam;
use flatmin::optimizers::{Momentum, Sgd};
use flatmin::reduce::{Arity, Rows};
use flatmin_gpu::{Error, Gpu, Vector};
use serde::Serialize;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Elements of a vector, as far as memory goes.
const SIZES: [usize; 5] = [1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28];
/// A software adapter stops here: it is no GPU, and slow.
const SOFTWARE: usize = 1 << 22;
const ROUNDS: usize = 5;
/// What a submission should take at least.
const LONG: Duration = Duration::from_millis(20);
/// The most calls in a submission.
const CALLS: usize = 256;

/// What is measured on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    /// Adapter and driver.
    pub device: String,
    /// Microseconds of a dispatch among others.
    pub dispatch_us: f64,
    /// Microseconds of a submission that is waited for, without its dispatches.
    pub submission_us: f64,
}

/// What the device costs.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The device, and what it costs to use it at all.
    pub device: Device,
    /// Every kernel at every size.
    pub measured: Vec<Measurement>,
    /// A training step of networks.
    pub steps: Vec<Step>,
    /// Why the larger sizes are missing, if they are.
    pub stopped: Option<String>,
}

/// Measures; `announce` is told the bytes of a vector that come next.
///
/// # Errors
/// When there is no GPU, or it fails.
pub fn run(announce: &mut dyn FnMut(usize)) -> Result<Bench, Error> {
    let gpu = crate::gpu::new()?;
    let software = backends::is_software(&gpu);
    let device = device(&gpu)?;
    let (mut measured, mut stopped) = (Vec::new(), None);
    for n in SIZES {
        if software && n > SOFTWARE {
            stopped = Some(
                "a software adapter is measured at small sizes only, and its speed says nothing about a GPU"
                    .to_owned(),
            );
            break;
        }
        announce(4 * n);
        match Pool::new(&gpu, n) {
            Ok(mut pool) => measured.extend(at(&mut pool)?),
            Err(error @ (Error::Limit { .. } | Error::OutOfMemory { .. })) => {
                stopped = Some(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let steps = network::steps(&gpu, if software { 32 } else { 256 })?;
    Ok(Bench { device, measured, steps, stopped })
}

fn device(gpu: &Gpu) -> Result<Device, Error> {
    let mut pool = Pool::new(gpu, 1 << 10)?;
    let scale = |pool: &mut Pool| pool.gpu.map(Scale { factor: 1.0 }, [], [&mut pool.vectors[0]], []);
    let many = best(&mut pool, scale, CALLS)?;
    let one = best(&mut pool, scale, 1)?;
    let dispatch = (many - one) / (CALLS - 1) as f64;
    Ok(Device {
        device: backends::describe(gpu),
        dispatch_us: dispatch * 1e6,
        submission_us: (one - dispatch) * 1e6,
    })
}

/// Seconds of `calls` calls in one submission, the best of some rounds.
fn best(pool: &mut Pool, run: impl Fn(&mut Pool), calls: usize) -> Result<f64, Error> {
    pool.gpu.wait()?;
    best_of(|| {
        (0..calls).for_each(|_| run(pool));
        pool.gpu.wait()
    })
}

/// Seconds of `work`, which waits for its end: the best of some rounds.
fn best_of(mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn at(pool: &mut Pool) -> Result<Vec<Measurement>, Error> {
    let n = pool.n;
    let mut measured: Vec<Measurement> = Vec::new();
    for workload in [COPY, STEP].into_iter().chain(kernels()) {
        // A first call is slower; a second one says how many make a long submission.
        let once = best(pool, workload.run, 1)?;
        let calls = (LONG.as_secs_f64() / once).ceil().clamp(1.0, CALLS as f64) as usize;
        let seconds = best(pool, workload.run, calls)? / calls as f64;
        let copy = measured.first().map_or(workload.rate(n, seconds), |copy| copy.gigabytes_per_second);
        measured.push(workload.measurement(n, seconds, copy));
    }
    Ok(measured)
}

/// The measurements as an aligned table.
pub fn table(bench: &Bench) -> String {
    let Device { device, dispatch_us: dispatch, submission_us: submission } = &bench.device;
    let mut out = format!("{device}; best of {ROUNDS} rounds\n");
    let _ =
        writeln!(out, "a dispatch {dispatch:.1} us, a submission that is waited for {submission:.0} us more");
    let mut size = 0;
    for m in &bench.measured {
        if m.vector_bytes != size {
            size = m.vector_bytes;
            let _ = writeln!(out, "\n{} M elements a vector", size >> 22);
            let _ = writeln!(out, "  kernel                    B/param   ns/param      GB/s   of copy");
        }
        let Measurement { name, bytes_per_param, ns_per_param, .. } = m;
        let (rate, ratio) = (m.gigabytes_per_second, m.ratio_to_memcpy);
        let _ =
            writeln!(out, "  {name:<25} {bytes_per_param:>7} {ns_per_param:>10.4} {rate:>9.1} {ratio:>9.2}");
    }
    for step in &bench.steps {
        let Step { name, weights, batch, gpu_ms, gpu_gmac_per_second: rate, cpu_ms } = step;
        let _ = writeln!(
            out,
            "\n{name}, {weights} weights: a SAM step on {batch} samples {gpu_ms:.2} ms, {rate:.1} G multiply-adds/s; \
             one core of this CPU {cpu_ms:.2} ms"
        );
    }
    if let Some(why) = &bench.stopped {
        let _ = writeln!(out, "\nlarger vectors were not measured: {why}");
    }
    out
}

impl Bench {
    /// A line of JSON for the device, then one for each kernel and size, then one for each network.
    ///
    /// # Errors
    /// When a number cannot be written.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        let device = std::iter::once(serde_json::to_string(&self.device));
        let measured = self.measured.iter().map(serde_json::to_string);
        let lines = device.chain(measured).chain(self.steps.iter().map(serde_json::to_string));
        lines.map(|line| Ok(line? + "\n")).collect()
    }
}

/// Vectors that all workloads share, and a SAM step over three more.
struct Pool {
    gpu: Gpu,
    n: usize,
    vectors: [Vector; 5],
    values: Vector,
    segments: [Segment; 1],
    sam: Sam<Sgd<Momentum<Vector>>, Vector>,
}

impl Pool {
    fn new(gpu: &Gpu, n: usize) -> Result<Self, Error> {
        let (fresh, segments) = (values(n), segments(n));
        let vector = || gpu.upload(&fresh);
        let vectors = [vector()?, vector()?, vector()?, vector()?, vector()?];
        Ok(Self {
            gpu: gpu.clone(),
            n,
            vectors,
            values: gpu.upload(&vec![1.0; filters(&segments)])?,
            segments,
            sam: Sam::new(Sgd::new().momentum(0.9, gpu.zeros(n)?), gpu.zeros(n)?),
        })
    }

    fn split<const O: usize, const I: usize>(&mut self) -> (&mut Gpu, [&mut Vector; O], [&Vector; I]) {
        let mut vectors = self.vectors.iter_mut();
        // There are as many as any kernel needs.
        let out = std::array::from_fn(|_| vectors.next().expect("an output"));
        (&mut self.gpu, out, std::array::from_fn(|_| &*vectors.next().expect("an input")))
    }
}

const COPY: Workload<Pool> = Workload {
    name: "copy of a buffer",
    restore: false,
    bytes_per_param: 8,
    run: |pool| {
        let [to, from, ..] = &pool.vectors;
        let bytes = 4 * pool.n as u64;
        pool.gpu
            .encode(|encoder| encoder.copy_buffer_to_buffer(from.buffer(), 0, to.buffer(), 0, Some(bytes)));
    },
};

/// Norm (1 vector), save and climb (4), finite check (1), restore and step (5).
const STEP: Workload<Pool> = Workload {
    name: "a whole SAM step",
    restore: false,
    bytes_per_param: 4 * (1 + 4 + 1 + 5),
    run: |pool| {
        let Pool { gpu, vectors: [w, g, ..], sam, .. } = pool;
        let clock = Clock { step: 0, total: 1, lr: 1e-3 };
        let mut next = sam.begin(gpu, w, &clock);
        while next == Ok(Next::gradient(Batch::Fresh)) || next == Ok(Next::gradient(Batch::Same)) {
            let loss = gpu.scalar(1.0);
            next = sam.resume(gpu, w, Eval { g, loss });
        }
    },
};

impl Run for Pool {
    fn map<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: MapLoop<O, I>,
    {
        let (gpu, out, ins) = self.split();
        let scalar = gpu.scalar(0.25);
        gpu.map(kernel, [&scalar; S], out, ins);
    }

    fn reduce<K: Reduce<I>, const I: usize>(&mut self, kernel: K)
    where
        Arity: Rows<I>,
    {
        let (gpu, [], ins) = self.split();
        gpu.reduce(kernel, ins);
    }

    fn update<K: Update<ST>, const ST: usize>(&mut self, kernel: K, restore: bool)
    where
        Arity: UpdateLoop<ST>,
    {
        let [w, saved, g, state @ ..] = &mut self.vectors;
        let mut state = state.iter_mut();
        let state = std::array::from_fn(|_| state.next().expect("a state vector"));
        self.gpu.update(kernel, w, restore.then_some(&*saved), g, state);
    }

    fn fill<K: Fill<O, I>, const O: usize, const I: usize>(&mut self, kernel: K)
    where
        Arity: FillLoop<O, I>,
    {
        let (segments, mut gpu) = (self.segments, self.gpu.clone());
        let mut vectors = self.vectors.iter_mut();
        let out = std::array::from_fn(|_| vectors.next().expect("an output"));
        let ins = std::array::from_fn(|_| &*vectors.next().expect("an input"));
        gpu.fill(kernel, Groups { segments: &segments, sharing: Sharing::Tensor }, &self.values, out, ins);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_first_what_was_measured_on() {
        let device =
            Device { device: "a GPU (its driver)".to_owned(), dispatch_us: 2.5, submission_us: 30.0 };
        let measured = vec![COPY.measurement(1 << 20, 1e-3, 1.0), STEP.measurement(1 << 20, 2e-3, 1.0)];
        let json = Bench { device, measured, steps: Vec::new(), stopped: None }.json().unwrap();
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [device, copy, step] = &lines[..] else { panic!("three lines: {json}") };
        assert_eq!(device["device"], "a GPU (its driver)");
        assert_eq!([&device["dispatch_us"], &device["submission_us"]], [2.5, 30.0]);
        assert_eq!([&copy["name"], &step["name"]], ["copy of a buffer", "a whole SAM step"]);
    }
}
