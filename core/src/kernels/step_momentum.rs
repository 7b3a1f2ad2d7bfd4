use crate::kernel::Update;
use crate::lanes::{SCALAR, SMALL};
#[cfg(all(flatmin_turns, target_arch = "arm"))]
use crate::{lanes::arm, loops::TURN};

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
    /// The share of a gradient that enters the velocity; all of it costs no multiplication.
    pub(super) keep: Option<f32>,
    pub(super) weight_decay: f32,
}

/// Where a loop tests what it could know (it is not doubled to save code) a multiplication in hardware takes less time.
const ALWAYS: bool = SMALL && SCALAR;

impl Coef {
    #[inline(always)]
    pub(super) fn new(lr: f32, momentum: f32, dampening: f32, weight_decay: f32, updates: u32) -> Self {
        // All of the first gradient.
        let share = if updates == 0 { 1.0 } else { 1.0 - dampening };
        Self { lr, momentum, keep: (ALWAYS || share != 1.0).then_some(share), weight_decay }
    }

    /// The new velocity, of the old one and the decayed gradient.
    #[inline(always)]
    pub(super) fn velocity(self, v: f32, d: f32) -> f32 {
        self.momentum * v + self.keep.map_or(d, |keep| keep * d)
    }
}

impl Update<1> for StepMomentum {
    const NAME: &'static str = "step_momentum";
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
        (w - k.lr * v, [v])
    }

    #[cfg(all(flatmin_turns, target_arch = "arm"))]
    #[inline(always)]
    fn turns(
        k: Coef,
        w: &mut [[f32; TURN]],
        saved: Option<&[[f32; TURN]]>,
        g: &[[f32; TURN]],
        [v]: [&mut [[f32; TURN]]; 1],
    ) {
        arm::step_momentum([k.weight_decay, k.keep.unwrap_or(1.0), k.momentum, k.lr], w, saved, g, v);
    }
}
