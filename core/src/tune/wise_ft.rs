//! How far towards the tuned weights: interpolation, with the guard's evidence and without RAM of its own.

use super::guard::{Outcome, Rule, Scores};
use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::{Copy, Lerp};

/// `w = factory + alpha (tuned - factory)`; `w` may hold anything before.
///
/// **Source**: WiSE-FT (Wortsman et al. 2022, eq. 1). **Deviations**: none; in this form `alpha = 0` gives the factory
/// weights bit for bit, while `alpha = 1` may miss the tuned ones by a rounding (use them themselves).
/// **Cost**: two passes, no vector of its own.
///
/// # Errors
/// [`Error::Hyperparameter`] when `alpha` is not in `[0, 1]`, [`Error::Length`] when lengths differ; `w` is untouched.
pub fn interpolate<B: Backend>(
    b: &mut B,
    w: &mut B::Vector,
    factory: &B::Vector,
    tuned: &B::Vector,
    alpha: f32,
) -> Result<(), Error> {
    require((0.0..=1.0).contains(&alpha), "alpha", alpha)?;
    require_len("factory weights", b.len(factory), b.len(w))?;
    require_len("tuned weights", b.len(tuned), b.len(w))?;
    b.map(Copy {}, [], [&mut *w], [factory]);
    b.map(Lerp { weight: alpha }, [], [w], [tuned]);
    Ok(())
}

/// Tries `steps` points on the way to the tuned weights, from those on, and keeps the best by the guard's rule.
///
/// The tuned weights lie in a vector that is there anyway (the guard's), the factory weights in flash, and the trial in
/// the working weights; what is kept of a trial is its `alpha`.
///
/// ```
/// use flatmin::backend::Portable;
/// use flatmin::tune::wise_ft::{WiseFt, interpolate};
/// use flatmin::tune::{Outcome, Rule, Score, Scores};
/// let (factory, tuned, mut w) = ([0.0, 4.0], [8.0, 0.0], [0.0; 2]);
/// // A user who is best served half way.
/// let scores = |w: &[f32]| Scores {
///     new: Score { right: 10 - (w[0] - 4.0).abs() as u32, total: 10, loss: 0.0 },
///     old: Score { right: 10, total: 10, loss: 0.0 },
/// };
/// let mut search = WiseFt::new(Rule::default(), scores(&factory), 4);
/// while let Some(alpha) = search.next() {
///     interpolate::<Portable>(&mut Portable, &mut w, &factory, &tuned, alpha)?;
///     search.observe(scores(&w));
/// }
/// assert_eq!(search.outcome(), Outcome::Kept { epoch: 2 });
/// interpolate::<Portable>(&mut Portable, &mut w, &factory, &tuned, search.alpha())?;
/// assert_eq!(w, [4.0, 2.0]);
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WiseFt {
    rule: Rule,
    factory: Scores,
    best: Scores,
    steps: u32,
    tried: u32,
    kept: u32,
}

impl WiseFt {
    /// A search on `steps` points, 1/steps apart, the factory weights (with their scores) not counted.
    #[must_use]
    pub const fn new(rule: Rule, factory: Scores, steps: u32) -> Self {
        Self { rule, factory, best: factory, steps, tried: 0, kept: 0 }
    }

    fn at(&self, step: u32) -> f32 {
        if step == 0 { 0.0 } else { step as f32 / self.steps as f32 }
    }

    /// The next `alpha` to try, from 1 downwards; none when all are tried.
    #[expect(clippy::should_implement_trait, reason = "between two calls the caller evaluates")]
    pub fn next(&mut self) -> Option<f32> {
        (self.tried < self.steps).then(|| self.at(self.steps - self.tried))
    }

    /// The scores at the `alpha` that was asked for. A nearer point must be better than a farther one to be kept.
    pub fn observe(&mut self, scores: Scores) {
        if self.tried < self.steps {
            if self.rule.prefers(&scores, &self.best, &self.factory) {
                (self.best, self.kept) = (scores, self.steps - self.tried);
            }
            self.tried += 1;
        }
    }

    /// The best `alpha`: 0 if nothing beats the factory weights.
    #[must_use]
    pub fn alpha(&self) -> f32 {
        self.at(self.kept)
    }

    /// Which step (from 1, at the factory's end) is kept, if any.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self.kept {
            0 => Outcome::RolledBack,
            epoch => Outcome::Kept { epoch },
        }
    }
}
