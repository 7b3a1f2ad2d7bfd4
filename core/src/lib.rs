//! Flat-minima training for machines without a heap.
#![no_std]
#![deny(unsafe_code)]

pub mod layout;
pub mod math;
pub mod nn;
