use crate::average::Average;
use crate::backend::Backend;
use crate::error::{Error, require, require_len};
use crate::kernels::{Copy, Lerp};
use crate::method::Clock;
use crate::schedule::Schedule;
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
/// use flatmin::{average::Average, averages::Ema, backend::Portable, method::Clock};
/// let mut ema = Ema::new([0.0; 1]).decay(0.5);
/// for (t, w) in [1.0, 3.0].into_iter().enumerate() {
///     let clock = Clock { step: t as u32, total: 2, lr: 0.1 };
///     ema.observe(&mut Portable, &[w], &clock).unwrap();
/// }
/// let mean: Option<&[f32]> = Average::<Portable>::mean(&ema);
/// assert_eq!(mean, Some(&[2.0][..]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ema<V, S = f32> {
    mean: V,
    decay: S,
    started: bool,
}

impl<V> Ema<V> {
    /// An empty mean with decay 0.999; `mean` is as long as the weights.
    pub const fn new(mean: V) -> Self {
        Self { mean, decay: 0.999, started: false }
    }
}

impl<V, S> Ema<V, S> {
    /// The share of the old mean, in `[0, 1]`.
    pub fn decay<T>(self, decay: T) -> Ema<V, T> {
        Ema { mean: self.mean, decay, started: self.started }
    }
}

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> State<B> for Ema<V, S> {
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

impl<B: Backend, V: BorrowMut<B::Vector>, S: Schedule> Average<B> for Ema<V, S> {
    const NAME: &'static str = "ema";

    fn observe(&mut self, b: &mut B, w: &B::Vector, clock: &Clock) -> Result<(), Error> {
        let decay = self.decay.at(clock.step, clock.total);
        require((0.0..=1.0).contains(&decay), "decay", decay)?;
        let mean = self.mean.borrow_mut();
        require_len("mean", b.len(mean), b.len(w))?;
        if self.started {
            b.map(Lerp { weight: 1.0 - decay }, [], [mean], [w]);
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
