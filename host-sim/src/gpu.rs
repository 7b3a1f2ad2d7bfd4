//! The GPU that training runs on: a discrete one before others, or the one that [`ADAPTER`] names; opened once.

#[cfg(feature = "gpu")]
mod ensemble;
#[cfg(feature = "gpu")]
mod place;

#[cfg(feature = "gpu")]
pub(crate) use {
    ensemble::train,
    place::{OnGpu, accuracy},
};

#[cfg(not(feature = "gpu"))]
use {
    crate::finetune::Progress,
    crate::train::{News, Waiting},
    std::sync::Arc,
    std::time::Duration,
};

/// The environment variable that names an adapter, or a part of its name, as in wgpu's own programs.
pub const ADAPTER: &str = "WGPU_ADAPTER_NAME";

/// Why there is no training on a GPU.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program was built without it.
    #[error(
        "this program was built without GPU support; run it as `cargo run --release --features gpu -- ...`"
    )]
    NotBuilt,
    /// The device.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Device(#[from] flatmin_gpu::Error),
}

/// Opens the GPU, and says what it is.
///
/// # Errors
/// When there is none, or the program was built without support for it.
#[cfg(feature = "gpu")]
pub fn describe() -> Result<String, Error> {
    Ok(crate::parity::backends::describe(open()?))
}

/// Opens the GPU, and says what it is.
///
/// # Errors
/// Always: the program was built without support for it.
#[cfg(not(feature = "gpu"))]
pub fn describe() -> Result<String, Error> {
    Err(Error::NotBuilt)
}

/// Tells all that wait that nobody trains them: the program was built without support for it.
#[cfg(not(feature = "gpu"))]
pub(crate) fn train(waiting: &[Arc<Waiting>], _: &dyn Progress, _: &mut dyn FnMut()) {
    for run in waiting {
        run.tell(News::End(Err(Error::NotBuilt.into()), Duration::ZERO));
    }
}

/// A device of one's own.
#[cfg(feature = "gpu")]
pub(crate) fn new() -> Result<flatmin_gpu::Gpu, flatmin_gpu::Error> {
    let adapter = std::env::var(ADAPTER).ok().filter(|name| !name.is_empty());
    flatmin_gpu::Gpu::open(&flatmin_gpu::Options { adapter, ..Default::default() })
}

/// The device of this program.
#[cfg(feature = "gpu")]
fn open() -> Result<&'static flatmin_gpu::Gpu, Error> {
    use std::sync::OnceLock;
    static GPU: OnceLock<Result<flatmin_gpu::Gpu, flatmin_gpu::Error>> = OnceLock::new();
    GPU.get_or_init(new).as_ref().map_err(|error| error.clone().into())
}
