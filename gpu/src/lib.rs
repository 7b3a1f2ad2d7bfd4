//! The GPU backend of flatmin: the same kernels as WGSL compute shaders, the same methods on top.
//!
//! [`shaders`] holds the twins of the kernels and needs no GPU. With the feature `gpu`, [`Gpu`] is a
//! [`Backend`](flatmin::backend::Backend) on wgpu: every method of `flatmin` runs on it unchanged, with weights, gradient and
//! state in [`Vector`]s on the device, and waits for nothing but a read.
//!
//! ```no_run
//! # #[cfg(feature = "gpu")] {
//! use flatmin::{method::{Clock, Eval, Method, Next}, methods::Sam, optimizers::Sgd};
//! use flatmin_gpu::Gpu;
//! let mut gpu = Gpu::new()?;
//! let (mut w, mut g) = (gpu.upload(&[1.0, -2.0])?, gpu.zeros(2)?);
//! let mut sam = Sam::new(Sgd::new().momentum(0.9, gpu.zeros(2)?), gpu.zeros(2)?);
//! let loss = gpu.slot()?;
//! let mut next = sam.begin(&mut gpu, &mut w, &Clock { step: 0, total: 1, lr: 0.1 }).unwrap();
//! while let Next::Gradient(request) = next {
//!     gpu.encode(|encoder| { /* your forward and backward pass: writes `g` and `loss` */ });
//!     next = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss: loss.clone() }).unwrap();
//! }
//! gpu.submit();
//! # }
//! # #[cfg(feature = "gpu")] Ok::<(), flatmin_gpu::Error>(())
//! ```
//!
//! # Features
//! `gpu` (off by default): the backend, [`Gpu`], [`Vector`] and [`nn`]'s networks, on wgpu. In `Cargo.toml`:
//! `flatmin-gpu = { version = "0.1", features = ["gpu"] }`.
#![cfg_attr(not(feature = "gpu"), doc = "\n[`Gpu`]: crate#features\n[`Vector`]: crate#features")]
#![deny(unsafe_code)]

pub mod nn;
pub mod shaders;

#[cfg(feature = "gpu")]
mod backend;
#[cfg(feature = "gpu")]
mod error;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "gpu")]
mod lane;
#[cfg(feature = "gpu")]
mod layouts;
#[cfg(feature = "gpu")]
mod no_contraction;
#[cfg(feature = "gpu")]
mod pipelines;
#[cfg(feature = "gpu")]
mod profile;
#[cfg(feature = "gpu")]
mod readback;
#[cfg(feature = "gpu")]
mod runtime;
#[cfg(feature = "gpu")]
mod turns;
#[cfg(feature = "gpu")]
mod vector;

#[cfg(feature = "gpu")]
pub use {
    error::Error,
    gpu::Gpu,
    lane::Counters,
    profile::Timing,
    readback::{Refusal, Snapshot},
    runtime::{Options, adapters},
    vector::{Scalar, Vector},
    wgpu,
};
