//! Cross-entropy that does not insist: for labels that may be wrong.

use super::cross_entropy::{cross_entropy, cross_entropy_gradient};

/// `(1 - p^q) / q` with `p = softmax(z)[label]`: the generalised cross-entropy of one sample.
///
/// Its gradient is that of [`cross_entropy`] times `p^q`, so a label that the model thinks impossible pulls little: at
/// `q = 1` (the loss `1 - p`, half the mean absolute error) such labels are nearly ignored, towards `q = 0` it becomes
/// the cross-entropy. Zhang & Sabuncu 2018, eq. 6. `p^q` is taken as `exp(-q * cross_entropy)`.
/// `None` if there is no class `label` or `q` is not in (0, 1]. Cost: [`cross_entropy`]'s and one `expf`.
///
/// ```
/// use flatmin::nn::generalised_cross_entropy;
/// let sure = generalised_cross_entropy(&[0.0, 9.0], 0, 1.0).unwrap();
/// assert!(sure > 0.999 && sure <= 1.0, "the loss of a wrong label is at most 1 / q");
/// ```
#[must_use]
pub fn generalised_cross_entropy(z: &[f32], label: usize, q: f32) -> Option<f32> {
    let p = in_range(q)?.power(cross_entropy(z, label)?);
    Some((1.0 - p) / q)
}

/// [`generalised_cross_entropy`], with the logits overwritten by their gradients
/// `(softmax(z) - onehot(label)) * p^q * scale`.
///
/// `None`, with the logits untouched, as [`generalised_cross_entropy`]. Cost: [`cross_entropy_gradient`]'s and an `expf`.
#[must_use]
pub fn generalised_cross_entropy_gradient(z: &mut [f32], label: usize, q: f32, scale: f32) -> Option<f32> {
    let p = in_range(q)?.power(cross_entropy(z, label)?);
    cross_entropy_gradient(z, label, p * scale)?;
    Some((1.0 - p) / q)
}

/// An exponent in (0, 1].
#[derive(Clone, Copy)]
struct Exponent(f32);

fn in_range(q: f32) -> Option<Exponent> {
    (q > 0.0 && q <= 1.0).then_some(Exponent(q))
}

impl Exponent {
    /// `p^q` of `p = exp(-loss)`.
    fn power(self, loss: f32) -> f32 {
        libm::expf(-self.0 * loss)
    }
}
