use crate::kernel::Fill;
use crate::rng::TILE;

/// `g += strength * (w - anchor)`: the gradient of an L2 pull towards given weights, with one strength a filter.
///
/// Slots hold strengths. The shape is that of noise, one scale a filter, with a tile of ones for the noise.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Pull {}

impl Fill<1, 2> for Pull {
    const NAME: &'static str = "pull";

    #[inline(always)]
    fn tile(&self, _: u32, out: &mut [f32; TILE]) {
        *out = [1.0; TILE];
    }

    #[inline(always)]
    fn scale(&self, strength: f32, _: u32) -> f32 {
        strength
    }

    #[inline(always)]
    fn apply(strength: f32, [g]: [f32; 1], [w, anchor]: [f32; 2]) -> [f32; 1] {
        [g + strength * (w - anchor)]
    }
}
