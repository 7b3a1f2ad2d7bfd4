//! Mean, spread and standard error.

/// A sample in three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) mean: f64,
    /// Standard deviation with n - 1; 0 of a single value.
    pub(super) sd: f64,
    pub(super) n: usize,
}

impl Summary {
    pub(super) fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { 0.0 };
        Self { mean, sd, n }
    }

    /// Standard error of the mean.
    pub(super) fn se(&self) -> f64 {
        self.sd / (self.n as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::F64_SUM;

    #[test]
    fn spread_is_that_of_a_sample() {
        let summary = Summary::of(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!((summary.mean, summary.n), (2.5, 4));
        assert!((summary.sd - (5.0_f64 / 3.0).sqrt()).abs() < F64_SUM.value);
        assert!((summary.se() - summary.sd / 2.0).abs() < F64_SUM.value);
        assert_eq!(Summary::of(&[7.0]).se(), 0.0);
    }
}
