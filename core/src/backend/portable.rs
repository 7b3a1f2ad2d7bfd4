use super::{Isa, Op};
use crate::lanes::Plain;

/// Plain Rust for any target; the reference that every other backend equals bit for bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

impl Isa for Portable {
    const NAME: &'static str = "portable";

    #[inline(always)]
    fn enter<O: Op>(self, op: O) -> O::Output {
        op.run::<Plain>()
    }
}
