use crate::kernel::Map;
use crate::math;

/// `g *= min(1, max_norm / sqrt(sq_norm))`: the gradient, cut to length `max_norm`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Clip {
    /// The longest gradient that is left alone.
    pub max_norm: f32,
}

impl Map<1, 1, 0> for Clip {
    const NAME: &'static str = "clip";
    type Coef = f32;

    #[inline(always)]
    fn coef(&self, [sq_norm]: [f32; 1]) -> f32 {
        let norm = math::sqrt(sq_norm);
        if norm > self.max_norm { self.max_norm / norm } else { 1.0 }
    }

    #[inline(always)]
    fn apply(factor: f32, [g]: [f32; 1], []: [f32; 0]) -> [f32; 1] {
        [factor * g]
    }
}
