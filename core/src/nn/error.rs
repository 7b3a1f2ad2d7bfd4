//! What can be wrong with the arguments of an evaluation.

use core::fmt;

/// A slice that the caller lends to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Buffer {
    /// The input sample, [`IN`](super::Network::IN) floats.
    Input,
    /// The trainable vector, [`TRAINABLE`](super::Network::TRAINABLE) floats.
    Weights,
    /// The frozen vector, [`FROZEN`](super::Network::FROZEN) floats.
    Frozen,
    /// The activations, [`ACTS`](super::Network::ACTS) floats.
    Activations,
    /// The gradient, [`TRAINABLE`](super::Network::TRAINABLE) floats.
    Gradient,
    /// All parameters, trainable and frozen, [`PARAMS`](super::Network::PARAMS) floats.
    Parameters,
    /// The teacher's logits, [`OUT`](super::Network::OUT) floats.
    Teacher,
}

impl Buffer {
    const fn name(self) -> &'static str {
        match self {
            Self::Input => "the input",
            Self::Weights => "the trainable weights",
            Self::Frozen => "the frozen weights",
            Self::Activations => "the activations",
            Self::Gradient => "the gradient",
            Self::Parameters => "the parameters",
            Self::Teacher => "the teacher's logits",
        }
    }
}

/// Why a network refused its arguments. Nothing was written when one is returned.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// A slice has the wrong length.
    Length {
        /// Which slice.
        buffer: Buffer,
        /// Floats that the network needs there.
        expected: usize,
        /// Floats that were lent.
        found: usize,
    },
    /// The label is not below the number of classes.
    Label {
        /// The label given.
        label: usize,
        /// Outputs of the network.
        classes: usize,
    },
    /// The temperature of a teacher is not finite and above 0, or the exponent of a doubtful label not in (0, 1].
    Softness(f32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { buffer, expected, found } => {
                write!(f, "{} must have {expected} floats, not {found}", buffer.name())
            }
            Self::Softness(value) => write!(
                f,
                "{value} is no temperature of a teacher (finite, above 0) or no exponent of a doubtful label (in (0, 1])"
            ),
            Self::Label { label, classes } => write!(f, "label {label} of a network with {classes} classes"),
        }
    }
}

impl core::error::Error for Error {}

/// `Ok` when `found` floats are what `buffer` needs.
pub(super) fn check(buffer: Buffer, expected: usize, found: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Length { buffer, expected, found }) }
}
