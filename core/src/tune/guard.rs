//! Are these weights better than what was shipped?

mod score;

pub use score::{Criterion, Rule, Score, Scores};

use super::divergence::Diverged;
use crate::backend::Backend;
use crate::error::{Error, require_len};
use crate::kernels::Copy;
use core::borrow::BorrowMut;
use core::fmt;

/// Keeps the best weights of a run, and the factory weights when nothing beats them.
///
/// The caller holds some labelled samples of the new user out of training, and has a second set of old users' samples.
/// After each epoch it counts right answers on both and shows the weights with these [`Scores`]; the [`Rule`] says
/// what better means. In the end the best weights are put in place, or the factory's: then nothing was gained, but no
/// user is worse off than before. A loss that is not finite, a set without samples, all-wrong labels: none of these
/// beats the factory weights, so the answer is [`Outcome::RolledBack`]. That is also the answer to a run that diverged
/// ([`heed`](Self::heed)), whatever its earlier epochs were worth.
///
/// **Source**: early stopping on a validation set (Prechelt 1998) with the untrained weights as epoch 0.
/// **Cost**: one vector as long as the weights, 80 bytes, one pass when an epoch is the best so far; the forward passes
/// of both sets are the caller's. **Defaults**: [`Rule::default`].
///
/// ```
/// use flatmin::backend::Portable;
/// use flatmin::tune::{Divergence, Guard, Outcome, Rule, Score, Scores, Verdict};
/// let factory = [1.0, 1.0];
/// // 8 of 10 samples of the user, 19 of 20 of the others.
/// let scores = |new, old| Scores {
///     new: Score { right: new, total: 10, loss: 0.0 },
///     old: Score { right: old, total: 20, loss: 0.0 },
/// };
/// let mut guard = Guard::new(Rule::default(), scores(8, 19), [0.0; 2]);
/// let b = &mut Portable;
/// assert_eq!(guard.observe::<Portable>(b, &[1.5, 0.5], scores(9, 19))?, Verdict::Better);
/// assert_eq!(guard.observe::<Portable>(b, &[2.0, 0.0], scores(10, 16))?, Verdict::NoBetter { since: 1 });
/// let mut w = [2.0, 0.0];
/// assert_eq!(guard.finish::<Portable>(b, &mut w, &factory)?, Outcome::Kept { epoch: 1 });
/// assert_eq!(w, [1.5, 0.5]);
/// // Had training blown up on the way, nothing of it would be kept.
/// # let mut w = [2.0, 0.0];
/// let (mut blown, mut watch) = (guard, Divergence::new(10));
/// for loss in [0.2, 0.1, f32::NAN] {
///     blown.heed(watch.epoch(loss));
/// }
/// assert_eq!(blown.finish::<Portable>(b, &mut w, &factory)?, Outcome::RolledBack);
/// # guard.finish::<Portable>(b, &mut w, &factory)?;
/// // The user presses undo.
/// guard.undo::<Portable>(b, &mut w, &factory)?;
/// assert_eq!(w, factory);
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Guard<V> {
    rule: Rule,
    factory: Scores,
    best: Scores,
    epoch: u32,
    kept: u32,
    diverged: Option<Diverged>,
    weights: V,
}

/// What the guard says of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The best so far; the weights are kept.
    Better,
    /// Not the best.
    NoBetter {
        /// Epochs since the best (since the start, if nothing has beaten the factory weights).
        since: u32,
    },
    /// Not the best for as long as the rule's patience: more epochs are a waste.
    Stop,
}

/// What the guard decided in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The weights of this epoch (from 1) are in place.
    Kept {
        /// Which epoch.
        epoch: u32,
    },
    /// Nothing beat the factory weights, which are in place again.
    RolledBack,
}

impl<V> Guard<V> {
    /// Nothing seen yet; `factory` are the scores of the weights that training starts from, and `weights` is a vector
    /// as long as they are (what it holds does not matter).
    pub const fn new(rule: Rule, factory: Scores, weights: V) -> Self {
        Self { rule, factory, best: factory, epoch: 0, kept: 0, diverged: None, weights }
    }

    /// Takes what a [`Divergence`](super::Divergence) finds, if anything: at the end of an epoch, of the run, or where a
    /// step was refused as not finite ([`Diverged::NonFinite`]). From the first finding on nothing is kept, not even the
    /// best epoch before it: steps that blow up are too large for what a few samples said of them.
    pub const fn heed(&mut self, found: Option<Diverged>) {
        if self.diverged.is_none() {
            self.diverged = found;
        }
    }

