//! Vectors of any backend, filled and seen from the host.

use flatmin::backend::Backend;
use std::borrow::BorrowMut;

/// A backend whose vectors the host can make and look at: slices of a CPU, buffers of a device.
pub trait Hold: Backend {
    /// A vector that owns its memory.
    type Own: BorrowMut<Self::Vector> + 'static;
    /// A vector of these values.
    fn hold(&mut self, values: &[f32]) -> Self::Own;
    /// Replaces the values; the length stays.
    fn refill(&mut self, v: &mut Self::Vector, values: &[f32]);
    /// The values.
    fn show(&mut self, v: &Self::Vector) -> Vec<f32>;
    /// A scalar of the host's.
    fn scalar(&mut self, value: f32) -> Self::Scalar;
}

/// A backend's own vector.
pub type Kept<B> = <B as Hold>::Own;

impl<B: Backend<Vector = [f32], Scalar = f32>> Hold for B {
    type Own = Vec<f32>;

    fn hold(&mut self, values: &[f32]) -> Vec<f32> {
        values.to_vec()
    }

    fn refill(&mut self, v: &mut [f32], values: &[f32]) {
        v.copy_from_slice(values);
    }

    fn show(&mut self, v: &[f32]) -> Vec<f32> {
        v.to_vec()
    }

    fn scalar(&mut self, value: f32) -> f32 {
        value
    }
}
