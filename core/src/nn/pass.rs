//! Where an evaluation stands.

/// The stages of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Outputs, from the first layer to the last.
    Forward,
    /// The loss and, if wanted, its gradient.
    Loss,
    /// Parameter gradients of a layer, from the last layer to the first.
    Gradient,
    /// Input gradient of the same layer.
    InputGradient,
    /// Nothing is left to do.
    Done,
}

/// How far an evaluation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    Logits,
    Loss,
    Gradient,
}

/// The cursor of an evaluation: a few plain numbers, which can be kept anywhere between two calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    pub(super) stage: Stage,
    pub(super) layer: u32,
    pub(super) unit: u32,
    pub(super) loss: f32,
}

impl Pass {
    /// The beginning.
    pub const START: Self = Self { stage: Stage::Forward, layer: 0, unit: 0, loss: 0.0 };

    /// The stage.
    #[must_use]
    pub const fn stage(self) -> Stage {
        self.stage
    }

    /// The next stage of a network of `layers` layers, of which some train if `trains`.
    pub(super) fn next(self, goal: Goal, layers: usize, trains: bool) -> Self {
        let last = (layers as u32).saturating_sub(1);
        let (stage, layer) = match self.stage {
            Stage::Forward if self.layer < last => (Stage::Forward, self.layer + 1),
            Stage::Forward if goal != Goal::Logits => (Stage::Loss, last),
            Stage::Loss if goal == Goal::Gradient && trains => (Stage::Gradient, last),
            Stage::Gradient => (Stage::InputGradient, self.layer),
            Stage::InputGradient if self.layer > 0 => (Stage::Gradient, self.layer - 1),
            _ => (Stage::Done, 0),
        };
        Self { stage, layer, unit: 0, loss: self.loss }
    }
}
