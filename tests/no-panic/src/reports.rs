//! The texts of errors and outcomes.

use crate::board::Failed;
use core::fmt::{Display, Formatter, Result};
use flatmin::blob;
use flatmin::checkpoint;
use flatmin::tune::Outcome;

must_not_panic! {
    fn blob_error(error: &blob::Error, f: &mut Formatter<'_>) -> Result {
        <blob::Error as Display>::fmt(error, f)
    }

    fn checkpoint_error(error: &checkpoint::Error<Failed>, f: &mut Formatter<'_>) -> Result {
        <checkpoint::Error<Failed> as Display>::fmt(error, f)
    }

    fn outcome(outcome: &Outcome, f: &mut Formatter<'_>) -> Result {
        <Outcome as Display>::fmt(outcome, f)
    }
}
