//! AVX2: four registers of eight floats, one pass.
#![allow(unsafe_code, reason = "vector intrinsics")]

use super::{LANES, Lanes};
use core::arch::x86_64::{
    __m256, _mm256_add_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_storeu_ps, _mm256_sub_ps,
};
use core::ops::{Add, Mul, Sub};

/// All 32 lanes. Values exist only inside functions compiled for AVX2, which [`crate::backend::Avx2`] enters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ymm([__m256; 4]);

macro_rules! operator {
    ($trait:ident $method:ident $intrinsic:ident) => {
        impl $trait for Ymm {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
                // SAFETY: a `Ymm` exists only where AVX2 was detected (see the type).
                unsafe { Self([$intrinsic(a, e), $intrinsic(b, f), $intrinsic(c, g), $intrinsic(d, h)]) }
            }
        }
    };
}
operator!(Add add _mm256_add_ps);
operator!(Sub sub _mm256_sub_ps);
operator!(Mul mul _mm256_mul_ps);

impl Lanes for Ymm {
    const PASSES: usize = 1;

    #[inline(always)]
    fn load(row: &[f32; LANES], _: usize) -> Self {
        let p = row.as_ptr();
        // SAFETY: a row holds 32 floats, so the four unaligned loads of eight stay inside; AVX2 as above.
        unsafe {
            Self([
                _mm256_loadu_ps(p),
                _mm256_loadu_ps(p.add(8)),
                _mm256_loadu_ps(p.add(16)),
                _mm256_loadu_ps(p.add(24)),
            ])
        }
    }

    #[inline(always)]
    fn store(self, row: &mut [f32; LANES], _: usize) {
        let (p, [a, b, c, d]) = (row.as_mut_ptr(), self.0);
        // SAFETY: as in `load`.
        unsafe {
            _mm256_storeu_ps(p, a);
            _mm256_storeu_ps(p.add(8), b);
            _mm256_storeu_ps(p.add(16), c);
            _mm256_storeu_ps(p.add(24), d);
        }
    }
}
