//! What can go wrong, as plain values: no allocation, no panic.

use core::fmt;

/// Why a call was refused. Weights are clean (unperturbed) whenever one of these but [`Unfinished`](Self::Unfinished) and
/// [`Perturbed`](Self::Perturbed) is returned.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// A buffer has the wrong number of elements.
    Length {
        /// Which buffer.
        what: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A hyperparameter is outside its range at this step.
    Hyperparameter {
        /// Its name, as in the method's documentation.
        name: &'static str,
        /// The refused value.
        value: f32,
    },
    /// The loss, the gradient or its squared norm is NaN or infinite; weights and state are as before the step.
    NonFinite(Quantity),
    /// `resume` was called without a step under way (call `begin` first).
    NoStep,
    /// The device that runs the kernels has failed; it says itself what happened. What it held may be gone.
    Device,
    /// Another call of a sliced step is unfinished: repeat that one, or abort. The weights may be perturbed.
    Unfinished,
    /// The weights are perturbed and there is no copy of the clean ones: finish the step, or abort it.
    Perturbed,
    /// More weights than a [residual](crate::residual) has room for cannot be restored by its codes; weights and state are
    /// as before the step.
    Escapes {
        /// How many it has room for.
        room: usize,
    },
    /// This backend, or this source of noise, cannot do what a [residual](crate::residual) needs: keep a backup.
    NoResidual,
}

/// Which quantity was not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Quantity {
    /// The loss handed to `resume`.
    Loss,
    /// The gradient handed to `resume`, or its squared norm (which overflows beyond |g| of about 1.8e19).
    Gradient,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Length { what, expected, found } => {
                write!(f, "{what} has {found} elements, but {expected} are needed")
            }
            Self::Hyperparameter { name, value } => {
                write!(f, "{name} = {value} is outside its range (see the method's documentation)")
            }
            Self::NonFinite(Quantity::Loss) => {
                f.write_str("the loss is not finite; the step was dropped and the weights kept")
            }
            Self::NonFinite(Quantity::Gradient) => {
                f.write_str("the gradient is not finite; the step was dropped and the weights kept")
            }
            Self::NoStep => f.write_str("resume was called without begin"),
            Self::Device => f.write_str("the device has failed: ask it for its status"),
            Self::Unfinished => {
                f.write_str("another call of a sliced step is unfinished: repeat it, or abort")
            }
            Self::Perturbed => {
                f.write_str("the weights are perturbed and no copy is kept: finish the step, or abort it")
            }
            Self::Escapes { room } => write!(
                f,
                "the residual has room for {room} escapes, but the noise needs more: lengthen it, or lower gamma; \
                 the step was dropped and the weights kept"
            ),
            Self::NoResidual => f.write_str(
                "this backend or noise cannot restore from a residual: keep a backup of the weights",
            ),
        }
    }
}

impl core::error::Error for Error {}

/// Refuses a hyperparameter for which `ok` is false.
pub(crate) fn require(ok: bool, name: &'static str, value: f32) -> Result<(), Error> {
    if ok { Ok(()) } else { Err(Error::Hyperparameter { name, value }) }
}

/// Refuses a hyperparameter that is negative or not finite. (So compared it is a third of the code of
/// [`f32::is_finite`].)
pub(crate) fn require_not_negative(name: &'static str, value: f32) -> Result<(), Error> {
    require((0.0..=f32::MAX).contains(&value), name, value)
}

/// Refuses a buffer whose length differs.
pub(crate) fn require_len(what: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}
