//! The evaluation of a network on one sample, in slices.

use core::marker::PhantomData;
use core::task::Poll;

use super::error::{Buffer, Error, check};
use super::loss::Loss;
use super::memory::Memory;
use super::pass::{Goal, Pass, Stage};
use super::sequential::Network;

/// An evaluation that does as much work a call as it is told to.
///
/// The same units run in the same order for every sequence of budgets, so the results have the same
/// bits. Between two calls firmware may do anything else, even drop the evaluation, as long as it keeps
/// the lent slices as they are and the [`Pass`]:
///
/// ```
/// use flatmin::nn::{Dense, Evaluation, Network, Relu, seq};
/// use std::task::Poll;
/// type Net = seq!(Dense<4, 8>, Relu<8>, Dense<8, 3>);
/// let (x, w) = ([1.0; Net::IN], [0.1; Net::TRAINABLE]);
/// let (mut acts, mut g) = ([0.0; Net::ACTS], [0.0; Net::TRAINABLE]);
/// let mut evaluation = Evaluation::<Net>::gradient(&x, 2, 1.0, &w, &[], &mut acts, &mut g)?;
/// let loss = loop {
///     match evaluation.poll(3) {
///         Poll::Ready(loss) => break loss,
///         Poll::Pending => { /* feed the watchdog */ }
///     }
/// };
/// assert!((loss - 3f32.ln()).abs() < 1e-6);
/// # Ok::<(), flatmin::nn::Error>(())
/// ```
///
/// `L` is what the logits are compared with: a class, unless a [`Target`](super::Target) or a loss of your own is asked for
/// by [`gradient_to`](Evaluation::gradient_to).
#[derive(Debug)]
pub struct Evaluation<'a, N, L = usize> {
    memory: Memory<'a>,
    goal: Goal,
    target: L,
    scale: f32,
    pass: Pass,
    net: PhantomData<N>,
}

impl<'a, N: Network> Evaluation<'a, N> {
    /// An evaluation of the output alone, which is found by [`logits`](Self::logits). Its loss is 0.
    ///
    /// # Errors
    /// [`Error::Length`], before anything is written.
    pub fn forward(
        x: &'a [f32],
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
    ) -> Result<Self, Error> {
        Self::new(Goal::Logits, x, 0, w, frozen, acts)
    }

    /// An evaluation of the loss of class `label`, and of the [`logits`](Evaluation::logits).
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Label`], before anything is written.
    pub fn loss(
        x: &'a [f32],
        label: usize,
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
    ) -> Result<Self, Error> {
        Self::loss_to(x, label, w, frozen, acts)
    }

    /// An evaluation of the loss of class `label` that adds `scale` times its gradient to `g`.
    ///
    /// `scale` is 1/B for the mean over a batch of B samples. `g` must not hold -0 (see the contract of
    /// the [module](super)): zero it before the first sample.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Label`], before anything is written.
    pub fn gradient(
        x: &'a [f32],
        label: usize,
        scale: f32,
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
        g: &'a mut [f32],
    ) -> Result<Self, Error> {
        Self::gradient_to(x, label, scale, w, frozen, acts, g)
    }
}

impl<'a, N: Network, L: Loss> Evaluation<'a, N, L> {
    fn new(
        goal: Goal,
        x: &'a [f32],
        target: L,
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
    ) -> Result<Self, Error> {
        check(Buffer::Input, N::IN, x.len())?;
        check(Buffer::Weights, N::TRAINABLE, w.len())?;
        check(Buffer::Frozen, N::FROZEN, frozen.len())?;
        check(Buffer::Activations, N::ACTS, acts.len())?;
        let memory = Memory { x, w, frozen, acts, g: &mut [] };
        Ok(Self { memory, goal, target, scale: 1.0, pass: Pass::START, net: PhantomData })
    }

    /// [`loss`](Evaluation::loss) against any target.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Label`] or [`Error::Softness`], before anything is written.
    pub fn loss_to(
        x: &'a [f32],
        target: L,
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
    ) -> Result<Self, Error> {
        target.check(N::OUT)?;
        Self::new(Goal::Loss, x, target, w, frozen, acts)
    }

    /// [`gradient`](Evaluation::gradient) against any target.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::Label`] or [`Error::Softness`], before anything is written.
    pub fn gradient_to(
        x: &'a [f32],
        target: L,
        scale: f32,
        w: &'a [f32],
        frozen: &'a [f32],
        acts: &'a mut [f32],
        g: &'a mut [f32],
    ) -> Result<Self, Error> {
        const { assert!(N::ACTIVATION.is_identity(), "logits come without an activation") };
        check(Buffer::Gradient, N::TRAINABLE, g.len())?;
        let mut evaluation = Self::loss_to(x, target, w, frozen, acts)?;
        (evaluation.goal, evaluation.scale, evaluation.memory.g) = (Goal::Gradient, scale, g);
        Ok(evaluation)
    }

    /// Goes on where `pass`, of an evaluation with the same arguments, stood.
    #[must_use]
    pub fn resume(self, pass: Pass) -> Self {
        Self { pass, ..self }
    }

    /// Where the evaluation stands.
    #[must_use]
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// The output of the last layer: logits after [`forward`](Evaluation::forward) and [`loss`](Evaluation::loss),
    /// but their gradient after [`gradient`](Evaluation::gradient). Unspecified before the end.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        N::OUTPUT.of(self.memory.acts).unwrap_or_default()
    }

    /// Does at most `budget` units, each of at most [`MAX_UNIT`](Network::MAX_UNIT) multiply-adds;
    /// returns the loss when none is left.
    pub fn poll(&mut self, budget: usize) -> Poll<f32> {
        let mut left = budget;
        while self.pass.stage != Stage::Done {
            let (layer, from) = (self.pass.layer as usize, self.pass.unit as usize);
            let units = match self.pass.stage {
                Stage::Loss => 1,
                stage => N::units(stage, layer),
            };
            let to = units.min(from.saturating_add(left));
            if from < to {
                match self.pass.stage {
                    Stage::Loss => self.pass.loss = self.finish_forward(),
                    stage => N::run(stage, layer, from..to, &mut self.memory),
                }
                left -= to - from;
                self.pass.unit = to as u32;
            }
            if to < units {
                return Poll::Pending;
            }
            self.pass = self.pass.next(self.goal, N::LAYERS, N::TRAINS);
        }
        Poll::Ready(self.pass.loss)
    }

    /// The loss; for a gradient the logits become theirs.
    fn finish_forward(&mut self) -> f32 {
        let Some(z) = N::OUTPUT.of_mut(self.memory.acts) else { return f32::NAN };
        let loss = match self.goal {
            Goal::Gradient => self.target.gradient(z, self.scale),
            _ => self.target.loss(z),
        };
        loss.unwrap_or(f32::NAN)
    }

    /// All units at once.
    pub(super) fn finish(mut self) -> f32 {
        match self.poll(usize::MAX) {
            Poll::Ready(loss) => loss,
            Poll::Pending => f32::NAN,
        }
    }
}
