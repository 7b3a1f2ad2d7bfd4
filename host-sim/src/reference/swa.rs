//! SWA (Izmailov et al. 2018): the running mean, `mean += (w - mean) / (k + 1)` after k collections.

use super::Average;

/// The mean of all weights collected.
#[derive(Debug, Clone, Default)]
pub struct Swa {
    mean: Option<Vec<f64>>,
    count: usize,
}

impl Average for Swa {
    fn collect(&mut self, w: &[f64]) {
        self.count += 1;
        let mean = self.mean.get_or_insert_with(|| w.to_vec());
        mean.iter_mut().zip(w).for_each(|(mean, w)| *mean += (w - *mean) / self.count as f64);
    }

    fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
    }

    fn count(&self) -> usize {
        self.count
    }
}
