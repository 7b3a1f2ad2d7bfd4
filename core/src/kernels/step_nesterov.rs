use crate::kernel::Update;

/// `d = g + weight_decay * w; v = momentum * v + keep * d; w -= lr * (d + momentum * v)`: Nesterov's momentum.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StepNesterov {
    /// Learning rate.
    pub lr: f32,
    /// Share of the velocity that is kept.
    pub momentum: f32,
    /// 1 minus the dampening.
    pub keep: f32,
    /// Coupled L2 decay.
    pub weight_decay: f32,
}

impl Update<1> for StepNesterov {
    const NAME: &'static str = "step_nesterov";
    type Coef = Self;

    #[inline(always)]
    fn coef(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn apply(k: Self, w: f32, g: f32, [v]: [f32; 1]) -> (f32, [f32; 1]) {
        let d = g + k.weight_decay * w;
        let v = k.momentum * v + k.keep * d;
        (w - k.lr * (d + k.momentum * v), [v])
    }
}
