//! Flat-minima training for machines from a microcontroller without a heap to a desktop, with the same bits.
//!
//! Deep models generalise better, resist wrong labels and forget less when training ends in a flat minimum. This crate
//! holds the published ways to get there as a small set of composable parts:
//!
//! | role | question | module |
//! |---|---|---|
//! | [`Optimizer`](optimizer::Optimizer) | how do I move with this gradient? | [`optimizers`] |
//! | [`Method`](method::Method) | where do I want the gradients taken, and how do I combine them? | [`methods`] |
//! | [`Gate`](gate::Gate) | is the extra gradient worth it at this step? | [`gates`] |
//! | [`Average`](average::Average) | what do I remember of the trajectory? | [`averages`] |
//!
//! A method is control flow, a [kernel] is one fused pass over vectors, a [backend](backend::Backend) runs kernels.
//! Nothing allocates, nothing panics, every buffer is lent by the caller, and every CPU backend returns the same bits.
//!
//! On a GPU the same methods run with the crate `flatmin-gpu` and its feature `gpu`; this crate has no such feature, since that
//! one depends on it. Add it beside this one (`flatmin-gpu = { version = "0.1", features = ["gpu"] }`): its `Gpu` is a
//! [`Backend`](backend::Backend), and its `Vector` is lent to methods where a CPU takes a slice.
#![no_std]
#![deny(unsafe_code)]
#![allow(
    clippy::needless_range_loop,
    reason = "index loops over cut slices vectorise best and keep no bounds check"
)]

#[cfg(test)]
extern crate std;

pub mod average;
pub mod averages;
pub mod backend;
pub mod bill;
pub mod blob;
#[cfg(any(feature = "storage", feature = "storage-async"))]
pub mod checkpoint;
pub mod drive;
pub mod error;
pub mod gate;
pub mod gates;
#[cfg(feature = "hal")]
pub mod hal;
pub mod hash;
pub mod kernel;
pub mod kernels;
pub mod lanes;
pub mod layout;
pub mod loops;
pub mod math;
pub mod method;
pub mod methods;
pub mod nn;
pub mod noise;
pub mod optimizer;
pub mod optimizers;
pub mod reduce;
pub mod registry;
pub mod residual;
pub mod restore;
pub mod rng;
pub mod schedule;
pub mod state;
pub mod tune;

pub use error::Error;
