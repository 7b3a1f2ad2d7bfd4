//! What runs on every machine to show that it computes the bits that every other machine does.
//!
//! [`suite::run`] trains a small network for 20 steps with every method over every optimizer, and calls every kernel once,
//! on fixed inputs; each gives a [`Row`] of hashes. The rows follow from the registries, so nothing can be left out, and
//! no row knows what it should be: whoever compares two machines runs the suite on both. To try your own board, run it
//! there, print the rows, and compare them with those of `flatmin-sim mcu --rows`.
//!
//! [`ledger::run`] counts instructions instead. Neither needs a heap or an operating system.
#![no_std]

pub mod canary;
pub mod compose;
pub mod kernels;
pub mod ledger;
pub mod nets;
pub mod problem;
pub mod suite;

mod row;

pub use row::{HASHES, Name, ParseError, Row};

use flatmin::backend::Backend;

/// A CPU backend.
pub trait Host: Backend<Vector = [f32], Scalar = f32> {}

impl<B: Backend<Vector = [f32], Scalar = f32>> Host for B {}

/// Counts while work is done: in ticks of a timer, or in instructions.
pub trait Stopwatch {
    /// Does the work; what was counted meanwhile.
    fn time(&mut self, work: &mut dyn FnMut()) -> u64;
}

/// Counts nothing, where there is nothing to count with.
#[derive(Clone, Copy, Debug)]
pub struct NoStopwatch;

impl Stopwatch for NoStopwatch {
    fn time(&mut self, work: &mut dyn FnMut()) -> u64 {
        work();
        0
    }
}
