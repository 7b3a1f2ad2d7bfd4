use crate::kernel::Reduce;
use crate::lanes::Lanes;
#[cfg(all(flatmin_turns, target_arch = "arm"))]
use crate::lanes::{LANES, arm};

/// `sum (x - x)`: 0 if every element is finite, NaN otherwise.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NonFinite {}

impl Reduce<1> for NonFinite {
    const NAME: &'static str = "non_finite";

    #[inline(always)]
    fn term<V: Lanes>(&self, [x]: [V; 1]) -> V {
        // Infinity minus infinity is NaN, and so is NaN minus NaN.
        #[expect(clippy::eq_op, reason = "0 only for finite values")]
        let zero = x - x;
        zero
    }

    #[cfg(all(flatmin_turns, target_arch = "arm"))]
    #[inline(always)]
    fn rows<V: Lanes>(self, sums: &mut [f32; LANES], [x]: [&[[f32; LANES]]; 1]) {
        arm::non_finite(sums, x);
    }
}
