use crate::kernel::Update;
#[cfg(all(flatmin_turns, target_arch = "arm"))]
use crate::{lanes::arm, loops::TURN};

/// `w -= lr * (g + weight_decay * w)`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StepSgd {
    /// Learning rate.
    pub lr: f32,
    /// Coupled L2 decay.
    pub weight_decay: f32,
}

impl Update<0> for StepSgd {
    const NAME: &'static str = "step_sgd";
    type Coef = Self;

    #[inline(always)]
    fn coef(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn apply(k: Self, w: f32, g: f32, []: [f32; 0]) -> (f32, [f32; 0]) {
        (w - k.lr * (g + k.weight_decay * w), [])
    }

    #[cfg(all(flatmin_turns, target_arch = "arm"))]
    #[inline(always)]
    fn turns(
        k: Self,
        w: &mut [[f32; TURN]],
        saved: Option<&[[f32; TURN]]>,
        g: &[[f32; TURN]],
        []: [&mut [[f32; TURN]]; 0],
    ) {
        arm::step_sgd([k.weight_decay, k.lr], w, saved, g);
    }
}
