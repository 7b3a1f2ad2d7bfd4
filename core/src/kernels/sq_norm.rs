use crate::kernel::Reduce;
use crate::lanes::Lanes;
#[cfg(all(flatmin_turns, target_arch = "arm"))]
use crate::lanes::{LANES, arm};

/// `sum x * x`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SqNorm {}

impl Reduce<1> for SqNorm {
    const NAME: &'static str = "sq_norm";

    #[inline(always)]
    fn term<V: Lanes>(&self, [x]: [V; 1]) -> V {
        x * x
    }

    #[cfg(all(flatmin_turns, target_arch = "arm"))]
    #[inline(always)]
    fn rows<V: Lanes>(self, sums: &mut [f32; LANES], [x]: [&[[f32; LANES]]; 1]) {
        arm::sq_norm(sums, x);
    }
}
