//! The handle: a device, and one training run on it.

use crate::error::Error;
use crate::lane::{Counters, Lane};
use crate::profile::{Profile, Timing};
use crate::runtime::{Fault, Options, Runtime};
use crate::vector::{Scalar, Value, Vector, padded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const VECTOR: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);

/// A GPU as a [`Backend`](flatmin::backend::Backend): kernels are recorded, and submitted when something has to be
/// read, written, or [`submit`](Self::submit)ted. A clone is another handle to the same run, for objectives that record
/// or submit their own work; [`lane`](Self::lane) opens another run on the same device.
///
/// The first error stops everything: later calls do nothing, [`status`](Self::status) says what it was, and a method's step
/// ends with [`flatmin::Error::Device`].
#[derive(Clone, Debug)]
pub struct Gpu(Arc<Mutex<Lane>>);

impl Gpu {
    /// Opens the first discrete GPU, else an integrated one, else any.
    ///
    /// # Errors
    /// When there is none, or it gives no device.
    pub fn new() -> Result<Self, Error> {
        Self::open(&Options::default())
    }

    /// Opens a GPU of your choice.
    ///
    /// # Errors
    /// When there is no such adapter, it gives no device, or its limits are too low.
    pub fn open(options: &Options) -> Result<Self, Error> {
        Self::over(Arc::new(Runtime::open(options)?), 1)
    }

