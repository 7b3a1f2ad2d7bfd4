use super::Sam;
use crate::gate::Gated;
use crate::gates::Bernoulli;
use crate::rng::Seed;

/// Randomized sharpness-aware training: toss a coin at every step, a SAM step on heads, a plain one on tails.
///
/// ```text
/// X_t ~ Bernoulli(p(t))                   before any gradient is computed
/// X_t = 1:  a step of SAM                 2 gradients
/// X_t = 0:  a step of the base optimizer  1 gradient, same momentum
/// ```
///
/// **Source**: Zhao et al. 2022 (RST), which is also SS-SAM. **Deviations**: none.
/// **Cost**: one vector (the saved weights) beside the optimizer's; 1 + p gradients on average; no read.
/// **Defaults**: p = 1/2, SAM's rho.
///
/// ```
/// use flatmin::{backend::Portable, drive::step, gate::Gated, gates::Bernoulli, method::Clock};
/// use flatmin::{methods::{Rst, Sam}, optimizers::Sgd, schedule::Linear};
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let gate = Bernoulli::new(7).p(Linear::rising_with_mean(0.5));
/// let mut method: Rst<_, _, _, _> = Gated::new(gate, Sam::new(Sgd::new(), [0.0; 2]).rho(0.05));
/// for t in 0..100 {
///     let clock = Clock { step: t, total: 100, lr: 0.1 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], _| {
///         g.copy_from_slice(w);
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 0.05));
/// ```
pub type Rst<O, V, R = f32, P = f32, C = Seed, E = f32> = Gated<Bernoulli<P, C>, Sam<O, V, R, E>>;
