#[cfg(target_arch = "x86_64")]
use super::Avx2;
use super::{Isa, Op, Portable};

/// The best backend of this CPU, chosen at run time; one `match` per kernel call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cpu {
    /// Plain Rust.
    Portable(Portable),
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

impl Cpu {
    /// Looks at the CPU once.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Portable(Portable)
    }

    /// The name of the chosen instruction set.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => Portable::NAME,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => Avx2::NAME,
        }
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::detect()
    }
}

impl Isa for Cpu {
    const NAME: &'static str = "cpu";

    #[inline]
    fn enter<O: Op>(self, op: O) -> O::Output {
        match self {
            Self::Portable(portable) => portable.enter(op),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.enter(op),
        }
    }
}
