//! Seeds: every training run has its own, so that no two draw the same random numbers by accident.

use crate::model::Net;

/// What the random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Training a base model.
    Base = 0,
    /// Personalising it. Tasks and arms share these: they are compared on the same draws.
    User = 1,
    /// The acceptance numbers of random splits.
    Baseline = 2,
    /// The split of the digits into base and old test; the repetition counts quarters, 0 for that of all experiments.
    Holdout = 3,
    /// The old samples that are stored beside an exported model.
    Export = 4,
    /// Several people one after another; the person counts places, 0 for what comes before the first.
    Sequence = 5,
}

/// The seed of repetition `repetition` for a person.
pub(crate) const fn seed(purpose: Purpose, net: Net, person: u8, repetition: u32) -> u64 {
    (repetition as u64) << 32 | (purpose as u64) << 16 | (net as u64) << 8 | person as u64
}