    /// Uses a device that exists already: an application's, or that of burn or cubecl. Its handlers of errors and of loss
    /// stay as they are.
    ///
    /// # Errors
    /// When its limits are below the defaults of wgpu.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self, Error> {
        Self::over(Arc::new(Runtime::new(device, queue, &Options::default(), Fault::default())?), 1)
    }

    /// Another run on the same device, with scalars and verdicts of its own and no pipeline built again; it trains
    /// `replicas` vectors side by side, each with the result of a run alone. At least one replica.
    ///
    /// # Errors
    /// When memory is used up.
    pub fn lane(&self, replicas: u32) -> Result<Self, Error> {
        let runtime = self.lock().runtime.clone();
        Self::over(runtime, replicas.max(1))
    }

    fn over(runtime: Arc<Runtime>, replicas: u32) -> Result<Self, Error> {
        Ok(Self(Arc::new(Mutex::new(Lane::new(runtime, replicas)?))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Lane> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// The first thing that went wrong.
    pub fn status(&self) -> Result<(), Error> {
        self.lock().runtime.fault.get().map_or(Ok(()), Err)
    }

    /// The device, for pipelines and buffers of the caller.
    pub fn device(&self) -> wgpu::Device {
        self.lock().runtime.device.clone()
    }

    /// The queue. [`submit`](Self::submit) before you use it yourself, or order is lost.
    pub fn queue(&self) -> wgpu::Queue {
        self.lock().runtime.queue.clone()
    }

    /// Name, driver and kind of the adapter.
    pub fn info(&self) -> wgpu::AdapterInfo {
        self.lock().runtime.device.adapter_info()
    }

    /// Whether the shaders forbid the driver to fuse or rewrite multiplications and additions.
    pub fn is_uncontracted(&self) -> bool {
        self.lock().runtime.pipelines.no_contraction
    }

    /// Vectors that are trained side by side.
    pub fn replicas(&self) -> u32 {
        self.lock().replicas
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// A vector of zeros.
    ///
    /// # Errors
    /// When memory is used up, or the vector is longer than a buffer of the device may be.
    pub fn zeros(&self, len: usize) -> Result<Vector, Error> {
        let lane = self.lock();
        let stride = padded(len).max(4);
        let bytes = 4 * stride as u64 * u64::from(lane.replicas);
        if lane.replicas > 1 && bytes > lane.runtime.limits.max_storage_buffer_binding_size {
            return Err(Error::Limit {
                what: "bytes of a vector of all replicas",
                needed: bytes,
                allowed: lane.runtime.limits.max_storage_buffer_binding_size,
                advice: "train fewer replicas at once",
            });
        }
        let buffer = lane.runtime.buffer("a vector", bytes, VECTOR)?;
        Ok(Vector { buffer, offset: 0, len, stride, replicas: lane.replicas })
    }

    /// A vector of these values: those of every replica, one after another.
    ///
    /// # Errors
    /// As [`zeros`](Self::zeros), and when `values` cannot be shared out among the replicas.
    pub fn upload(&self, values: &[f32]) -> Result<Vector, Error> {
        let mut vector = self.zeros(values.len() / self.replicas() as usize)?;
        self.write(&mut vector, values)?;
        Ok(vector)
    }

    /// A caller's buffer as a vector of `len` elements from `offset` (in bytes) on.
    ///
    /// The buffer needs the usages `STORAGE`, `COPY_SRC` and `COPY_DST`, and must reach to the end of the last group of four
    /// elements, whose other elements are read but never written. Vectors that meet in one kernel need buffers of their own.
    /// With replicas, each has its `len` elements rounded up to 4.
    ///
    /// # Errors
    /// When the buffer is not like that.
    pub fn wrap(&self, buffer: wgpu::Buffer, offset: u64, len: usize) -> Result<Vector, Error> {
        let lane = self.lock();
        let (stride, replicas) = (padded(len).max(4), lane.replicas);
        let vector = Vector { buffer, offset, len, stride, replicas };
        let align = u64::from(lane.runtime.limits.min_storage_buffer_offset_alignment);
        let refuse = |why: String| Err(Error::Buffer(why));
        if !vector.buffer.usage().contains(VECTOR) {
            return refuse(format!("its usage is {:?}; it needs {VECTOR:?}", vector.buffer.usage()));
        }
        if !offset.is_multiple_of(align) {
            return refuse(format!("offset {offset} is no multiple of the device's {align}"));
        }
        if offset + vector.bytes() > vector.buffer.size() {
            let (end, size) = (offset + vector.bytes(), vector.buffer.size());
            return refuse(format!("{len} elements, rounded up to four, end at byte {end} of {size}"));
        }
        Ok(vector)
    }

    /// Copies values to the device, after what was recorded before.
    ///
    /// # Errors
    /// When the number of values is not that of the vector, and when the device has failed.
    pub fn write(&self, to: &mut Vector, values: &[f32]) -> Result<(), Error> {
        let mut lane = self.lock();
        if values.len() != to.len * to.replicas as usize {
            let (found, expected) = (values.len(), to.len * to.replicas as usize);
            return Err(Error::Buffer(format!("{found} values for {expected} elements")));
        }
        lane.submit();
        if to.len > 0 {
            for (r, values) in (0..).zip(values.chunks(to.len)) {
                let at = to.offset + 4 * r * to.stride as u64;
                lane.runtime.queue.write_buffer(&to.buffer, at, bytemuck::cast_slice(values));
            }
        }
        lane.runtime.fault.get().map_or(Ok(()), Err)
    }

    /// A scalar of the host's, such as a loss. It is judged at once, as on a CPU.
    pub fn scalar(&self, value: f32) -> Scalar {
        Scalar(Value::Host(value))
    }

    /// A scalar that a shader of the caller's writes, such as a loss: one float a replica, all 0 at first.
    ///
    /// # Errors
    /// When too many are alive at once.
    pub fn slot(&self) -> Result<Scalar, Error> {
        let lane = self.lock();
        match lane.slot() {
            Some(slot) => Ok(Scalar(Value::Device(slot))),
            None => Err(lane.runtime.fault.get().unwrap_or(Error::Refused("no scalar left".into()))),
        }
    }

    /// Where a [`slot`](Self::slot) lies: buffer, offset and size in bytes. `None` for a scalar of the host's.
    pub fn slot_place(&self, scalar: &Scalar) -> Option<(wgpu::Buffer, u64, u64)> {
        let lane = self.lock();
        match &scalar.0 {
            Value::Host(_) | Value::Later => None,
            Value::Device(slot) => {
                let bytes = lane.slot_bytes();
                Some((lane.scalars.clone(), u64::from(slot.index) * bytes, bytes))
            }
        }
    }

    /// Records commands of the caller's, such as a forward and backward pass, between the kernels before and after: one
    /// submission for all.
    pub fn encode<T>(&self, record: impl FnOnce(&mut wgpu::CommandEncoder) -> T) -> T {
        // The lock is not held meanwhile: `record` may use this handle.
        let mut encoder = self.lock().take_encoder();
        let result = record(&mut encoder);
        self.lock().return_encoder(encoder);
        result
    }

    /// Hands everything recorded to the device, without waiting for it.
    pub fn submit(&self) {
        self.lock().submit();
    }

    /// Submits, and waits until everything handed over is done: for measurements.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn wait(&self) -> Result<(), Error> {
        let mut lane = self.lock();
        lane.submit();
        if let Err(error) = lane.runtime.device.poll(wgpu::PollType::wait_indefinitely()) {
            lane.runtime.fault.set(Error::Lost(error.to_string()));
        }
        lane.runtime.fault.get().map_or(Ok(()), Err)
    }

    /// Begins to measure every dispatch (up to 2048) by the device's clock; `false` where it has none.
    pub fn start_profile(&self) -> bool {
        let mut lane = self.lock();
        lane.submit();
        lane.profile = Profile::new(&lane.runtime);
        lane.profile.is_some()
    }

    /// What was measured; ends the profile. Waits.
    ///
    /// # Errors
    /// When the device has failed.
    pub fn end_profile(&self) -> Result<Vec<Timing>, Error> {
        let mut lane = self.lock();
        let Some(profile) = lane.profile.take() else { return Ok(Vec::new()) };
        let runtime = lane.runtime.clone();
        let buffer = profile.resolve(&runtime, lane.encoder())?;
        let size = buffer.size();
        let ticks = lane.fetch(&buffer, 0, size)?;
        Ok(profile.timings(&bytemuck::pod_collect_to_vec(&ticks), runtime.queue.get_timestamp_period()))
    }
}
