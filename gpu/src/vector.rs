//! Vectors and scalars that live on a device.

use std::sync::{Arc, Mutex, PoisonError};

/// A vector on the device: its own buffer, or a part of a caller's.
///
/// With R replicas it holds R vectors of `len` elements, [`stride`](Self::stride) apart.
#[derive(Debug)]
pub struct Vector {
    pub(crate) buffer: wgpu::Buffer,
    /// In bytes.
    pub(crate) offset: u64,
    pub(crate) len: usize,
    pub(crate) stride: usize,
    pub(crate) replicas: u32,
}

impl Vector {
    /// Elements (of one replica).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Another handle to the same elements, for the method of another replica: see [`Gpu::each`](crate::Gpu::each).
    pub fn handle(&self) -> Self {
        let Self { ref buffer, offset, len, stride, replicas } = *self;
        Self { buffer: buffer.clone(), offset, len, stride, replicas }
    }

    /// Elements from one replica to the next: the length, rounded up to 4.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The buffer, for shaders of the caller: `array<f32>` from [`offset`](Self::offset) on.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Where it begins in the buffer, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The whole vector as a resource of a bind group.
    pub fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffer,
            offset: self.offset,
            size: std::num::NonZeroU64::new(self.bytes()),
        })
    }

    /// Bytes of all replicas.
    pub(crate) fn bytes(&self) -> u64 {
        4 * self.stride as u64 * u64::from(self.replicas)
    }
}

/// Elements rounded up to whole vectors of four.
pub(crate) const fn padded(n: usize) -> usize {
    n.div_ceil(4) * 4
}

/// A float on the device, or one that the host knows anyway. Clones are the same float; its place is free again when the
/// last one is dropped.
#[derive(Clone, Debug)]
pub struct Scalar(pub(crate) Value);

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Host(f32),
    Device(Arc<Slot>),
    /// Nothing yet: it is the last replica's turn that records the sum.
    Later,
}

/// A place in the buffer of scalars.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    free: Free,
}

/// The places that nobody uses.
#[derive(Clone, Debug)]
pub(crate) struct Free(Arc<Mutex<Vec<u32>>>);

impl Free {
    pub(crate) fn all(count: u32) -> Self {
        Self(Arc::new(Mutex::new((0..count).rev().collect())))
    }

    pub(crate) fn take(&self) -> Option<Arc<Slot>> {
        let index = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Arc::new(Slot { index, free: self.clone() }))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Whatever still reads the old value was recorded before whatever will write a new one.
        self.free.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
    }
}
