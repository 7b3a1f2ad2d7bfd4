//! Softmax cross-entropy with another model's answers.

use super::cross_entropy::largest;

/// `-T^2 * sum of softmax(teacher / T) * ln softmax(z / T)`: the loss of one sample against the answers of a teacher
/// (Hinton et al. 2015, section 2), with classes ascending from +0.
///
/// The factor `T^2` keeps gradients as large as those of [`cross_entropy`](super::cross_entropy()) at every temperature
/// `T`; with `T = 1` and a teacher that is certain it is that loss. Its least value is `T^2` times the entropy of the
/// softened teacher, not 0. Finite for all finite logits (see [`cross_entropy`](super::cross_entropy())). `None` if the
/// lengths differ, there is no class, or `T` is not finite and above 0. Cost: three `expf` and two divisions a class,
/// one `logf`.
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
