use crate::kernel::Update;

/// `d = g + weight_decay * w; v = momentum * v + (1 - dampening) * d; w -= lr * v`: heavy-ball momentum.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StepMomentum {
    /// Learning rate.
    pub lr: f32,
    /// Share of the velocity that is kept.
    pub momentum: f32,
    /// Share of the gradient that is left out, except at the first update.
    pub dampening: f32,
    /// Coupled L2 decay.
    pub weight_decay: f32,
    /// Updates done before this one.
    pub updates: u32,
}

/// What an element needs.
#[derive(Clone, Copy, Debug)]
pub struct Coef {
    pub(super) lr: f32,
    pub(super) momentum: f32,
    pub(super) keep: f32,
    pub(super) weight_decay: f32,
}

/// The share of a gradient that enters the velocity: all of the first one.
#[inline(always)]
pub(super) fn keep(dampening: f32, updates: u32) -> f32 {
    if updates == 0 { 1.0 } else { 1.0 - dampening }
}

impl Update<1> for StepMomentum {
    const NAME: &'static str = "step_momentum";
    type Coef = Coef;

    #[inline(always)]
    fn coef(&self) -> Coef {
        let Self { lr, momentum, weight_decay, .. } = *self;
        Coef { lr, momentum, keep: keep(self.dampening, self.updates), weight_decay }
    }

    fn forget(self, updates: u32) -> Self {
        Self { updates: self.updates.saturating_sub(updates), ..self }
    }

    #[inline(always)]
    fn apply(k: Coef, w: f32, g: f32, [v]: [f32; 1]) -> (f32, [f32; 1]) {
        let d = g + k.weight_decay * w;
        let v = k.momentum * v + k.keep * d;
        (w - k.lr * v, [v])
    }
}
