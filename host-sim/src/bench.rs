//! What every kernel costs on this CPU, as a ratio to `memcpy` of the same run.
//!
//! Machines are noisy, so nothing here is an absolute claim: all measurements of a run are interleaved, the median of many
//! rounds without its outliers counts, and the figure to compare is the ratio.

#[cfg(feature = "gpu")]
pub mod gpu;
mod kernels;
mod workload;

use flatmin::backend::Cpu;
use kernels::Workload;
use serde::Serialize;
use std::fmt::Write;
use std::time::Instant;
use workload::{Pool, workloads};

/// Sizes of a vector: one that fits the second cache, one that fits none.
const SIZES: [Size; 2] =
    [Size { bytes: 64 << 10, rounds: 401, calls: 8 }, Size { bytes: 64 << 20, rounds: 31, calls: 1 }];

#[derive(Clone, Copy)]
struct Size {
    bytes: usize,
    rounds: usize,
    /// Calls between two looks at the clock; few, so that values stay in a normal range.
    calls: usize,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// Kernel (`restore + kernel` where it reads the old weights from a saved copy), or `memcpy` or `read_limit`.
    pub name: String,
    /// Bytes of one vector.
    pub vector_bytes: usize,
    /// Bytes read and written per element: the least that it can move.
    pub bytes_per_param: usize,
    /// Nanoseconds per element: the median round (on a GPU the best one).
    pub ns_per_param: f64,
    /// Gigabytes (1e9) moved a second.
    pub gigabytes_per_second: f64,
    /// The same as a multiple of `memcpy`'s of this run and size.
    pub ratio_to_memcpy: f64,
}

/// Measures everything at every size; `announce` is told the size that begins.
pub fn run(announce: &mut dyn FnMut(usize)) -> Vec<Measurement> {
    SIZES
        .into_iter()
        .flat_map(|size| {
            announce(size.bytes);
            at(size)
        })
        .collect()
}

fn at(size: Size) -> Vec<Measurement> {
    let n = size.bytes / size_of::<f32>();
    let mut pool = Pool::new(n);
    let workloads = workloads();
    let mut rounds = vec![Vec::with_capacity(size.rounds); workloads.len()];
    for _ in 0..size.rounds {
        for (rounds, workload) in rounds.iter_mut().zip(&workloads) {
            rounds.push(time(workload, &mut pool, size.calls));
        }
    }
    let typical: Vec<f64> = rounds.into_iter().map(typical).collect();
    let timed = || workloads.iter().zip(&typical);
    let memcpy = timed().next().map_or(f64::NAN, |(memcpy, seconds)| memcpy.rate(n, *seconds));
    timed().map(|(workload, seconds)| workload.measurement(n, *seconds, memcpy)).collect()
}

/// The median of what lies within one and a half interquartile ranges of the middle half: rounds in which the system did
/// something else do not count. NaN of nothing.
fn typical(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    let quantile = |of: &[f64], quarter: usize| of.get(of.len() * quarter / 4).copied().unwrap_or(f64::NAN);
    let (low, high) = (quantile(&samples, 1), quantile(&samples, 3));
    let reach = 1.5 * (high - low);
    samples.retain(|x| (low - reach..=high + reach).contains(x));
    quantile(&samples, 2)
}

/// A size in the unit that reads best: `64 KiB`, `64 MiB`.
pub fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

/// Seconds a call.
fn time(workload: &Workload<Pool>, pool: &mut Pool, calls: usize) -> f64 {
    pool.reset();
    let start = Instant::now();
    for _ in 0..calls {
        (workload.run)(pool);
    }
    start.elapsed().as_secs_f64() / calls as f64
}

/// The measurements as an aligned table.
pub fn table(measurements: &[Measurement]) -> String {
    let mut out =
        format!("backend {}; median of many interleaved rounds, one thread\n", Cpu::detect().name());
    let mut bytes = 0;
    for m in measurements {
        if m.vector_bytes != bytes {
            bytes = m.vector_bytes;
            let _ = writeln!(out, "\n{} a vector", size(bytes));
            let _ = writeln!(out, "  kernel                    B/param   ns/param      GB/s   of memcpy");
        }
        let Measurement { name, bytes_per_param, ns_per_param, .. } = m;
        let _ = writeln!(
            out,
            "  {name:<25} {bytes_per_param:>7} {ns_per_param:>10.4} {:>9.1} {:>11.2}",
            m.gigabytes_per_second, m.ratio_to_memcpy
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_move_the_median() {
        let quiet: Vec<f64> = (0..9).map(|i| 1.0 + 0.01 * f64::from(i)).collect();
        assert_eq!(typical(quiet.clone()), quiet[4]);
        // A plain median would be the sixth.
        assert_eq!(typical([&quiet[..], &[50.0, 9.0]].concat()), quiet[4]);
        assert!(typical(Vec::new()).is_nan());
        assert_eq!(typical(vec![2.0]), 2.0);
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!([64 << 10, 64 << 20].map(size), ["64 KiB", "64 MiB"]);
        assert!(SIZES.iter().all(|size| size.rounds >= 31 && size.rounds % 2 == 1));
    }
}
