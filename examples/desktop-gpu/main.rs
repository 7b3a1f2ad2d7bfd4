//! SAM on an application's own GPU device and gradient: `cargo run --release -p flatmin-gpu --features gpu --example desktop-gpu`.

use flatmin::method::{Clock, Eval, Method, Next};
use flatmin::{drive::settle, kernels::Dot, methods::Sam, optimizers::Sgd};
use flatmin_gpu::{Gpu, wgpu};
use pollster::block_on;
use std::error::Error;
use std::process::ExitCode;

/// A million weights in a bowl: `r = w - 1`, `g = r / 2`, loss `r . g`.
const N: usize = 1 << 20;
const GRADIENT: &str = "
    @group(0) @binding(0) var<storage, read> w: array<f32>;
    @group(0) @binding(1) var<storage, read_write> r: array<f32>;
    @group(0) @binding(2) var<storage, read_write> g: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        r[id.x] = w[id.x] - 1.0;
        g[id.x] = 0.5 * r[id.x];
    }";

fn main() -> ExitCode {
    match train() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn train() -> Result<(), Box<dyn Error>> {
    let Application { device, queue, buffers: [weights, residual, gradient], pipeline, group } =
        application()?;
    // flatmin on that device: its vectors are the application's buffers; state is its own.
    let mut gpu = Gpu::from_device(device, queue)?;
    let mut w = gpu.wrap(weights, 0, N)?;
    let r = gpu.wrap(residual, 0, N)?;
    let mut g = gpu.wrap(gradient, 0, N)?;
    let mut sam = Sam::new(Sgd::new().momentum(0.9, gpu.zeros(N)?), gpu.zeros(N)?).rho(0.05);
    println!("{} ({})", gpu.info().name, gpu.info().driver_info);
    for step in 0..100 {
        let clock = Clock { step, total: 100, lr: 0.1 };
        let mut next = sam.begin(&mut gpu, &mut w, &clock)?;
        let mut first = None;
        while let Next::Gradient(_) = next {
            gpu.encode(|encoder| {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(N as u32 / 64, 1, 1);
            });
            let loss = flatmin::backend::Backend::reduce(&mut gpu, Dot {}, [&r, &g]);
            first.get_or_insert(loss.clone());
            next = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss })?;
        }
        gpu.submit(); // One submission a step; nothing has waited yet.
        if let Some(loss) = first.filter(|_| step % 25 == 0 || step == 99) {
            println!(
                "step {step:2}: loss {:e}, {} refused",
                gpu.values(&loss)?[0],
                settle(&mut gpu, &mut sam)
            );
        }
    }
    gpu.status()?;
    let counters = gpu.counters();
    println!(
        "{} dispatches in {} submissions, {} reads",
        counters.dispatches, counters.submissions, counters.reads
    );
    Ok(())
}

/// What an application has already: a device, buffers, and a pipeline that writes the gradient.
struct Application {
    device: wgpu::Device,
    queue: wgpu::Queue,
    buffers: [wgpu::Buffer; 3],
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

fn application() -> Result<Application, Box<dyn Error>> {
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..Default::default()
    };
    let adapter = block_on(wgpu::Instance::default().request_adapter(&options))?;
    let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let size = 4 * N as u64;
    let buffers = ["w", "r", "g"].map(|name| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(name),
            size,
            usage,
            mapped_at_creation: false,
        })
    });
    let source = wgpu::ShaderSource::Wgsl(GRADIENT.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let entry =
        |binding, buffer| wgpu::BindGroupEntry { binding, resource: wgpu::Buffer::as_entire_binding(buffer) };
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[entry(0, &buffers[0]), entry(1, &buffers[1]), entry(2, &buffers[2])],
    });
    Ok(Application { device, queue, buffers, pipeline, group })
}
