//! A model with the memory to evaluate it in.

use super::{Memory, Model};
use flatmin::backend::Cpu;
use flatmin::nn::{self, Target};
use flatmin::tune::Score;

/// An input with its label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Example<'a> {
    /// The input.
    pub x: &'a [f32],
    /// Its class.
    pub label: u8,
}

/// What is learnt from an example, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lesson<'a> {
    /// The input.
    pub x: &'a [f32],
    /// What the answer is compared with.
    pub target: Target<'a>,
    /// The factor of its loss; 1 is usual.
    pub weight: f32,
}

impl<'a> From<Example<'a>> for Lesson<'a> {
    fn from(Example { x, label }: Example<'a>) -> Self {
        Self { x, target: Target::Class(label.into()), weight: 1.0 }
    }
}

/// A model, its frozen weights, and memory to evaluate it in: nothing is allocated from here on.
pub struct Workspace<'a> {
    model: &'static dyn Model,
    frozen: &'a [f32],
    acts: Vec<f32>,
    cpu: Cpu,
}

impl<'a> Workspace<'a> {
    /// Memory for `model`; `frozen` is what does not train.
    pub fn new(model: &'static dyn Model, frozen: &'a [f32]) -> Self {
        Self { model, frozen, acts: vec![0.0; model.activations()], cpu: Cpu::detect() }
    }

    /// The mean loss of some examples or lessons (0 of none). Adds their mean gradient to `g`, in order.
    ///
    /// # Errors
    /// When a slice has the wrong length or a label is not a class.
    pub fn gradient<'b, L: Into<Lesson<'b>>>(
        &mut self,
        lessons: impl ExactSizeIterator<Item = L>,
        w: &[f32],
        g: &mut [f32],
    ) -> Result<f32, nn::Error> {
        let scale = 1.0 / lessons.len().max(1) as f32;
        let mut sum = 0.0;
        for lesson in lessons {
            let Lesson { x, target, weight } = lesson.into();
            let memory = Memory { w, frozen: self.frozen, acts: &mut self.acts, g };
            sum += weight * self.model.gradient(self.cpu, x, target, weight * scale, memory)?;
        }
        Ok(scale * sum)
    }

    /// The logits of input `x`.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    pub fn logits(&mut self, x: &[f32], w: &[f32]) -> Result<&[f32], nn::Error> {
        self.model.logits(self.cpu, x, w, self.frozen, &mut self.acts)
    }

    /// The class with the greatest logit, the first of equals.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    pub fn predict(&mut self, x: &[f32], w: &[f32]) -> Result<u8, nn::Error> {
        Ok(answer(self.logits(x, w)?))
    }

    /// Right answers and losses on some examples.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    pub fn score(&mut self, examples: &[Example<'_>], w: &[f32]) -> Result<Score, nn::Error> {
        let mut score = Score::default();
        for example in examples {
            score.add(self.logits(example.x, w)?, example.label.into());
        }
        Ok(score)
    }

    /// The share of examples that are classified as labelled, in [0, 1]; 0 of none.
    ///
    /// # Errors
    /// When a slice has the wrong length.
    pub fn accuracy(&mut self, examples: &[Example<'_>], w: &[f32]) -> Result<f64, nn::Error> {
        let mut right = 0_usize;
        for example in examples {
            right += usize::from(self.predict(example.x, w)? == example.label);
        }
        Ok(right as f64 / examples.len().max(1) as f64)
    }
}

/// The class with the greatest logit, the first of equals.
#[must_use]
pub fn answer(logits: &[f32]) -> u8 {
    let (mut best, mut class) = (f32::NEG_INFINITY, 0);
    for (candidate, &logit) in (0..).zip(logits) {
        if logit > best {
            (best, class) = (logit, candidate);
        }
    }
    class
}
