//! The texts of errors and outcomes.

use core::fmt::{Display, Formatter, Result};
use flatmin::tune::Outcome;

must_not_panic! {
    fn outcome(outcome: &Outcome, f: &mut Formatter<'_>) -> Result {
        <Outcome as Display>::fmt(outcome, f)
    }
}
