use crate::kernel::Reduce;
use crate::lanes::Lanes;

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
}
