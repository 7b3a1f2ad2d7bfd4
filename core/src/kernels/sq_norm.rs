use crate::kernel::Reduce;
use crate::lanes::Lanes;

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
}
