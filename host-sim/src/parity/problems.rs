//! Deterministic test data, drawn by a generator that shares nothing with the crate under test.

use flatmin::layout::{Kind, Segment};

/// SplitMix64 (Steele et al. 2014).
#[derive(Clone, Copy, Debug)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    pub fn long(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        (self.long() >> 32) as u32
    }

    /// An integer in `0..n` (slightly biased; fine for test data).
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.word()) * u64::from(n)) >> 32) as u32
    }
}

/// What the floats of a vector look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Magnitudes from 2^-6 to 4, either sign.
    Normal,
    /// Exponents from -149 to 40, one in eight below the normal range, either sign.
    Wide,
    /// As `Wide`, with a few infinities, NaNs and zeros of either sign.
    Special,
}

impl Data {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Wide, Self::Special];

    /// One value.
    pub fn value(self, random: &mut SplitMix) -> f32 {
        let word = random.word();
        let (sign, fraction) = (word & 0x8000_0000, word & 0x007f_ffff);
        let exponent = match self {
            Self::Normal => 121 + random.below(8),
            Self::Wide => match random.below(8) {
                0 => return f32::from_bits(sign | fraction >> random.below(23)),
                _ => 1 + random.below(167),
            },
            Self::Special => match random.below(16) {
                0 => {
                    return [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, -0.0][random.below(5) as usize];
                }
                _ => return Self::Wide.value(random),
            },
        };
        f32::from_bits(sign | exponent << 23 | fraction)
    }

    /// A vector, the same for the same arguments.
    pub fn vector(self, n: usize, salt: u64) -> Vec<f32> {
        let mut random = SplitMix(salt << 32 ^ n as u64);
        (0..n).map(|_| self.value(&mut random)).collect()
    }
}

/// A table of tensors with `n` elements in all, the same for the same arguments: matrices of any shape with and without
/// biases and gains, and some tensors without elements.
pub fn layout(n: usize, salt: u64) -> Vec<Segment> {
    let mut random = SplitMix(!salt << 32 ^ n as u64);
    let mut segments = Vec::new();
    let mut left = n as u32;
    while left > 0 {
        let kind = [Kind::Weight, Kind::LoraA, Kind::LoraB][random.below(3) as usize];
        let limit = [4, 70, 1500][random.below(3) as usize];
        let fan_in = 1 + random.below(limit).min(left - 1);
        let filters = random.below(40).min(left / fan_in);
        segments.push(Segment { filters, fan_in, kind });
        left -= filters * fan_in;
        let kind = [Kind::Bias, Kind::Norm][random.below(2) as usize];
        let filters = [filters, filters + 3, 0][random.below(3) as usize].min(left);
        segments.push(Segment { filters, fan_in: 1, kind });
        left -= filters;
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use flatmin::layout::params;

    #[test]
    fn wide_data_has_its_denormals_and_its_range() {
        let x = Data::Wide.vector(80_000, 1);
        let denormal = x.iter().filter(|x| x.is_subnormal()).count();
        assert!((9_000..11_000).contains(&denormal), "{denormal} of 80000");
        assert!(x.iter().any(|x| x.abs() < 1e-44) && x.iter().any(|x| x.abs() > 1e12));
        assert!(x.iter().all(|x| x.abs() < 2.2e12));
        assert!(Data::Normal.vector(1000, 1).iter().all(|x| (0.015_625..4.0).contains(&x.abs())));
    }

    #[test]
    fn layouts_cover_their_elements() {
        for n in 0..300 {
            assert_eq!(params(&layout(n, 5)), n);
        }
    }
}
