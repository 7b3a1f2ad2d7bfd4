use super::moments::{Coupled, Moments};

/// Adam, with a coupled (L2) decay.
///
/// ```text
/// d = g + weight_decay w
/// m = beta1 m + (1 - beta1) d          v = beta2 v + (1 - beta2) d^2
/// w = w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)        t = 1, 2, ...
/// ```
///
/// **Source**: Kingma & Ba 2015, Algorithm 1; `torch.optim.Adam`.
/// **Deviations**: none. `1 - beta^t` is computed by doublings of `q = 1 - beta^k`, which lose no digits, where a power
/// subtracted from 1 would lose four at t = 1. The power is that of the
/// step's beta: under a schedule the correction is a function of the beta now and of the count of updates, not the product
/// of the betas so far (torch, with a beta1 that is cycled, does the same).
/// **Cost**: two vectors; one pass a step with a root and a division an element.
/// **Defaults**: beta 0.9 and 0.999, eps 1e-8, no decay.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain, optimizers::Adam};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = Plain::new(Adam::new([0.0; 2], [0.0; 2]));
/// for t in 0..300 {
///     let clock = Clock { step: t, total: 300, lr: 0.03 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 1e-2));
/// ```
pub type Adam<V, S = f32, R = f32, Q = f32, E = f32> = Moments<V, S, Coupled, R, Q, E>;

impl<V> Adam<V> {
    /// Adam with the paper's constants; both moments are as long as the weights and full of zeros.
    pub const fn new(first: V, second: V) -> Self {
        Self::with_decay(first, second, 0.0)
    }
}
