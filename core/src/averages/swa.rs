use crate::average::Average;
use crate::backend::Backend;
use crate::error::{Error, require_len};
use crate::kernels::{Copy, Lerp};
use crate::state::{Cost, State};
use core::borrow::BorrowMut;

/// Stochastic weight averaging: the equal-weight mean of the weights that it is shown.
///
/// ```text
/// mean = w                                   the first time
/// mean = mean + (w - mean) / (n + 1)         then, with n weights in the mean
/// ```
///
/// Show it the weights at the end of each epoch, under a constant learning rate, over the last part of the run.
///
/// **Source**: Izmailov et al. 2018, Algorithm 1; the incremental form of `torch.optim.swa_utils`.
/// **Deviations**: none. A constant sequence stays constant bit for bit, which the convex form does not guarantee.
/// **Cost**: one vector; one pass an observation, no gradient.
/// **Defaults**: collect from 40 % of a fine-tuning run (60 % of a training run) on, once an epoch.
///
/// ```
/// use flatmin::{average::Average, averages::Swa, backend::Portable};
/// let mut swa = Swa::new([0.0; 1]);
/// for w in [1.0, 2.0, 6.0] {
///     swa.observe(&mut Portable, &[w]).unwrap();
/// }
/// let mean: Option<&[f32]> = Average::<Portable>::mean(&swa);
/// assert_eq!(mean, Some(&[3.0][..]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Swa<V> {
    mean: V,
    count: u32,
}

impl<V> Swa<V> {
    /// An empty mean; `mean` is as long as the weights.
    pub const fn new(mean: V) -> Self {
        Self { mean, count: 0 }
    }

    /// Weights in the mean.
    pub const fn count(&self) -> u32 {
        self.count
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>> State<B> for Swa<V> {
    const COST: Cost = Cost { vectors: 1, words: 1, ..Cost::NONE };
    type Scalars = u32;

    fn scalars(&self) -> u32 {
        self.count
    }

    fn set_scalars(&mut self, count: u32) {
        self.count = count;
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        see(self.mean.borrow());
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        see(self.mean.borrow_mut());
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>> Average<B> for Swa<V> {
    const NAME: &'static str = "swa";

    fn observe(&mut self, b: &mut B, w: &B::Vector) -> Result<(), Error> {
        let mean = self.mean.borrow_mut();
        require_len("mean", b.len(mean), b.len(w))?;
        match self.count {
            0 => b.map(Copy {}, [], [mean], [w]),
            n => b.map(Lerp { weight: 1.0 / (n as f32 + 1.0) }, [], [mean], [w]),
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    fn mean(&self) -> Option<&B::Vector> {
        (self.count > 0).then(|| self.mean.borrow())
    }
}
