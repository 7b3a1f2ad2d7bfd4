use crate::kernel::Update;
use crate::math;

/// `d = g + l2 * w; m = beta1 * m + (1 - beta1) * d; v = beta2 * v + (1 - beta2) * d * d;
/// w = shrink * w - lr * (m / correction1) / (sqrt(v / correction2) + eps)`: Adam, where a coupled decay is `l2` and a
/// decoupled one (AdamW) is `shrink = 1 - lr * decay`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StepAdam {
    /// Learning rate.
    pub lr: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root.
    pub eps: f32,
    /// Coupled decay.
    pub l2: f32,
    /// Decoupled decay.
    pub decay: f32,
    /// `1 - beta1^t` at step t.
    pub correction1: f32,
    /// `1 - beta2^t` at step t.
    pub correction2: f32,
}

/// What an element needs: every division and root that is the same for all of them is done.
#[derive(Clone, Copy, Debug)]
pub struct Coef {
    rate: f32,
    beta1: f32,
    keep1: f32,
    beta2: f32,
    keep2: f32,
    root: f32,
    eps: f32,
    l2: f32,
    shrink: f32,
}

impl Update<2> for StepAdam {
    const NAME: &'static str = "step_adam";
    type Coef = Coef;

    #[inline(always)]
    fn coef(&self) -> Coef {
        Coef {
            rate: self.lr / self.correction1,
            beta1: self.beta1,
            keep1: 1.0 - self.beta1,
            beta2: self.beta2,
            keep2: 1.0 - self.beta2,
            root: 1.0 / math::sqrt(self.correction2),
            eps: self.eps,
            l2: self.l2,
            shrink: 1.0 - self.lr * self.decay,
        }
    }

    #[inline(always)]
    fn apply(k: Coef, w: f32, g: f32, [m, v]: [f32; 2]) -> (f32, [f32; 2]) {
        let d = g + k.l2 * w;
        let m = k.beta1 * m + k.keep1 * d;
        let v = k.beta2 * v + k.keep2 * (d * d);
        (k.shrink * w - k.rate * m / (math::sqrt(v) * k.root + k.eps), [m, v])
    }
}
