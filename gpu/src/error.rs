//! What can go wrong with a device, and what to do about it.

/// Why the device did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No GPU, or none of that name.
    #[error("no GPU adapter{wanted}; {}", what_to_do(.found))]
    NoAdapter {
        /// What was asked for, as ` called "..."`, or nothing.
        wanted: String,
        /// The names of the adapters that are there.
        found: Vec<String>,
    },
    /// The adapter gives no device.
    #[error("{adapter} gives no device: {message}")]
    NoDevice {
        /// Its name.
        adapter: String,
        /// What it says.
        message: String,
    },
    /// The device cannot do this much.
    #[error("{what}: {needed} needed, the device allows {allowed}; {advice}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// What is needed.
        needed: u64,
        /// What is allowed.
        allowed: u64,
        /// What to do.
        advice: &'static str,
    },
    /// Memory is used up.
    #[error(
        "out of GPU memory: {bytes} bytes for {what}; use a smaller model or batch, or free other buffers of this device"
    )]
    OutOfMemory {
        /// What for.
        what: &'static str,
        /// How many bytes.
        bytes: u64,
    },
    /// The device is gone: unplugged, reset, or destroyed. Its vectors are lost; a [`Snapshot`](crate::Snapshot) is not.
    #[error("the GPU was lost ({0}); open a new one and upload the last snapshot")]
    Lost(String),
    /// A caller's buffer cannot be a vector.
    #[error("this buffer cannot be a vector: {0}")]
    Buffer(String),
    /// A network, or what it is asked for, does not fit.
    #[error("this network cannot be evaluated: {0}")]
    Network(String),
    /// A kernel without a twin.
    #[error("the kernel `{0}` has no WGSL twin; only registered kernels run on a GPU")]
    Kernel(&'static str),
    /// The device refused a command: a mistake in this crate or in commands recorded by the caller.
    #[error("the GPU refused a command: {0}")]
    Refused(String),
}

/// Advice to somebody whose adapter is not among those `found`.
fn what_to_do(found: &[String]) -> String {
    match found {
        [] => "found none. Linux: install the Vulkan driver of the GPU's vendor, or Debian's mesa-vulkan-drivers, which also \
               has one in software. Windows: update the graphics driver; it needs DirectX 12 or Vulkan. macOS has Metal. A \
               container must be given the GPU with graphics, not only with compute"
            .to_owned(),
        names => format!("name one of these, or a part of its name: {}", names.join(", ")),
    }
}

impl Error {
    /// Of an error of wgpu, while making `what` of `bytes`.
    pub(crate) fn making(error: wgpu::Error, what: &'static str, bytes: u64) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory { what, bytes },
            wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                Self::Refused(description)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_adapter_it_is_said_what_to_do() {
        let text = |wanted: &str, found: &[&str]| {
            let found = found.iter().map(|name| (*name).to_owned()).collect();
            Error::NoAdapter { wanted: wanted.into(), found }.to_string()
        };
        assert!(text("", &[]).contains("mesa-vulkan-drivers"));
        let other = text(" called \"x\"", &["a", "b"]);
        assert_eq!(other, "no GPU adapter called \"x\"; name one of these, or a part of its name: a, b");
    }

    #[test]
    fn running_out_of_memory_is_told_from_a_mistake() {
        let error = |text: &str| Box::<dyn std::error::Error + Send + Sync>::from(text.to_owned());
        let full = wgpu::Error::OutOfMemory { source: error("full") };
        assert_eq!(Error::making(full, "a vector", 8), Error::OutOfMemory { what: "a vector", bytes: 8 });
        let wrong = wgpu::Error::Validation { source: error("x"), description: "no such binding".into() };
        assert_eq!(Error::making(wrong, "a vector", 8), Error::Refused("no such binding".into()));
    }
}
