//! The portable register: eight floats, four passes.

use super::{LANES, Lanes};
use core::ops::{Add, Mul, Sub};

const WIDTH: usize = 8;

/// Eight lanes as an array; what a Cortex-M4F can keep in registers.
#[derive(Clone, Copy, Debug)]
pub struct Array([f32; WIDTH]);

impl Array {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for j in 0..WIDTH {
            out[j] = f(self.0[j], other.0[j]);
        }
        Self(out)
    }
}

impl Add for Array {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Array {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul for Array {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl Lanes for Array {
    const PASSES: usize = LANES / WIDTH;

    #[inline(always)]
    fn load(row: &[f32; LANES], pass: usize) -> Self {
        let mut out = [0.0; WIDTH];
        for j in 0..WIDTH {
            // The mask shows the compiler that no index can be out of bounds.
            out[j] = row[(pass & (Self::PASSES - 1)) * WIDTH + j];
        }
        Self(out)
    }

    #[inline(always)]
    fn store(self, row: &mut [f32; LANES], pass: usize) {
        for j in 0..WIDTH {
            row[(pass & (Self::PASSES - 1)) * WIDTH + j] = self.0[j];
        }
    }
}
