use crate::kernel::Map;

/// `mean += weight * (x - mean)`: the running mean (SWA, weight 1/(n+1)) and the exponential one (EMA, weight 1-decay).
///
/// In this form a constant sequence stays constant, bit for bit.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Lerp {
    /// The share of the new value.
    pub weight: f32,
}

impl Map<0, 1, 1> for Lerp {
    const NAME: &'static str = "lerp";
    type Coef = f32;

    #[inline(always)]
    fn coef(&self, []: [f32; 0]) -> f32 {
        self.weight
    }

    #[inline(always)]
    fn apply(weight: f32, [mean]: [f32; 1], [x]: [f32; 1]) -> [f32; 1] {
        [mean + weight * (x - mean)]
    }
}
