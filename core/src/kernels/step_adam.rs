use crate::kernel::Update;
use crate::math;

/// `d = g + l2 * w; m = beta1 * m + (1 - beta1) * d; v = beta2 * v + (1 - beta2) * d * d;
/// w = shrink * w - lr * (m / c1) / (sqrt(v / c2) + eps)`: Adam, where `c1 = 1 - beta1^t` and `c2 = 1 - beta2^t` with
/// `t = updates + 1` correct the bias, a coupled decay is `l2` and a decoupled one (AdamW) is `shrink = 1 - lr * decay`.
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
    /// Updates done before this one.
    pub updates: u32,
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

/// `1 - beta^(updates + 1)`, bit by bit of the exponent: with `q = 1 - beta^k`, doubling k is `q (2 - q)` and adding one is
/// `beta q + (1 - beta)`. Neither loses a digit, where the power itself, subtracted from 1, would lose four at t = 1.
#[inline(always)]
fn correction(beta: f32, updates: u32) -> f32 {
    let t = updates.saturating_add(1);
    let mut q = 0.0;
    for bit in (0..32 - t.leading_zeros()).rev() {
        q = q * (2.0 - q);
        q = math::select(t >> bit & 1 != 0, beta * q + (1.0 - beta), q);
    }
    q
}

impl Update<2> for StepAdam {
    const NAME: &'static str = "step_adam";
    type Coef = Coef;

    #[inline(always)]
    fn coef(&self) -> Coef {
        Coef {
            rate: self.lr / correction(self.beta1, self.updates),
            beta1: self.beta1,
            keep1: 1.0 - self.beta1,
            beta2: self.beta2,
            keep2: 1.0 - self.beta2,
            root: 1.0 / math::sqrt(correction(self.beta2, self.updates)),
            eps: self.eps,
            l2: self.l2,
            shrink: 1.0 - self.lr * self.decay,
        }
    }

    fn forget(self, updates: u32) -> Self {
        Self { updates: self.updates.saturating_sub(updates), ..self }
    }

    #[inline(always)]
    fn apply(k: Coef, w: f32, g: f32, [m, v]: [f32; 2]) -> (f32, [f32; 2]) {
        let d = g + k.l2 * w;
        let m = k.beta1 * m + k.keep1 * d;
        let v = k.beta2 * v + k.keep2 * (d * d);
        (k.shrink * w - k.rate * m / (math::sqrt(v) * k.root + k.eps), [m, v])
    }
}
