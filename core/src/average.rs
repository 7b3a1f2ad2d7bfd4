//! What do I remember of the trajectory?

use crate::backend::Backend;
use crate::error::Error;
use crate::method::Clock;
use crate::state::State;

/// A mean of the weights seen so far. Observe clean weights, after a step.
pub trait Average<B: Backend>: State<B> {
    /// The stem of its file, its label and its row in every table.
    const NAME: &'static str;

    /// Takes in the weights as they are after the step at `clock`. The first ones are copied. Refuses hyperparameters out of
    /// range at that step.
    fn observe(&mut self, b: &mut B, w: &B::Vector, clock: &Clock) -> Result<(), Error>;

    /// The mean, once there is one.
    fn mean(&self) -> Option<&B::Vector>;
}