    /// How training diverged, if it did.
    pub const fn diverged(&self) -> Option<Diverged> {
        self.diverged
    }

    /// The best scores so far: the factory's if nothing beats them, or training diverged.
    pub const fn best(&self) -> Scores {
        match self.outcome() {
            Outcome::RolledBack => self.factory,
            Outcome::Kept { .. } => self.best,
        }
    }

    /// Takes the scores of another epoch whose weights are kept elsewhere, such as in flash: by whoever hears
    /// [`Verdict::Better`]. The guard's own vector is untouched, so a `Guard<()>` does, and [`outcome`](Self::outcome)
    /// tells what to put in place.
    pub fn judge(&mut self, scores: Scores) -> Verdict {
        self.epoch = self.epoch.saturating_add(1);
        if self.diverged.is_some() {
            return Verdict::Stop;
        }
        if self.rule.prefers(&scores, &self.best, &self.factory) {
            (self.best, self.kept) = (scores, self.epoch);
            return Verdict::Better;
        }
        let since = self.epoch - self.kept;
        if since >= self.rule.patience { Verdict::Stop } else { Verdict::NoBetter { since } }
    }

    /// Epochs seen.
    pub const fn epochs(&self) -> u32 {
        self.epoch
    }

    /// What [`finish`](Self::finish) would decide now.
    pub const fn outcome(&self) -> Outcome {
        match (self.kept, self.diverged) {
            (0, _) | (_, Some(_)) => Outcome::RolledBack,
            (epoch, None) => Outcome::Kept { epoch },
        }
    }

    /// Takes the weights after another epoch with their scores.
    ///
    /// The weights may be anything that stands for the epoch: the last ones, or an [average](crate::average).
    ///
    /// # Errors
    /// [`Error::Length`] when the guard's vector is not as long as the weights; nothing has changed.
    pub fn observe<B: Backend>(&mut self, b: &mut B, w: &B::Vector, scores: Scores) -> Result<Verdict, Error>
    where
        V: BorrowMut<B::Vector>,
    {
        require_len("guard", b.len(self.weights.borrow()), b.len(w))?;
        let verdict = self.judge(scores);
        if verdict == Verdict::Better {
            b.map(Copy {}, [], [self.weights.borrow_mut()], [w]);
        }
        Ok(verdict)
    }

    /// Puts the best weights in place, or those of `factory` when nothing beats them.
    ///
    /// # Errors
    /// [`Error::Length`] when a vector is not as long as the weights, which are then untouched.
    pub fn finish<B: Backend>(
        &self,
        b: &mut B,
        w: &mut B::Vector,
        factory: &B::Vector,
    ) -> Result<Outcome, Error>
    where
        V: BorrowMut<B::Vector>,
    {
        require_len("guard", b.len(self.weights.borrow()), b.len(w))?;
        require_len("factory weights", b.len(factory), b.len(w))?;
        match self.outcome() {
            Outcome::RolledBack => b.map(Copy {}, [], [w], [factory]),
            Outcome::Kept { .. } => b.map(Copy {}, [], [w], [self.weights.borrow()]),
        }
        Ok(self.outcome())
    }

    /// Puts the factory weights back, whatever was decided: a user's undo. The guard's vector is spared, so that
    /// [`finish`](Self::finish) is the redo.
    ///
    /// # Errors
    /// [`Error::Length`] when `factory` is not as long as the weights, which are then untouched.
    pub fn undo<B: Backend>(&self, b: &mut B, w: &mut B::Vector, factory: &B::Vector) -> Result<(), Error> {
        require_len("factory weights", b.len(factory), b.len(w))?;
        b.map(Copy {}, [], [w], [factory]);
        Ok(())
    }

    /// The best weights, if any beat the factory's: what [`WiseFt`](super::wise_ft::WiseFt) interpolates to.
    pub fn weights<B: Backend>(&self) -> Option<&B::Vector>
    where
        V: BorrowMut<B::Vector>,
    {
        matches!(self.outcome(), Outcome::Kept { .. }).then(|| self.weights.borrow())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { epoch } => write!(f, "the weights of epoch {epoch} were kept"),
            Self::RolledBack => f.write_str("nothing beat the factory weights, which were put back"),
        }
    }
}
