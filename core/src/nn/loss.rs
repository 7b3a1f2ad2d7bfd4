//! Losses of logits: what a network is trained towards.

mod cross_entropy;
mod distillation;
mod generalised;

pub use cross_entropy::{cross_entropy, cross_entropy_gradient};
pub use distillation::{distillation, distillation_gradient};
pub use generalised::{generalised_cross_entropy, generalised_cross_entropy_gradient};

use super::error::{Buffer, Error, check};

/// What the logits of a network are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// The sample's class: [`cross_entropy`].
    Class(usize),
    /// The sample's class, which may be wrong: [`generalised_cross_entropy`].
    Doubtful {
        /// The class.
        label: usize,
        /// How little is thought of labels that the model finds impossible, in (0, 1]; 1 nearly ignores them.
        q: f32,
    },
    /// What another model, the teacher, answered: [`distillation`].
    Teacher {
        /// Its logits, one a class.
        logits: &'a [f32],
        /// By how much both sets of logits are divided; finite and above 0. 2 is usual; more is softer.
        temperature: f32,
    },
}

impl Target<'_> {
    /// Refuses a target that does not fit so many classes.
    pub(super) fn check(self, classes: usize) -> Result<(), Error> {
        match self {
            Self::Class(label) | Self::Doubtful { label, .. } if label >= classes => {
                Err(Error::Label { label, classes })
            }
            Self::Doubtful { q, .. } if !(q > 0.0 && q <= 1.0) => Err(Error::Softness(q)),
            Self::Teacher { temperature, .. } if !(temperature.is_finite() && temperature > 0.0) => {
                Err(Error::Softness(temperature))
            }
            Self::Teacher { logits, .. } => check(Buffer::Teacher, classes, logits.len()),
            Self::Class(_) | Self::Doubtful { .. } => Ok(()),
        }
    }

    /// The loss of the logits `z`; `None` if the target does not fit them.
    #[must_use]
    pub fn loss(self, z: &[f32]) -> Option<f32> {
        match self {
            Self::Class(label) => cross_entropy(z, label),
            Self::Doubtful { label, q } => generalised_cross_entropy(z, label, q),
            Self::Teacher { logits, temperature } => distillation(z, logits, temperature),
        }
    }

    /// The loss of the logits `z`, which are overwritten by `scale` times their gradients; `None`, with the logits
    /// untouched, if the target does not fit them.
    #[must_use]
    pub fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32> {
        match self {
            Self::Class(label) => cross_entropy_gradient(z, label, scale),
            Self::Doubtful { label, q } => generalised_cross_entropy_gradient(z, label, q, scale),
            Self::Teacher { logits, temperature } => distillation_gradient(z, logits, temperature, scale),
        }
    }
}
