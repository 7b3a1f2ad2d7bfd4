//! Element-wise functions that work in place.

use core::ops::Range;

use super::layer::{CHUNK, Layer, Params, Work};
use super::params::Tensor;

/// An element-wise function, known by the derivative that it has at its own *output*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `y = x`.
    Identity,
    /// `y = max(x, 0)`, `dx = dy` where `y > 0`, else 0.
    Relu,
    /// `y = tanh(x)`, `dx = dy * (1 - y * y)`.
    Tanh,
}

impl Activation {
    /// Whether nothing is applied (`==` is not a `const fn`).
    #[must_use]
    pub const fn is_identity(self) -> bool {
        matches!(self, Self::Identity)
    }

    /// Overwrites the outputs `y` by the gradients of the inputs, given the gradients `dy` of the
    /// outputs.
    #[inline]
    pub fn backward(self, y: &mut [f32], dy: &[f32]) {
        self.backward_each(y, dy.iter().copied());
    }

    /// The same for gradients that are computed on the way.
    #[inline]
    pub(super) fn backward_each(self, y: &mut [f32], dy: impl Iterator<Item = f32>) {
        let pairs = y.iter_mut().zip(dy);
        match self {
            Self::Identity => pairs.for_each(|(y, d)| *y = d),
            Self::Relu => pairs.for_each(|(y, d)| *y = if *y > 0.0 { d } else { 0.0 }),
            Self::Tanh => pairs.for_each(|(y, d)| *y = d * (1.0 - *y * *y)),
        }
    }
}

/// `y = max(x, 0)` on `N` activations, in place. -0 becomes +0, NaN stays NaN.
#[derive(Clone, Copy, Debug)]
pub struct Relu<const N: usize>;

/// `y = tanh(x)` on `N` activations, in place.
#[derive(Clone, Copy, Debug)]
pub struct Tanh<const N: usize>;

/// Applies `f` to the elements of `units`.
fn in_place(units: Range<usize>, y: &mut [f32], f: impl Fn(f32) -> f32) {
    let range = units.start * CHUNK..y.len().min(units.end * CHUNK);
    y.get_mut(range).unwrap_or_default().iter_mut().for_each(|y| *y = f(*y));
}

macro_rules! in_place_layer {
    ($name:ident, $f:expr) => {
        impl<const N: usize> Layer for $name<N> {
            const INPUTS: usize = N;
            const OUTPUTS: usize = N;
            const TENSORS: &'static [Tensor] = &[];
            const ACTIVATION: Activation = Activation::$name;
            const FORWARD: Work = Work::elementwise(N);
            const GRADIENT: Work = Work::NONE;
            const INPUT_GRADIENT: Work = Work::NONE;

            fn forward(units: Range<usize>, _: Params<'_>, _: &[f32], y: &mut [f32]) {
                in_place(units, y, $f);
            }

            fn gradient(_: Range<usize>, _: &[f32], _: &[f32], _: &mut [f32]) {}

            fn input_gradient(_: Range<usize>, _: Params<'_>, _: &[f32], _: &mut [f32], _: Activation) {}
        }
    };
}

in_place_layer!(Relu, |x| if x <= 0.0 { 0.0 } else { x });
in_place_layer!(Tanh, libm::tanhf);
