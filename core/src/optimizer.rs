//! How do I move with this gradient?

use crate::backend::Backend;
use crate::error::{Error, require_not_negative};
use crate::method::Clock;
use crate::state::State;

/// A base optimizer: one [`Update`](crate::kernel::Update) kernel a step.
pub trait Optimizer<B: Backend>: State<B> {
    /// The stem of its file, its label and its row in every table.
    const NAME: &'static str;

    /// Refuses hyperparameters out of range at this step, and buffers that do not have `n` elements.
    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error>;

    /// Moves `w` along `-g`, reading the old weights from `saved` if given. `g` may be changed (clipped).
    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    );
}

/// The checks that every optimizer makes of its rate and its decay.
pub(crate) fn ready(clock: &Clock, weight_decay: f32) -> Result<(), Error> {
    require_not_negative("lr", clock.lr)?;
    require_not_negative("weight_decay", weight_decay)
}
