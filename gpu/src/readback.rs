//! From the device to the host: the values that somebody waits for, and snapshots that nobody waits for.

use crate::error::Error;
use crate::gpu::Gpu;
use crate::lane::Lane;
use crate::vector::{Scalar, Value, Vector};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are copied at a time.
const CHUNK: u64 = 64 << 20;

const STAGING: wgpu::BufferUsages = wgpu::BufferUsages::MAP_READ.union(wgpu::BufferUsages::COPY_DST);

impl Lane {
    /// Submits what was recorded and waits for some bytes of a buffer.
    pub(crate) fn fetch(&mut self, from: &wgpu::Buffer, offset: u64, bytes: u64) -> Result<Vec<u8>, Error> {
        let mut all = Vec::with_capacity(bytes as usize);
        let mut at = 0;
        while at < bytes {
            let size = CHUNK.min(bytes - at);
            let staging = self.runtime.buffer("a copy for the host", size, STAGING)?;
            self.encoder().copy_buffer_to_buffer(from, offset + at, &staging, 0, Some(size));
            self.submit();
            self.wait_for(&staging, &mut all)?;
            at += size;
        }
        self.counters.reads += 1;
        Ok(all)
    }

    fn wait_for(&self, staging: &wgpu::Buffer, all: &mut Vec<u8>) -> Result<(), Error> {
        let failed = Arc::new(Mutex::new(None));
        let seen = failed.clone();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = result.err();
        });
        let polled = self.runtime.device.poll(wgpu::PollType::wait_indefinitely());
        let lost = |why: String| {
            // What the device said of itself is more than what came of it.
            self.runtime.fault.set(Error::Lost(why));
            self.runtime.fault.get().unwrap_or(Error::Lost(String::new()))
        };
        polled.map_err(|error| lost(error.to_string()))?;
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(self.runtime.fault.get().unwrap_or_else(|| lost(error.to_string())));
        }
        let view = staging.get_mapped_range(..).map_err(|error| lost(error.to_string()))?;
        all.extend_from_slice(&view);
        Ok(())
    }

    /// The value of a scalar for every replica. Waits unless the host knows it.
    pub(crate) fn values(&mut self, scalar: &Scalar) -> Result<Vec<f32>, Error> {
        match &scalar.0 {
            Value::Host(value) => Ok(vec![*value; self.replicas as usize]),
            Value::Later => Err(Error::Refused(
                "a sum is read in the turn of a replica; a method that reads sums cannot run beside others"
                    .into(),
            )),
            Value::Device(slot) => {
                let at = u64::from(slot.index) * self.slot_bytes();
                let scalars = self.scalars.clone();
                let bytes = self.fetch(&scalars, at, 4 * u64::from(self.replicas))?;
                Ok(bytemuck::pod_collect_to_vec(&bytes))
            }
        }
    }

    /// Updates that were refused since this was last asked, a replica, and what was wrong. Waits.
    pub(crate) fn verdicts(&mut self) -> Result<Vec<Refusal>, Error> {
        let verdict = self.verdict.clone();
        let bytes = self.fetch(&verdict, 0, verdict.size())?;
        let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
        let refusal =
            |row: &[u32]| Refusal { updates: row[1], loss: row[2] & 1 != 0, gradient: row[2] & 2 != 0 };
        Ok(words.chunks_exact(3).map(refusal).collect())
    }

    /// Forgets refusals that the host knows of; a verdict of the step under way stays.
    pub(crate) fn forgive(&mut self) {
        self.submit();
        for r in 0..u64::from(self.replicas) {
            self.runtime.queue.write_buffer(&self.verdict, 12 * r + 4, &[0; 8]);
        }
    }
}

/// Updates that the device refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// How many.
    pub updates: u32,
    /// Whether a loss was not finite.
    pub loss: bool,
    /// Whether a gradient was not finite.
    pub gradient: bool,
}

impl Gpu {
    /// Copies a vector to the host (all replicas, one after another). Waits.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn download(&self, from: &Vector) -> Result<Vec<f32>, Error> {
        let bytes = self.lock().fetch(&from.buffer, from.offset, from.bytes())?;
        let all: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
        Ok(all.chunks(from.stride).flat_map(|replica| &replica[..from.len]).copied().collect())
    }

    /// The value of a scalar for every replica. Waits unless the host knows it.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn values(&self, scalar: &Scalar) -> Result<Vec<f32>, Error> {
        self.lock().values(scalar)
    }

    /// Which updates were refused since [`drive::settle`](flatmin::drive::settle) was last called, for every replica. Waits.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn refusals(&self) -> Result<Vec<Refusal>, Error> {
        self.lock().verdicts()
    }
}

/// A copy of a vector that arrives on the host by itself, and outlives the device.
///
/// [`take`](Self::take) records the copy and returns; some later [`Gpu::submit`] or read delivers it. Two copies can be under
/// way at once.
#[derive(Debug)]
pub struct Snapshot {
    staging: [Staging; 2],
    latest: Arc<Mutex<Latest>>,
    taken: u64,
    len: usize,
    stride: usize,
}

#[derive(Debug)]
struct Staging {
    buffer: wgpu::Buffer,
    /// A copy is under way.
    busy: Arc<Mutex<bool>>,
}

#[derive(Debug, Default)]
struct Latest {
    number: u64,
    values: Vec<f32>,
}

impl Snapshot {
    /// Room for snapshots of vectors like this one.
    ///
    /// # Errors
    /// When memory is used up.
    pub fn new(gpu: &Gpu, like: &Vector) -> Result<Self, Error> {
        let lane = gpu.lock();
        let staging = || {
            let buffer = lane.runtime.buffer("a snapshot", like.bytes(), STAGING)?;
            Ok(Staging { buffer, busy: Arc::default() })
        };
        Ok(Self {
            staging: [staging()?, staging()?],
            latest: Arc::default(),
            taken: 0,
            len: like.len,
            stride: like.stride,
        })
    }

    /// Copies the vector as it is after everything recorded so far; submits. `false` if two copies are still under way: then
    /// nothing is copied.
    ///
    /// # Panics
    /// If the vector is not like the one given to [`new`](Self::new).
    pub fn take(&mut self, gpu: &Gpu, v: &Vector) -> bool {
        assert_eq!((v.len, v.stride), (self.len, self.stride), "a snapshot of another vector");
        let mut lane = gpu.lock();
        let free = |staging: &&Staging| !*staging.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Staging { buffer, busy }) = self.staging.iter().find(free) else { return false };
        if lane.is_faulty() {
            return false;
        }
        *busy.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.taken += 1;
        lane.encoder().copy_buffer_to_buffer(&v.buffer, v.offset, buffer, 0, Some(v.bytes()));
        lane.submit();
        let (number, latest, busy) = (self.taken, self.latest.clone(), busy.clone());
        let (arrived, len, stride) = (buffer.clone(), self.len, self.stride);
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            if result.is_ok()
                && let Ok(view) = arrived.get_mapped_range(..)
            {
                let all: Vec<f32> = bytemuck::pod_collect_to_vec(&view);
                drop(view);
                let values = all.chunks(stride).flat_map(|replica| &replica[..len]).copied().collect();
                let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
                if latest.number < number {
                    *latest = Latest { number, values };
                }
                arrived.unmap();
                *busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
            }
        });
        true
    }

    /// The newest copy that has arrived, and the how-manieth it was.
    pub fn latest(&self) -> Option<(u64, Vec<f32>)> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        (latest.number > 0).then(|| (latest.number, latest.values.clone()))
    }
}
