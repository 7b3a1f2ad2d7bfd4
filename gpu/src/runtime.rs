//! A device with every pipeline built, whoever made it.

use crate::error::Error;
use crate::nn::Stages;
use crate::pipelines::Pipelines;
use std::sync::{Arc, Mutex, PoisonError};

/// Which GPU, and how it is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// A part of the adapter's name; without one, the first discrete GPU, else an integrated one, else any.
    pub adapter: Option<String>,
    /// Keeps multiplications and additions apart, by a decoration of the shaders that wgpu passes through unseen.
    /// Without it a driver may fuse or rewrite them. Used only where the adapter allows it (native Vulkan).
    pub no_contraction: bool,
    /// At most these limits are asked for; vectors are cut accordingly.
    pub limits: Option<wgpu::Limits>,
    /// Changes the source of a kernel before it is compiled, given its name: for experiments, and for the tests that a
    /// wrong shader is seen.
    pub rewrite: Option<fn(&str, String) -> String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { adapter: None, no_contraction: true, limits: None, rewrite: None }
    }
}

/// The first thing that went wrong; everything after it is a no-op.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault(Arc<Mutex<Option<Error>>>);

impl Fault {
    pub(crate) fn set(&self, error: Error) {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A lost device explains whatever failed before it was noticed.
        if fault.is_none() || matches!(error, Error::Lost(_)) {
            *fault = Some(error);
        }
    }

    pub(crate) fn get(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What all lanes of a device share.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) pipelines: Pipelines,
    pub(crate) fault: Fault,
    pub(crate) limits: wgpu::Limits,
    /// Of [`Options`], for pipelines that are built later.
    pub(crate) rewrite: Option<fn(&str, String) -> String>,
    pub(crate) stages: Stages,
}

impl Runtime {
    /// Opens a device of its own.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        pollster::block_on(async {
            let adapter = find(options.adapter.as_deref()).await?;
            let wanted = wgpu::Features::TIMESTAMP_QUERY
                | if options.no_contraction {
                    wgpu::Features::PASSTHROUGH_SHADERS
                } else {
                    wgpu::Features::empty()
                };
            let descriptor = wgpu::DeviceDescriptor {
                label: Some("flatmin"),
                required_features: adapter.features() & wanted,
                required_limits: options.limits.clone().unwrap_or_else(|| needed(&adapter.limits())),
                ..Default::default()
            };
            let refused = |error: wgpu::RequestDeviceError| Error::NoDevice {
                adapter: adapter.get_info().name,
                message: error.to_string(),
            };
            let (device, queue) = adapter.request_device(&descriptor).await.map_err(refused)?;
            let fault = Fault::default();
            let lost = fault.clone();
            device.set_device_lost_callback(move |_, message| lost.set(Error::Lost(message)));
            let uncaptured = fault.clone();
            device.on_uncaptured_error(Arc::new(move |error| {
                uncaptured.set(Error::making(error, "a command", 0));
            }));
            Self::new(device, queue, options, fault)
        })
    }

    /// Takes a device. Its callbacks for errors and loss stay the owner's.
    pub(crate) fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        options: &Options,
        fault: Fault,
    ) -> Result<Self, Error> {
        let limits = device.limits();
        let enough = |what, needed: u64, allowed: u64| {
            let advice = "open the device with the default limits of wgpu or better";
            if needed <= allowed { Ok(()) } else { Err(Error::Limit { what, needed, allowed, advice }) }
        };
        enough("storage buffers a shader", 8, limits.max_storage_buffers_per_shader_stage.into())?;
        enough("threads a workgroup", 256, limits.max_compute_invocations_per_workgroup.into())?;
        enough("threads a workgroup", 256, limits.max_compute_workgroup_size_x.into())?;
        enough("bind groups", 2, limits.max_bind_groups.into())?;
        enough("bytes a binding", 1 << 18, limits.max_storage_buffer_binding_size)?;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let pipelines = Pipelines::new(&device, options);
        match pollster::block_on(scope.pop()) {
            Some(error) => Err(Error::making(error, "pipelines", 0)),
            None => Ok(Self {
                device,
                queue,
                pipelines,
                fault,
                limits,
                rewrite: options.rewrite,
                stages: Stages::default(),
            }),
        }
    }

    /// Makes a buffer, or says why not.
    pub(crate) fn buffer(
        &self,
        what: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, Error> {
        if bytes > self.limits.max_buffer_size {
            let (needed, allowed) = (bytes, self.limits.max_buffer_size);
            let advice = "split the model, or open the device with a higher max_buffer_size";
            return Err(Error::Limit { what, needed, allowed, advice });
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let descriptor =
            wgpu::BufferDescriptor { label: Some(what), size: bytes, usage, mapped_at_creation: false };
        let buffer = self.device.create_buffer(&descriptor);
        match pollster::block_on(scope.pop()) {
            Some(error) => Err(Error::making(error, what, bytes)),
            None => self.fault.get().map_or(Ok(buffer), Err),
        }
    }
}

/// The adapters of this machine.
pub fn adapters() -> Vec<wgpu::AdapterInfo> {
    let instance = wgpu::Instance::default();
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.iter().map(wgpu::Adapter::get_info).collect()
}

async fn find(name: Option<&str>) -> Result<wgpu::Adapter, Error> {
    let instance = wgpu::Instance::default();
    let adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    let names: Vec<_> = adapters.iter().map(|adapter| adapter.get_info().name).collect();
    let rank = |adapter: &wgpu::Adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    let suits = |adapter: &wgpu::Adapter| {
        name.is_none_or(|name| adapter.get_info().name.to_lowercase().contains(&name.to_lowercase()))
    };
    adapters.into_iter().filter(suits).min_by_key(rank).ok_or_else(|| Error::NoAdapter {
        wanted: name.map(|name| format!(" called \"{name}\"")).unwrap_or_default(),
        found: names,
    })
}

/// wgpu's defaults, and as much memory as the adapter gives.
fn needed(adapter: &wgpu::Limits) -> wgpu::Limits {
    wgpu::Limits {
        max_buffer_size: adapter.max_buffer_size,
        max_storage_buffer_binding_size: adapter.max_storage_buffer_binding_size,
        min_storage_buffer_offset_alignment: adapter.min_storage_buffer_offset_alignment,
        min_uniform_buffer_offset_alignment: adapter.min_uniform_buffer_offset_alignment,
        ..wgpu::Limits::default()
    }
}
