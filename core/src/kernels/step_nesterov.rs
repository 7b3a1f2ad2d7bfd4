use super::step_momentum::Coef;
use crate::kernel::Update;

/// `d = g + weight_decay * w; v = momentum * v + (1 - dampening) * d; w -= lr * (d + momentum * v)`: Nesterov's momentum.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StepNesterov {
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

impl Update<1> for StepNesterov {
    const NAME: &'static str = "step_nesterov";
    type Coef = Coef;

    #[inline(always)]
    fn coef(&self) -> Coef {
        let Self { lr, momentum, dampening, weight_decay, updates } = *self;
        Coef::new(lr, momentum, dampening, weight_decay, updates)
    }

    fn forget(self, updates: u32) -> Self {
        Self { updates: self.updates.saturating_sub(updates), ..self }
    }

    #[inline(always)]
    fn apply(k: Coef, w: f32, g: f32, [v]: [f32; 1]) -> (f32, [f32; 1]) {
        let d = g + k.weight_decay * w;
        let v = k.velocity(v, d);
        (w - k.lr * (d + k.momentum * v), [v])
    }
}
