//! Softmax cross-entropy, with a class or with another model's logits as the target.

/// What the logits of a network are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// The sample's class: [`cross_entropy`].
    Class(usize),
    /// What another model, the teacher, answered: [`distillation`].
    Teacher {
        /// Its logits, one a class.
        logits: &'a [f32],
        /// By how much both sets of logits are divided; finite and above 0. 2 is usual; more is softer.
        temperature: f32,
    },
}

impl Target<'_> {
    /// The loss of the logits `z`; `None` if the target does not fit them.
    #[must_use]
    pub fn loss(self, z: &[f32]) -> Option<f32> {
        match self {
            Self::Class(label) => cross_entropy(z, label),
            Self::Teacher { logits, temperature } => distillation(z, logits, temperature),
        }
    }

    /// The loss of the logits `z`, which are overwritten by `scale` times their gradients; `None`, with the logits
    /// untouched, if the target does not fit them.
    #[must_use]
    pub fn gradient(self, z: &mut [f32], scale: f32) -> Option<f32> {
        match self {
            Self::Class(label) => cross_entropy_gradient(z, label, scale),
            Self::Teacher { logits, temperature } => distillation_gradient(z, logits, temperature, scale),
        }
    }
}

/// `logsumexp(z) - z[label]`, the loss of one sample, computed as
/// `(max - z[label]) + ln(sum of exp(z - max))` with the sum ascending from +0.
///
/// Finite for all finite logits: a loss beyond `f32::MAX` is `f32::MAX`. `None` if there is no class
/// `label`. Cost: one `expf` a class, one `logf`.
#[must_use]
pub fn cross_entropy(z: &[f32], label: usize) -> Option<f32> {
    let target = *z.get(label)?;
    let max = largest(z);
    let sum = z.iter().fold(0.0, |sum, z| sum + libm::expf(*z - max));
    Some(negative_log(max, sum, target))
}

/// [`cross_entropy`], with the logits overwritten by their gradients
/// `(softmax(z) - onehot(label)) * scale`.
///
/// `scale` is 1/B for the mean over a batch of B samples. `None`, with the logits untouched, if there
/// is no class `label`. Cost: one `expf` and one division a class, one `logf`.
#[must_use]
pub fn cross_entropy_gradient(z: &mut [f32], label: usize, scale: f32) -> Option<f32> {
    let target = *z.get(label)?;
    let max = largest(z);
    let mut sum = 0.0;
    for z in z.iter_mut() {
        *z = libm::expf(*z - max);
        sum += *z;
    }
    for (class, z) in z.iter_mut().enumerate() {
        let p = *z / sum;
        *z = if class == label { p - 1.0 } else { p } * scale;
    }
    Some(negative_log(max, sum, target))
}

/// `-T^2 * sum of softmax(teacher / T) * ln softmax(z / T)`: the loss of one sample against the answers of a teacher
/// (Hinton et al. 2015, section 2), with classes ascending from +0.
///
/// The factor `T^2` keeps gradients as large as those of [`cross_entropy`] at every temperature `T`; with `T = 1` and a
/// teacher that is certain it is that loss. Its least value is `T^2` times the entropy of the softened teacher, not 0.
/// Finite for all finite logits (see [`cross_entropy`]). `None` if the lengths differ, there is no class, or `T` is not
/// finite and above 0. Cost: three `expf` and two divisions a class, one `logf`.
///
/// ```
/// use flatmin::nn::{cross_entropy, distillation};
/// let certain = distillation(&[0.5, -1.0, 2.0], &[0.0, 200.0, 0.0], 1.0);
/// assert_eq!(certain, cross_entropy(&[0.5, -1.0, 2.0], 1));
/// assert_eq!(distillation(&[0.5, -1.0], &[0.0], 1.0), None);
/// ```
#[must_use]
pub fn distillation(z: &[f32], teacher: &[f32], temperature: f32) -> Option<f32> {
    let [of_z, of_teacher] = soften(z, teacher, temperature)?;
    let mean = z.iter().zip(teacher).fold(0.0, |sum, (z, t)| sum + of_teacher.share(*t).gap(of_z.max, *z));
    Some(of_z.soft_loss(mean))
}

/// [`distillation`], with the logits `z` overwritten by their gradients
/// `T * (softmax(z / T) - softmax(teacher / T)) * scale`.
///
/// `None`, with the logits untouched, as [`distillation`]. Cost: three `expf` and two divisions a class, one `logf`.
#[must_use]
pub fn distillation_gradient(z: &mut [f32], teacher: &[f32], temperature: f32, scale: f32) -> Option<f32> {
    let [of_z, of_teacher] = soften(z, teacher, temperature)?;
    let mut mean = 0.0;
    for (z, t) in z.iter_mut().zip(teacher) {
        let wanted = of_teacher.share(*t);
        mean += wanted.gap(of_z.max, *z);
        *z = temperature * (of_z.share(*z).0 - wanted.0) * scale;
    }
    Some(of_z.soft_loss(mean))
}

/// The softmax of some logits at some temperature, in the numbers that its shares need.
#[derive(Clone, Copy)]
struct Softmax {
    max: f32,
    sum: f32,
    temperature: f32,
    /// Whether every logit is.
    finite: bool,
}

impl Softmax {
    fn of(z: &[f32], temperature: f32) -> Self {
        let max = largest(z);
        let sum = z.iter().fold(0.0, |sum, z| sum + libm::expf((*z - max) / temperature));
        Self { max, sum, temperature, finite: z.iter().all(|z| z.is_finite()) }
    }

    fn share(self, z: f32) -> Share {
        Share(libm::expf((z - self.max) / self.temperature) / self.sum)
    }

    /// `T * mean + T^2 * ln(sum)`, where `mean` is the teacher's mean distance below the largest logit.
    fn soft_loss(self, mean: f32) -> f32 {
        let loss = self.temperature * mean + self.temperature * self.temperature * libm::logf(self.sum);
        // As in `negative_log`.
        if loss == f32::INFINITY && self.finite { f32::MAX } else { loss }
    }
}

/// A class's share of a softmax.
#[derive(Clone, Copy)]
struct Share(f32);

impl Share {
    /// `share * (max - z)`; 0 of no share, however far the logits are apart.
    fn gap(self, max: f32, z: f32) -> f32 {
        if self.0 == 0.0 && z.is_finite() { 0.0 } else { self.0 * (max - z) }
    }
}

/// The softmax of the logits and that of the teacher's.
fn soften(z: &[f32], teacher: &[f32], temperature: f32) -> Option<[Softmax; 2]> {
    let fits = z.len() == teacher.len() && !z.is_empty() && temperature.is_finite() && temperature > 0.0;
    fits.then(|| [z, teacher].map(|z| Softmax::of(z, temperature)))
}

/// The largest logit; a NaN among them is passed over here and reaches the loss through its `exp`.
fn largest(z: &[f32]) -> f32 {
    z.iter().fold(f32::NEG_INFINITY, |max, z| if *z > max { *z } else { max })
}

/// `-ln(exp(target - max) / sum)`.
fn negative_log(max: f32, sum: f32, target: f32) -> f32 {
    let loss = (max - target) + libm::logf(sum);
    // Finite logits can be further apart than f32::MAX; an infinite logit must stay visible.
    if loss == f32::INFINITY && target.is_finite() { f32::MAX } else { loss }
}
