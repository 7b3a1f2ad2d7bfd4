//! Every pipeline and layout, built once.

use crate::no_contraction;
use crate::runtime::Options;
use crate::shaders::{self, Form, TWINS, Twin};
use std::borrow::Cow;
use std::collections::HashMap;

/// A pipeline and the layouts of its groups.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) groups: Vec<wgpu::BindGroupLayout>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Pipelines {
    kernels: HashMap<(&'static str, Form), Pipeline>,
    pub(crate) tree: Pipeline,
    pub(crate) judge: Pipeline,
    /// Whether multiplications and additions are kept apart.
    pub(crate) no_contraction: bool,
}

/// What a binding is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Uniform,
    Read,
    Write,
}

impl Kind {
    const fn without_uniforms(self) -> Self {
        match self {
            Self::Uniform => Self::Read,
            other => other,
        }
    }
}

impl Pipelines {
    /// Builds them.
    pub(crate) fn new(device: &wgpu::Device, options: &Options) -> Self {
        let no_contraction = options.no_contraction && no_contraction::allowed(device);
        let build = |name: &str, source: &str, groups: &[&[Kind]]| {
            build(device, no_contraction, name, source, groups)
        };
        let kernel = |twin: &'static Twin, form: Form| {
            let mut own: Vec<_> =
                twin.bindings().iter().map(|b| if b.written { Kind::Write } else { Kind::Read }).collect();
            if form == Form::Restore {
                own.push(Kind::Read);
            }
            let shared: &[Kind] = match form {
                Form::Map => &[Kind::Uniform],
                Form::Update | Form::Restore => &[Kind::Uniform, Kind::Read],
                Form::Reduce => &[Kind::Uniform, Kind::Write],
                Form::Groups => &[Kind::Uniform, Kind::Read, Kind::Write],
                Form::Fill => &[Kind::Uniform, Kind::Read, Kind::Read],
            };
            let source = twin.compose(form);
            let source = match options.rewrite {
                Some(rewrite) => rewrite(twin.name, source),
                None => source,
            };
            ((twin.name, form), build(twin.name, &source, &[&own, shared]))
        };
        Self {
            kernels: TWINS
                .iter()
                .flat_map(|twin| twin.forms.iter().map(move |form| (twin, *form)))
                .map(|(twin, form)| kernel(twin, form))
                .collect(),
            tree: build("tree", &shaders::tree(), &[&[Kind::Read, Kind::Write], &[Kind::Uniform]]),
            judge: build("judge", &shaders::judge(), &[&[Kind::Read, Kind::Read, Kind::Write]]),
            no_contraction,
        }
    }

    /// The pipeline of a kernel.
    pub(crate) fn kernel(&self, name: &'static str, form: Form) -> Option<&Pipeline> {
        self.kernels.get(&(name, form))
    }
}

pub(crate) fn build(
    device: &wgpu::Device,
    no_contraction: bool,
    name: &str,
    source: &str,
    groups: &[&[Kind]],
) -> Pipeline {
    // Mesa's software adapter compiles a shader anew for every value of a uniform that a branch depends on, at the dispatch,
    // and frees none of them. It has no caches for uniforms either: there they are storage.
    let uniforms = device.adapter_info().device_type != wgpu::DeviceType::Cpu;
    let source = match uniforms {
        true => Cow::Borrowed(source),
        false => Cow::Owned(source.replace("var<uniform>", "var<storage, read>")),
    };
    let source = &*source;
    let kinds = |kinds: &&[Kind]| -> Vec<Kind> {
        let kind = |kind: &Kind| if uniforms { *kind } else { kind.without_uniforms() };
        kinds.iter().map(kind).collect()
    };
    let groups: Vec<_> = groups.iter().map(|group| layout(device, name, &kinds(group))).collect();
    let layouts: Vec<_> = groups.iter().map(Some).collect();
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &layouts,
        immediate_size: 0,
    });
    let module = match no_contraction {
        true => no_contraction::module(device, name, source),
        false => None,
    };
    let module = module.unwrap_or_else(|| {
        device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        })
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            // Every shader writes its shared memory before it reads it.
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    });
    Pipeline { pipeline, groups }
}

fn layout(device: &wgpu::Device, name: &str, kinds: &[Kind]) -> wgpu::BindGroupLayout {
    let entry = |(binding, kind): (u32, &Kind)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match kind {
                Kind::Uniform => wgpu::BufferBindingType::Uniform,
                Kind::Read => wgpu::BufferBindingType::Storage { read_only: true },
                Kind::Write => wgpu::BufferBindingType::Storage { read_only: false },
            },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = (0..).zip(kinds).map(entry).collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(name), entries: &entries })
}
