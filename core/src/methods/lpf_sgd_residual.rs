use super::LpfSgd;
use crate::restore::Residual;
use crate::rng::Seed;
use crate::schedule::Cosine;

/// LPF-SGD without a copy of the weights: noise is drawn again to take it back, and a [residual](crate::residual) makes
/// that exact.
///
/// ```text
/// u = (w + e) - e              e drawn twice, from the same counter
/// r = bits(w) - bits(u)        0, 1 or -1 in two bits; any other w in a list
/// ```
///
/// **Source**: [`LpfSgd`], whose bits it has: at every gradient, after every step, in every checkpoint.
/// **Deviations**: none from it, but two refusals: [`Error::Escapes`](crate::Error::Escapes) when the noise needs more
/// exceptions than the residual has room for (that step is dropped, the weights are as before), and
/// [`Error::NoResidual`](crate::Error::NoResidual) on a device, or with noise that is recorded instead of drawn. During a step
/// it cannot be checkpointed.
/// **Cost**: [`usual_len`](crate::residual::usual_len) floats (n/8: codes n/16, the rest for escapes, of which noise of 0.3
/// root mean squares makes 3.7 % of Gaussian weights) in place of the n of a backup, and one value a filter; the gradients
/// of [`LpfSgd`]; 2M noises a step where a backup needs M. With M = 4 and momentum 783 instructions a weight and step on a
/// Cortex-M4F where the backup takes 342, 2.0 times without an FPU (`docs/ledger.md`, `update:lpf_sgd_residual+momentum`).
/// **Defaults**: those of [`LpfSgd`].
///
/// ```
/// use flatmin::layout::{Kind, Segment, filters, params};
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::LpfSgd, optimizers::Sgd, residual::usual_len};
/// const NET: [Segment; 1] = [Segment { filters: 1, fan_in: 2, kind: Kind::Weight }];
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = LpfSgd::new(Sgd::new(), &NET, [0.0; usual_len(params(&NET))], [0.0; filters(&NET)], 7).residual();
/// for t in 0..100 {
///     let clock = Clock { step: t, total: 100, lr: 0.1 };
///     step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock, |w: &[f32], g: &mut [f32], request| {
///         for (g, w) in g.iter_mut().zip(w) {
///             *g = if request.accumulate { *g + w } else { *w };
///         }
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 0.05));
/// ```
pub type LpfSgdResidual<'a, O, V, F, G = Cosine, N = Seed> = LpfSgd<'a, O, V, F, G, N, Residual>;
