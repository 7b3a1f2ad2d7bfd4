//! The evaluation of a network on one sample, in one go.

use super::error::Error;
use super::evaluation::Evaluation;
use super::loss::Loss;
use super::sequential::Network;

/// The output of a network for sample `x`; it lies in `acts`.
///
/// # Errors
/// [`Error::Length`], before anything is written.
pub fn forward<'a, N: Network>(
    x: &[f32],
    w: &[f32],
    frozen: &[f32],
    acts: &'a mut [f32],
) -> Result<&'a [f32], Error> {
    Evaluation::<N>::forward(x, w, frozen, acts)?.finish();
    Ok(N::OUTPUT.of(acts).unwrap_or_default())
}

/// The loss of sample `x` of class `label`; the logits remain in `acts`, see [`logits`].
///
/// # Errors
/// [`Error::Length`] or [`Error::Label`], before anything is written.
pub fn loss<N: Network>(
    x: &[f32],
    label: usize,
    w: &[f32],
    frozen: &[f32],
    acts: &mut [f32],
) -> Result<f32, Error> {
    Ok(Evaluation::<N>::loss(x, label, w, frozen, acts)?.finish())
}

/// The logits that [`loss`] left in `acts`; empty if `acts` is too short.
#[must_use]
pub fn logits<N: Network>(acts: &[f32]) -> &[f32] {
    N::OUTPUT.of(acts).unwrap_or_default()
}

/// The loss of sample `x` of class `label`; adds `scale` times its gradient to `g`.
///
/// ```
/// use flatmin::nn::{self, Dense, Network, Relu};
/// type Net = nn::seq!(Dense<2, 8>, Relu<8>, Dense<8, 2>);
/// let mut w: [f32; Net::TRAINABLE] = std::array::from_fn(|i| (i as f32 * 0.7).sin());
/// let batch = [([0.0, 1.0], 0), ([1.0, 0.0], 1)];
/// let mut acts = [0.0; Net::ACTS];
/// let mut loss = 0.0;
/// for _ in 0..100 {
///     let mut g = [0.0; Net::TRAINABLE];
///     loss = 0.0;
///     for (x, label) in &batch {
///         loss += 0.5 * nn::gradient::<Net>(x, *label, 0.5, &w, &[], &mut acts, &mut g)?;
///     }
///     w.iter_mut().zip(g).for_each(|(w, g)| *w -= 0.5 * g);
/// }
/// assert!(loss < 0.05);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] or [`Error::Label`], before anything is written.
pub fn gradient<N: Network>(
    x: &[f32],
    label: usize,
    scale: f32,
    w: &[f32],
    frozen: &[f32],
    acts: &mut [f32],
    g: &mut [f32],
) -> Result<f32, Error> {
    Ok(Evaluation::<N>::gradient(x, label, scale, w, frozen, acts, g)?.finish())
}

/// [`gradient`] against any target: a class, the logits of a teacher for a stored old sample, or a loss of your own.
///
/// # Errors
/// [`Error::Length`], [`Error::Label`] or [`Error::Softness`], before anything is written.
pub fn gradient_to<N: Network>(
    x: &[f32],
    target: impl Loss,
    scale: f32,
    w: &[f32],
    frozen: &[f32],
    acts: &mut [f32],
    g: &mut [f32],
) -> Result<f32, Error> {
    Ok(Evaluation::<N, _>::gradient_to(x, target, scale, w, frozen, acts, g)?.finish())
}
