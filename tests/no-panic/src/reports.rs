//! The texts of errors and outcomes.

use core::fmt::{Display, Formatter, Result};
use flatmin::Error;
use flatmin::tune::{Full, Outcome};

must_not_panic! {
    fn error(error: &Error, f: &mut Formatter<'_>) -> Result {
        <Error as Display>::fmt(error, f)
    }

    fn outcome(outcome: &Outcome, f: &mut Formatter<'_>) -> Result {
        <Outcome as Display>::fmt(outcome, f)
    }

    fn full(full: &Full, f: &mut Formatter<'_>) -> Result {
        <Full as Display>::fmt(full, f)
    }
}
