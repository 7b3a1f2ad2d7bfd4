//! Who runs kernels: a CPU with some instruction set, a sliced CPU, a device.

use crate::error::{Error, Quantity};
use crate::kernel::{Fill, Map, Reduce, Update};
use crate::kernels::Perturb;
use crate::layout::Groups;
use crate::loops::{FillLoop, MapLoop, UpdateLoop};
use crate::reduce::{Arity, Rows};
use crate::residual::Way;

mod approx;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod cpu;
mod isa;
mod portable;
mod sliced;

#[cfg(feature = "micromath")]
pub use approx::Micromath;
pub use approx::{Approx, Bytes, Normals};
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
pub use cpu::Cpu;
pub use isa::{Isa, Op};
pub use portable::Portable;
pub use sliced::{CALLS, Progress, Sliced};

/// Runs kernels over its own kind of vector.
///
/// The vectors of one call have one length; methods check it once a step, and a backend stops at the shortest.
/// `Scalar` is `f32` on a CPU and a slot on a device: only [`read`](Backend::read) waits for it.
pub trait Backend {
    /// A slice of floats, or a device's buffer.
    type Vector: ?Sized;
    /// A float, or a device's slot for one.
    type Scalar: Clone;

    /// Elements of a vector.
    fn len(&self, v: &Self::Vector) -> usize;

    /// Runs an element-wise kernel.
    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&Self::Scalar; S],
        out: [&mut Self::Vector; O],
        ins: [&Self::Vector; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>;

    /// Runs a reduction over whole vectors.
    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&Self::Vector; I]) -> Self::Scalar
    where
        K: Reduce<I>,
        Arity: Rows<I>;

    /// Runs a reduction over each group of a layout; `out` gets one value a slot.
    fn reduce_groups<K>(&mut self, kernel: K, groups: Groups<'_>, x: &Self::Vector, out: &mut Self::Vector)
    where
        K: Reduce<1>;

    /// Runs an optimizer kernel, in place or from `saved`.
    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut Self::Vector,
        saved: Option<&Self::Vector>,
        g: &Self::Vector,
        state: [&mut Self::Vector; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>;

    /// Runs a noise kernel with the slots' `values` as scales.
    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &Self::Vector,
        out: [&mut Self::Vector; O],
        ins: [&Self::Vector; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>;

    /// Perturbs `w` by a noise kernel that keeps no copy, or restores what that perturbed: [`residual`](crate::residual).
    ///
    /// # Errors
    /// [`Error::Length`] and [`Error::Escapes`] of perturbing; [`Error::NoResidual`], and nothing done, on a device: it
    /// has memory for a copy.
    fn residual(
        &mut self,
        way: Way,
        kernel: Perturb,
        groups: Groups<'_>,
        values: &Self::Vector,
        w: &mut Self::Vector,
        residual: &mut Self::Vector,
    ) -> Result<(), Error> {
        let _ = (way, kernel, groups, values, w, residual);
        Err(Error::NoResidual)
    }

    /// Tells the backend that a step begins. A device forgets the verdicts of the step before.
    fn open(&mut self) {}

    /// Refuses a value that is not finite.
    ///
    /// A CPU answers at once. A device may answer `Ok`; if the value then turns out bad, every later
    /// [`update`](Backend::update) until [`open`](Backend::open) writes the old weights (those of `saved` if given) and
    /// leaves the state, and the device's own status says so. Other kernels run on: a perturbation must still save.
    fn check(&mut self, value: &Self::Scalar, what: Quantity) -> Result<(), Error>;

    /// How many updates were refused since this was last asked; [`State::forget`](crate::state::State::forget) takes
    /// them back. A CPU refuses before it updates, so none. On a device this waits; until it is asked, the device itself
    /// leaves the refused updates out of what kernels count.
    fn refused(&mut self) -> u32 {
        0
    }

    /// Whether every kernel that was called has run to its end: `false` between the pieces of a
    /// [`Sliced`] call, when weights and state may be half way.
    fn is_settled(&self) -> bool {
        true
    }

    /// The value of a scalar. On a device this and [`refused`](Backend::refused) are the calls
    /// that wait.
    fn read(&mut self, value: &Self::Scalar) -> f32;
}
