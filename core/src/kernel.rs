//! The four shapes of a kernel: what one fused pass over vectors may be.
//!
//! A kernel is a plain `repr(C)` struct of its hyperparameters (the same struct is the element of a GPU's
//! hyperparameter array) and two functions: `coef`, once a call, for everything that needs a division or a root, and
//! a body for one element. How elements are visited (loop, vector registers, slices, a GPU) is the backend's business.
//!
//! Bodies use `+ - * /`, [`math`](crate::math) and selects only: never a fused multiply-add, never a branch on data.

use crate::lanes::{LANES, Lanes};
use crate::loops::{TURN, UpdateLoop};
use crate::reduce::{Arity, Rows};
use crate::rng::{Key, TILE};

/// The fields of a kernel as words of 32 bits, in memory order: one element of a device's hyperparameter array.
///
/// Registered kernels get it from their row in [`for_each_kernel!`](crate::for_each_kernel).
pub trait Hyperparameters: Copy {
    /// Hands out the words in order.
    fn words(self, out: &mut impl FnMut(u32));
}

/// Element by element: `out[i] = apply(coef, out[i], ins[i])`, with S scalars, O outputs and I inputs.
pub trait Map<const S: usize, const O: usize, const I: usize>: Hyperparameters {
    /// The stem of the kernel's file, its label and its row in every table.
    const NAME: &'static str;
    /// Vectors that are read; outputs that are only written do not count. With the O written ones they are the floor of
    /// what the kernel costs.
    const READS: usize = O + I;
    /// What the elements need of the hyperparameters and scalars.
    type Coef: Copy;
    /// Computed once a call.
    fn coef(&self, scalars: [f32; S]) -> Self::Coef;
    /// Computed once an element.
    fn apply(coef: Self::Coef, out: [f32; O], ins: [f32; I]) -> [f32; O];
}

/// Vectors to a scalar: the sum over elements of `term`, in the one written order (see [`reduce`](crate::reduce)).
///
/// `term` of zeros must be +0, so that padding changes nothing.
pub trait Reduce<const I: usize>: Hyperparameters {
    /// The stem of the kernel's file, its label and its row in every table.
    const NAME: &'static str;
    /// The summand, for a register of lanes at once.
    fn term<V: Lanes>(&self, ins: [V; I]) -> V;
    /// Adds the terms of whole rows to the accumulators: register by register, unless the core has a faster way to the same
    /// bits.
    #[inline(always)]
    fn rows<V: Lanes>(self, sums: &mut [f32; LANES], ins: [&[[f32; LANES]]; I])
    where
        Arity: Rows<I>,
    {
        Arity::rows::<V, Self>(self, sums, ins);
    }
}

/// One optimizer step: weights, gradient and ST state vectors; in place, or reading the weights from a saved copy so
/// that restoring and stepping are one pass.
pub trait Update<const ST: usize>: Hyperparameters {
    /// The stem of the kernel's file, its label and its row in every table.
    const NAME: &'static str;
    /// What the elements need of the hyperparameters.
    type Coef: Copy;
    /// Computed once a call.
    fn coef(&self) -> Self::Coef;
    /// The same kernel when a device refused that many of the updates it counts; see
    /// [`State::forget`](crate::state::State::forget).
    fn forget(self, updates: u32) -> Self {
        let _ = updates;
        self
    }
    /// The new weight and state of one element.
    fn apply(coef: Self::Coef, w: f32, g: f32, state: [f32; ST]) -> (f32, [f32; ST]);
    /// The new weights and state of whole turns of a loop, on cores where loops take several elements a turn: element by
    /// element, unless the core has a faster way to the same bits. The old weights are in `saved`, or in `w`.
    #[inline(always)]
    fn turns(
        coef: Self::Coef,
        w: &mut [[f32; TURN]],
        saved: Option<&[[f32; TURN]]>,
        g: &[[f32; TURN]],
        state: [&mut [[f32; TURN]]; ST],
    ) where
        Arity: UpdateLoop<ST>,
    {
        Arity::turns::<Self>(coef, w, saved, g, state);
    }
}

/// Noise that is generated where it is used: read-modify-write over tiles of 64, with one scale a filter.
///
/// `tile` is a pure function of the tile's index, so perturbing, saving and perturbing again need no noise vector.
pub trait Fill<const O: usize, const I: usize>: Hyperparameters {
    /// The stem of the kernel's file, its label and its row in every table.
    const NAME: &'static str;
    /// Vectors that are read; outputs that are only written do not count.
    const READS: usize = O + I;
    /// Writes the noise of elements `64 * tile ..`.
    fn tile(&self, tile: u32, out: &mut [f32; TILE]);
    /// The block of random numbers that the noise is the standard normal values of, if it is that: what a backend with cheap
    /// noise draws from instead.
    fn gaussian(&self) -> Option<Key> {
        None
    }
    /// The scale of a group, of its slot's value and its filter's fan-in; computed once a run.
    fn scale(&self, value: f32, fan_in: u32) -> f32;
    /// `out[i]` of the scaled noise `noise`.
    fn apply(noise: f32, out: [f32; O], ins: [f32; I]) -> [f32; O];
}
