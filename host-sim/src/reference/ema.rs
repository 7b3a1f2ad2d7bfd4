//! EMA of weights: the first collection copies, then `mean = decay mean + (1 - decay) w`.

use super::Average;

/// The exponentially weighted mean.
#[derive(Debug, Clone)]
pub struct Ema {
    decay: f64,
    mean: Option<Vec<f64>>,
    count: usize,
}

impl Ema {
    /// Empty.
    pub fn new(decay: f64) -> Self {
        Ema { decay, mean: None, count: 0 }
    }
}

impl Average for Ema {
    fn collect(&mut self, w: &[f64]) {
        self.count += 1;
        match &mut self.mean {
            None => self.mean = Some(w.to_vec()),
            Some(mean) => {
                mean.iter_mut()
                    .zip(w)
                    .for_each(|(mean, w)| *mean = self.decay * *mean + (1.0 - self.decay) * w);
            }
        }
    }

    fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
    }

    fn count(&self) -> usize {
        self.count
    }
}
