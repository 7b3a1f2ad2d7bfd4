use super::perturb::deviation;
use crate::kernel::Fill;
use crate::rng::{self, Key, TILE};

/// `w = saved + gamma * norm [/ sqrt(fan_in)] * z`: replaces one perturbation by another, in one pass. Slots hold
/// squared norms of the saved weights.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Reperturb {
    /// Noise per unit of the filter's norm (or of its root mean square).
    pub gamma: f32,
    /// 1 to scale by the root mean square of a filter, 0 by its norm.
    pub rms: u32,
    /// Which noise.
    pub key: Key,
}

impl Fill<1, 1> for Reperturb {
    const NAME: &'static str = "reperturb";
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
    fn apply(noise: f32, _: [f32; 1], [saved]: [f32; 1]) -> [f32; 1] {
        [saved + noise]
    }
}
