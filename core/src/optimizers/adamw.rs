use super::moments::{Decoupled, Moments};

/// AdamW: Adam with a decoupled decay.
///
/// ```text
/// m = beta1 m + (1 - beta1) g          v = beta2 v + (1 - beta2) g^2
/// w = (1 - lr weight_decay) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)        t = 1, 2, ...
/// ```
///
/// **Source**: Loshchilov & Hutter 2019, Algorithm 2; `torch.optim.AdamW`.
/// **Deviations**: none; as in torch the decay is multiplied by the learning rate. A scheduled beta corrects the bias as in
/// [`Adam`](super::Adam).
/// **Cost**: two vectors; one pass a step with a root and a division an element.
/// **Defaults**: beta 0.9 and 0.999, eps 1e-8, decay 0.01.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::AdamW};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = Plain::new(AdamW::new([0.0; 2], [0.0; 2]));
/// for t in 0..300 {
///     let clock = Clock { step: t, total: 300, lr: 0.03 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 1e-2));
/// ```
pub type AdamW<V, S = f32, R = f32, Q = f32, E = f32> = Moments<V, S, Decoupled, R, Q, E>;

impl<V> AdamW<V> {
    /// AdamW with the paper's constants; both moments are as long as the weights and full of zeros.
    pub const fn new(first: V, second: V) -> Self {
        Self::with_decay(first, second, 0.01)
    }
}
