//! Networks on the GPU: the layers and the loss of [`flatmin::nn`] as WGSL, a whole mini-batch a dispatch.
//!
//! [`Layer`] describes a network at run time, and [`Describe`] derives the description from a type of `core`. With the
//! feature `gpu`, a `Network` records forward pass, loss and backward pass between the kernels of a method, so that a step is
//! one submission and nothing waits:
//!
//! ```no_run
//! # #[cfg(feature = "gpu")] {
//! use flatmin::{drive, method::Clock, methods::Sam, nn::{Dense, Relu, seq}, optimizers::Sgd};
//! use flatmin_gpu::{Gpu, nn::{Describe, Network, Sample}};
//! type Net = seq!(Dense<784, 512>, Relu<512>, Dense<512, 10>);
//! # let (weights, pictures): (Vec<f32>, Vec<(&[f32], usize)>) = Default::default();
//! let mut gpu = Gpu::new()?;
//! let net = Network::new(&gpu, &Net::layers(), 32)?;
//! let data = net.data(pictures.into_iter().map(|(x, class)| Sample::of_class(x, class)))?;
//! let (mut w, frozen, mut g) = (gpu.upload(&weights)?, gpu.zeros(0)?, gpu.zeros(weights.len())?);
//! let mut sam = Sam::new(Sgd::new(), gpu.zeros(weights.len())?);
//! let batch: Vec<u32> = (0..32).collect();
//! drive::step(&mut sam, &mut gpu, &mut w, &mut g, &Clock { step: 0, total: 1, lr: 0.1 }, |w, g, request| {
//!     net.gradient(&data, &batch[request.batch.range(32)], w, &frozen, g, request.accumulate)
//! }).unwrap();
//! gpu.submit();
//! # }
//! # #[cfg(feature = "gpu")] Ok::<(), flatmin_gpu::Error>(())
//! ```
//!
//! # Numeric contract
//! Every sum has the order of [`flatmin::nn`]: outputs start at their bias and add inputs ascending, weight gradients add
//! samples and then positions ascending, input gradients positions and then filters. Exponential and logarithm take the steps of
//! `core`'s. Where the driver neither fuses nor approximates (see `Gpu::is_uncontracted`; Mesa's
//! software adapter), loss and gradient have the bits of a CPU, but for tanh, with which they are within 2e-6. Elsewhere
//! they are as close as
//! WGSL's division is.
//!
//! That order is the price of a promise: a weight gradient is one chain of additions as long as the mini-batch has
//! positions, however few weights share the device.

mod describe;
pub mod sources;

#[cfg(feature = "gpu")]
mod data;
#[cfg(feature = "gpu")]
mod network;
#[cfg(feature = "gpu")]
mod plan;
#[cfg(feature = "gpu")]
mod stages;

pub use describe::{Describe, Image, Layer};
#[cfg(feature = "gpu")]
pub(crate) use stages::Stages;
#[cfg(feature = "gpu")]
pub use {
    data::{Data, Sample},
    network::Network,
};
