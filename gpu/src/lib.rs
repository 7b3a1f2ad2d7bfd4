//! The GPU backend of flatmin: the same kernels as WGSL compute shaders.
//!
//! This crate is empty for now. What it must become, and the shape that the core already keeps for it
//! (opaque vectors, scalars that stay on the device, one `read` that may stall), is described in
//! ARCHITECTURE.md. The `Device` backend of `flatmin-tests` stands in for it in the tests.
#![no_std]
