use crate::kernel::Map;

/// `x *= factor`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Scale {
    /// The factor.
    pub factor: f32,
}

impl Map<0, 1, 0> for Scale {
    const NAME: &'static str = "scale";
    type Coef = f32;

    #[inline(always)]
    fn coef(&self, []: [f32; 0]) -> f32 {
        self.factor
    }

    #[inline(always)]
    fn apply(factor: f32, [x]: [f32; 1], []: [f32; 0]) -> [f32; 1] {
        [factor * x]
    }
}
