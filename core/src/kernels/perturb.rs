use crate::kernel::Fill;
use crate::math;
use crate::rng::{self, Key, TILE};

/// `saved = w; w += gamma * norm [/ sqrt(fan_in)] * z`: saves the weights and adds Gaussian noise scaled by the norm of
/// each filter, in one pass. Slots hold squared norms.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Perturb {
    /// Noise per unit of the filter's norm (or of its root mean square).
    pub gamma: f32,
    /// 1 to scale by the root mean square of a filter, 0 by its norm.
    pub rms: u32,
    /// Which noise.
    pub key: Key,
}

/// The standard deviation of a filter's noise.
#[inline(always)]
pub(super) fn deviation(gamma: f32, rms: u32, sq_norm: f32, fan_in: u32) -> f32 {
    let count = if rms == 0 { 1.0 } else { fan_in as f32 };
    gamma * math::sqrt(sq_norm / count)
}

impl Fill<2, 0> for Perturb {
    const NAME: &'static str = "perturb";
    const READS: usize = 1;

    #[inline(always)]
    fn tile(&self, tile: u32, out: &mut [f32; TILE]) {
        rng::write_normals(tile, self.key, out);
    }

    #[inline(always)]
    fn gaussian(&self) -> Option<Key> {
        Some(self.key)
    }

    #[inline(always)]
    fn scale(&self, sq_norm: f32, fan_in: u32) -> f32 {
        deviation(self.gamma, self.rms, sq_norm, fan_in)
    }

    #[inline(always)]
    fn apply(noise: f32, [w, _]: [f32; 2], []: [f32; 0]) -> [f32; 2] {
        [w + noise, w]
    }
}
