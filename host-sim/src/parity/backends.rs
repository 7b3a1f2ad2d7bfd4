//! The backends of this machine, by name.

use super::Hold;
#[cfg(feature = "gpu")]
use super::split::Split;
#[cfg(target_arch = "x86_64")]
use flatmin::backend::Avx2;
use flatmin::backend::Cpu;

/// What a backend promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// The bits of the reference.
    Bits,
    /// Closeness, within the bars of the tolerance table.
    Closeness,
}

/// Takes a backend, whatever its type.
pub trait Visit {
    /// Takes it. `about` says which device it is, if that is not plain.
    fn visit<B: Hold + 'static>(&mut self, name: &'static str, about: &str, promise: Promise, b: B);
    /// Is told which one is missing, and why.
    fn absent(&mut self, name: &'static str, why: &str);
}

/// Every name that `--backends` knows; the reference is `portable`.
pub const NAMES: [&str; 3] = ["avx2", "cpu", GPU];
/// The one that runs what the registry says runs on a device.
pub(super) const GPU: &str = "gpu";

/// Shows `visit` the backend called `name`; a GPU takes over from the kernel `gpu_from` on.
pub fn visit(name: &'static str, gpu_from: Option<&'static str>, visit: &mut impl Visit) {
    match name {
        #[cfg(target_arch = "x86_64")]
        "avx2" => match Avx2::detect() {
            Some(avx2) => visit.visit(name, "", Promise::Bits, avx2),
            None => visit.absent(name, "this CPU has no AVX2"),
        },
        "cpu" => visit.visit(name, Cpu::detect().name(), Promise::Bits, Cpu::detect()),
        GPU => gpu(name, gpu_from, visit),
        _ => visit.absent(name, "not for this architecture"),
    }
}

#[cfg(not(feature = "gpu"))]
fn gpu(name: &'static str, _: Option<&'static str>, visit: &mut impl Visit) {
    visit.absent(name, &crate::gpu::Error::NotBuilt.to_string());
}

#[cfg(feature = "gpu")]
fn gpu(name: &'static str, from: Option<&'static str>, visit: &mut impl Visit) {
    match crate::gpu::new() {
        Err(error) => visit.absent(name, &error.to_string()),
        Ok(gpu) => {
            let (about, promise) = (describe(&gpu), promise(&gpu));
            match from {
                None => visit.visit(name, &about, promise, Split::none(gpu)),
                Some(from) => {
                    let about = format!("{about}, from {from} on");
                    visit.visit(name, &about, promise, Split::new(gpu, from));
                }
            }
        }
    }
}

/// Adapter, driver and how its shaders were compiled.
#[cfg(feature = "gpu")]
pub fn describe(gpu: &flatmin_gpu::Gpu) -> String {
    let info = gpu.info();
    let contraction = if gpu.is_uncontracted() { "NoContraction" } else { "plain WGSL" };
    let software = if is_software(gpu) { ", in software" } else { "" };
    format!(
        "{}, {:?}, {} {}{software}, {contraction}",
        info.name, info.backend, info.driver, info.driver_info
    )
}

/// Whether the adapter computes on the CPU: right, and slow.
#[cfg(feature = "gpu")]
pub(crate) fn is_software(gpu: &flatmin_gpu::Gpu) -> bool {
    gpu.info().device_type == flatmin_gpu::wgpu::DeviceType::Cpu
}

/// Mesa's software adapter keeps IEEE arithmetic and is held to its bits. Others divide and root as they like.
#[cfg(feature = "gpu")]
pub fn promise(gpu: &flatmin_gpu::Gpu) -> Promise {
    if gpu.info().driver == "llvmpipe" { Promise::Bits } else { Promise::Closeness }
}
