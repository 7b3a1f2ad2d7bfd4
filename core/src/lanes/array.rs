//! The portable register: a few floats.

use super::{LANES, Lanes, SMALL};
use core::ops::{Add, Mul, Sub};

/// Lanes as an array.
#[derive(Clone, Copy, Debug)]
pub struct Array<const WIDTH: usize>(pub(crate) [f32; WIDTH]);

/// What suits a target without registers of its own here: eight lanes, which a Cortex-M4F can keep in registers; one where
/// code must be small (see `build.rs`) or floats are computed in software.
pub type Plain = Array<{ if SMALL { 1 } else { 8 } }>;

impl<const WIDTH: usize> Array<WIDTH> {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for j in 0..WIDTH {
            out[j] = f(self.0[j], other.0[j]);
        }
        Self(out)
    }
}

impl<const WIDTH: usize> Add for Array<WIDTH> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<const WIDTH: usize> Sub for Array<WIDTH> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl<const WIDTH: usize> Mul for Array<WIDTH> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl<const WIDTH: usize> Lanes for Array<WIDTH> {
    const PASSES: usize = {
        assert!(
            LANES.is_multiple_of(WIDTH) && (LANES / WIDTH).is_power_of_two(),
            "the lanes must be whole registers"
        );
        LANES / WIDTH
    };

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
