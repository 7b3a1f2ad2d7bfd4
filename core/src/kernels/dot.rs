use crate::kernel::Reduce;
use crate::lanes::Lanes;

/// `sum x * y`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Dot {}

impl Reduce<2> for Dot {
    const NAME: &'static str = "dot";

    #[inline(always)]
    fn term<V: Lanes>(&self, [x, y]: [V; 2]) -> V {
        x * y
    }
}
