//! What every kernel cost, by the device's own clock.

use crate::error::Error;
use crate::runtime::Runtime;

/// Dispatches that one profile holds.
const MOST: u32 = 2048;

/// One dispatch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// The kernel (or `tree`, `judge`).
    pub kernel: &'static str,
    /// How long it ran.
    pub nanoseconds: f64,
}

/// Timestamps before and after every dispatch.
#[derive(Debug)]
pub(crate) struct Profile {
    queries: wgpu::QuerySet,
    names: Vec<&'static str>,
}

impl Profile {
    /// `None` where the device has no timestamps.
    pub(crate) fn new(runtime: &Runtime) -> Option<Self> {
        runtime.device.features().contains(wgpu::Features::TIMESTAMP_QUERY).then(|| {
            let descriptor = wgpu::QuerySetDescriptor {
                label: Some("profile"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * MOST,
            };
            Self { queries: runtime.device.create_query_set(&descriptor), names: Vec::new() }
        })
    }

    /// The timestamps of the next dispatch; none once the profile is full.
    pub(crate) fn next(&mut self, name: &'static str) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        let at = 2 * self.names.len() as u32;
        (at < 2 * MOST).then(|| {
            self.names.push(name);
            wgpu::ComputePassTimestampWrites {
                query_set: &self.queries,
                beginning_of_pass_write_index: Some(at),
                end_of_pass_write_index: Some(at + 1),
            }
        })
    }

    /// Records the copy of all timestamps to a buffer.
    pub(crate) fn resolve(
        &self,
        runtime: &Runtime,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<wgpu::Buffer, Error> {
        let count = 2 * self.names.len() as u32;
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let buffer = runtime.buffer("timestamps", 8 * u64::from(count.max(2)), usage)?;
        if count > 0 {
            encoder.resolve_query_set(&self.queries, 0..count, &buffer, 0);
        }
        Ok(buffer)
    }

    /// Names the durations.
    pub(crate) fn timings(&self, ticks: &[u64], nanoseconds: f32) -> Vec<Timing> {
        let duration = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * f64::from(nanoseconds);
        let timing = |(kernel, pair): (&&'static str, &[u64])| Timing { kernel, nanoseconds: duration(pair) };
        self.names.iter().zip(ticks.chunks_exact(2)).map(timing).collect()
    }
}
