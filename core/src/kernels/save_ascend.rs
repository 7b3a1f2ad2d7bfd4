use crate::kernel::Map;
use crate::math;

/// `saved = w; w += rho / (sqrt(sq_norm) + eps) * g`: saves the weights and climbs to SAM's point (Foret et al. 2021,
/// eq. 2), in one pass. A zero gradient climbs nowhere.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SaveAscend {
    /// Length of the climb.
    pub rho: f32,
    /// Added to the norm.
    pub eps: f32,
}

impl Map<1, 2, 1> for SaveAscend {
    const NAME: &'static str = "save_ascend";
    const READS: usize = 2;
    type Coef = f32;

    #[inline(always)]
    fn coef(&self, [sq_norm]: [f32; 1]) -> f32 {
        if sq_norm > 0.0 { self.rho / (math::sqrt(sq_norm) + self.eps) } else { 0.0 }
    }

    #[inline(always)]
    fn apply(scale: f32, [w, _]: [f32; 2], [g]: [f32; 1]) -> [f32; 2] {
        [w + scale * g, w]
    }
}
