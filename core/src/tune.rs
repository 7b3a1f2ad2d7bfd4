//! What decides whether fine-tuning on a device helps: a guard, stored old samples, small steps.
//!
//! In our runs no optimizer made up for wrong labels; a commit guard did, and one old sample a new one kept old users
//! better than any optimizer. All parts work on lent memory and are the caller's to combine:
//!
//! | part | question | RAM beside weights and gradient |
//! |---|---|---|
//! | [`Guard`] | are these weights better than what was shipped? | one vector for the best weights |
//! | [`Trust`] | how far is each label to be believed? | a float a labelled sample |
//! | [`CrossValidation`] | the same, when there are too few samples to hold some out for good | one [`Scores`] an epoch |
//! | [`Divergence`] | has training blown up? | 8 bytes |
//! | [`replay_buffer`] | what did old users look like? | a byte a value; none when read from flash |
//! | [`Features`] | what do the frozen layers say of these few samples? | one output of the frozen layers a sample |
//! | [`wise_ft`] | how far towards the tuned weights? | none (the guard's vector and the working weights) |
//! | [`Anchored`](crate::optimizers::Anchored) | how far may the weights go? | none (a value a filter, or in flash) |
//! | [`Target::Teacher`](crate::nn::Target) | what did the factory model answer? | none (logits in the [blob](crate::blob)) |

mod cross_validation;
mod divergence;
mod features;
pub mod guard;
pub mod replay_buffer;
mod trust;
pub mod wise_ft;

pub use cross_validation::{CrossValidation, fold};
pub use divergence::{Diverged, Divergence, at_chance};
pub use features::{Features, Full};
pub use guard::{Criterion, Guard, Outcome, Rule, Score, Scores, Verdict};
pub use replay_buffer::{ReplayBuffer, Samples};
pub use trust::Trust;
