//! Losses of logits: what a network is trained towards.

mod cross_entropy;
mod distillation;
mod generalised;

pub use cross_entropy::{cross_entropy, cross_entropy_gradient};
pub use distillation::{distillation, distillation_gradient};
pub use generalised::{generalised_cross_entropy, generalised_cross_entropy_gradient};

use super::error::{Buffer, Error, check};

/// A loss of the logits of a network, by what they are compared with: a class as `usize` ([`cross_entropy`]), or a
/// [`Target`], of which only the run knows what it is, so that all losses are in flash. Yours is one more type:
///
/// ```
/// use flatmin::nn::{self, Dense, Error, Loss, Network};
/// /// How far the best other class is above the right one, plus a margin of 1; at least 0.
/// #[derive(Clone, Copy)]
/// struct Hinge(usize);
/// impl Hinge {
///     fn rival(self, z: &[f32]) -> Option<usize> {
///         (0..z.len()).filter(|class| *class != self.0).max_by(|a, b| z[*a].total_cmp(&z[*b]))
///     }
/// }
/// impl Loss for Hinge {
///     fn check(self, classes: usize) -> Result<(), Error> {
///         self.0.check(classes)
///     }
///     fn loss(self, z: &[f32]) -> Option<f32> {
///         Some((1.0 + z[self.rival(z)?] - z[self.0]).max(0.0))
///     }
///     fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32> {
///         let (loss, rival) = (self.loss(z)?, self.rival(z)?);
///         z.fill(0.0);
///         if loss > 0.0 {
///             (z[rival], z[self.0]) = (scale, -scale);
///         }
///         Some(loss)
///     }
/// }
/// type Net = Dense<2, 3>;
/// let (mut acts, mut g) = ([0.0; Net::ACTS], [0.0; Net::TRAINABLE]);
/// let loss = nn::gradient_to::<Net>(&[1.0, 2.0], Hinge(0), 1.0, &[0.5; 9], &[], &mut acts, &mut g)?;
/// assert_eq!((loss, &g[..2], &g[4..6]), (1.0, &[-1.0, -2.0][..], &[1.0, 2.0][..]));
/// # Ok::<(), Error>(())
/// ```
pub trait Loss: Copy {
    /// Refuses what does not fit so many classes.
    ///
    /// # Errors
    /// [`Error::Label`], [`Error::Softness`], [`Error::Length`].
    fn check(self, classes: usize) -> Result<(), Error>;

    /// The loss of the logits `z`; `None` if it does not fit them.
    #[must_use]
    fn loss(self, z: &[f32]) -> Option<f32>;

    /// The loss of the logits `z`, which are overwritten by `scale` times their gradients; `None`, with the logits
    /// untouched, if it does not fit them. Where [`check`](Self::check) had no objection, `None` counts as a loss that is
    /// NaN, and what is then added to the gradient means nothing: a step refuses it.
    #[must_use]
    fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32>;
}

impl Loss for usize {
    fn check(self, classes: usize) -> Result<(), Error> {
        if self < classes { Ok(()) } else { Err(Error::Label { label: self, classes }) }
    }

    fn loss(self, z: &[f32]) -> Option<f32> {
        cross_entropy(z, self)
    }

    fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32> {
        cross_entropy_gradient(z, self, scale)
    }
}

/// What the logits of a network are compared with, where it differs from sample to sample.
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

impl Loss for Target<'_> {
    fn check(self, classes: usize) -> Result<(), Error> {
        match self {
            Self::Class(label) => label.check(classes),
            Self::Doubtful { label, q } => {
                label.check(classes)?;
                if q > 0.0 && q <= 1.0 { Ok(()) } else { Err(Error::Softness(q)) }
            }
            Self::Teacher { temperature, .. } if !(temperature.is_finite() && temperature > 0.0) => {
                Err(Error::Softness(temperature))
            }
            Self::Teacher { logits, .. } => check(Buffer::Teacher, classes, logits.len()),
        }
    }

    fn loss(self, z: &[f32]) -> Option<f32> {
        match self {
            Self::Class(label) => label.loss(z),
            Self::Doubtful { label, q } => generalised_cross_entropy(z, label, q),
            Self::Teacher { logits, temperature } => distillation(z, logits, temperature),
        }
    }

    fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32> {
        match self {
            Self::Class(label) => label.gradient(z, scale),
            Self::Doubtful { label, q } => generalised_cross_entropy_gradient(z, label, q, scale),
            Self::Teacher { logits, temperature } => distillation_gradient(z, logits, temperature, scale),
        }
    }
}
