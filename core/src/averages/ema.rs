use crate::average::Average;
use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::{Copy, Lerp};
use crate::state::{Cost, State};
use core::borrow::BorrowMut;

/// Exponential moving average of the weights.
///
/// ```text
/// mean = w                                     the first time
/// mean = mean + (1 - decay) (w - mean)         then
/// ```
///
/// **Source**: `torch.optim.swa_utils.get_ema_avg_fn`. **Deviations**: none; the copy makes a bias correction needless.
/// **Cost**: one vector; one pass an observation, no gradient.
/// **Defaults**: decay 0.999, observed after every step; 0.95 suits a fine-tuning run of a hundred steps.
///
/// ```
/// use flatmin::{average::Average, averages::Ema, backend::Portable};
/// let mut ema = Ema::new([0.0; 1]).decay(0.5);
/// for w in [1.0, 3.0] {
///     ema.observe(&mut Portable, &[w]).unwrap();
/// }
/// let mean: Option<&[f32]> = Average::<Portable>::mean(&ema);
/// assert_eq!(mean, Some(&[2.0][..]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ema<V> {
    mean: V,
    decay: f32,
    started: bool,
}

impl<V> Ema<V> {
    /// An empty mean with decay 0.999; `mean` is as long as the weights.
    pub const fn new(mean: V) -> Self {
        Self { mean, decay: 0.999, started: false }
    }

    /// The share of the old mean, in `[0, 1]`.
    pub fn decay(self, decay: f32) -> Self {
        Self { decay, ..self }
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>> State<B> for Ema<V> {
    const COST: Cost = Cost { vectors: 1, words: 1, ..Cost::NONE };
    type Scalars = bool;

    fn scalars(&self) -> bool {
        self.started
    }

    fn set_scalars(&mut self, started: bool) {
        self.started = started;
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        see(self.mean.borrow());
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        see(self.mean.borrow_mut());
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>> Average<B> for Ema<V> {
    const NAME: &'static str = "ema";

    fn observe(&mut self, b: &mut B, w: &B::Vector) -> Result<(), Error> {
        require((0.0..=1.0).contains(&self.decay), "decay", self.decay)?;
        let mean = self.mean.borrow_mut();
        require_len("mean", b.len(mean), b.len(w))?;
        if self.started {
            b.map(Lerp { weight: 1.0 - self.decay }, [], [mean], [w]);
        } else {
            b.map(Copy {}, [], [mean], [w]);
            self.started = true;
        }
        Ok(())
    }

    fn mean(&self) -> Option<&B::Vector> {
        self.started.then(|| self.mean.borrow())
    }
}
