//! Softmax cross-entropy with a class.

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
// A function of its own on small cores: inlined into a whole step it has to share registers, which costs 300 bytes.
#[cfg_attr(any(target_arch = "arm", target_arch = "riscv32"), inline(never))]
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

/// The largest logit; a NaN among them is passed over here and reaches the loss through its `exp`.
pub(super) fn largest(z: &[f32]) -> f32 {
    z.iter().fold(f32::NEG_INFINITY, |max, z| if *z > max { *z } else { max })
}

/// `-ln(exp(target - max) / sum)`.
fn negative_log(max: f32, sum: f32, target: f32) -> f32 {
    let loss = (max - target) + libm::logf(sum);
    // Finite logits can be further apart than f32::MAX; an infinite logit must stay visible.
    if loss == f32::INFINITY && target.is_finite() { f32::MAX } else { loss }
}
