//! Keeps multiplications and additions apart on drivers that would fuse or rewrite them.
//!
//! WGSL has no word for it and naga never says it, but SPIR-V does: `NoContraction` on the result of an operation. So the
//! module is compiled by naga, every floating-point operation is decorated, and the driver gets the words as they are.

use naga::back::spv;
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Whether the device takes SPIR-V as it is.
pub(crate) fn allowed(device: &wgpu::Device) -> bool {
    device.features().contains(wgpu::Features::PASSTHROUGH_SHADERS)
        && device.adapter_info().backend == wgpu::Backend::Vulkan
}

/// The decorated module; `None` if naga does not take the source (wgpu then says why).
#[expect(unsafe_code, reason = "wgpu cannot check what it passes through")]
pub(crate) fn module(device: &wgpu::Device, name: &str, source: &str) -> Option<wgpu::ShaderModule> {
    let words = decorate(&compile(source)?)?;
    // SAFETY: the words are naga's output of a module that its validator accepted, plus decorations that change no type,
    // no access and no control flow. Buffer accesses are clamped as wgpu would have them.
    Some(unsafe {
        device.create_shader_module_passthrough(wgpu::ShaderModuleDescriptorPassthrough {
            label: Some(name),
            spirv: Some(words.into()),
            // The size matters to Metal alone.
            entry_points: vec![wgpu::PassthroughShaderEntryPoint {
                name: "main".into(),
                workgroup_size: (1, 1, 1),
            }]
            .into(),
            ..Default::default()
        })
    })
}

fn compile(source: &str) -> Option<Vec<u32>> {
    let module = naga::front::wgsl::parse_str(source).ok()?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).ok()?;
    let options = spv::Options {
        lang_version: (1, 3),
        bounds_check_policies: naga::proc::BoundsCheckPolicies {
            index: naga::proc::BoundsCheckPolicy::Restrict,
            buffer: naga::proc::BoundsCheckPolicy::Restrict,
            ..Default::default()
        },
        // Every loop of these shaders ends by itself; a counter in each would keep a driver from unrolling it.
        force_loop_bounding: false,
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        ..Default::default()
    };
    spv::write_vec(&module, &info, &options, None).ok()
}

/// `OpDecorate id NoContraction` for the result of every floating-point operation.
fn decorate(words: &[u32]) -> Option<Vec<u32>> {
    const HEADER: usize = 5;
    // OpFNegate, OpFAdd, OpFSub, OpFMul, OpFDiv, OpVectorTimesScalar, OpDot.
    const ARITHMETIC: [u32; 7] = [127, 129, 131, 133, 136, 142, 148];
    const DECORATE: u32 = 3 << 16 | 71;
    const NO_CONTRACTION: u32 = 42;
    let (mut results, mut annotations_end, mut at) = (Vec::new(), None, HEADER);
    while at < words.len() {
        let (opcode, length) = (words[at] & 0xffff, (words[at] >> 16) as usize);
        if ARITHMETIC.contains(&opcode) {
            results.push(*words.get(at + 2)?);
        }
        // Types follow annotations, and the first of them is at most OpTypeForwardPointer.
        if annotations_end.is_none() && (19..=39).contains(&opcode) {
            annotations_end = Some(at);
        }
        if length == 0 {
            return None;
        }
        at += length;
    }
    let (head, tail) = words.split_at_checked(annotations_end?)?;
    let decorations = results.iter().flat_map(|id| [DECORATE, *id, NO_CONTRACTION]);
    Some(head.iter().copied().chain(decorations).chain(tail.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shaders::{Form, Twin};

    #[test]
    fn every_operation_is_decorated_once() {
        let words = compile(&Twin::find("save_ascend").unwrap().compose(Form::Map)).unwrap();
        let decorated = decorate(&words).unwrap();
        let count = (decorated.len() - words.len()) / 3;
        // sqrt is no arithmetic of its own: + and / of the scale, * and + of the step.
        assert_eq!(count, 4);
        assert_eq!(decorated.len(), words.len() + 3 * count);
        assert_eq!(decorate(&words[..5]), None);
    }
}
