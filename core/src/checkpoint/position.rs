//! Where a run stands.

use crate::rng::{Draws, Key};
use crate::state::Words;

/// Where a run stands, beside its weights and state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Position {
    /// Steps done: the step that the resumed run takes first.
    pub step: u32,
    /// Steps of the whole run. With `step` it is the position of every [`Schedule`](crate::schedule::Schedule).
    pub total: u32,
    /// Seed of noise, coins and orders. With `step` it is the position of every draw that is addressed by a
    /// [`Key`](crate::rng::Key).
    pub seed: u64,
    /// Words taken from a [`Draws`], if the run has one ([`Draws::position`]).
    pub drawn: u64,
    /// In which phase of the firmware's own work the run was (before or after validation, say): nothing in this crate
    /// reads it.
    pub phase: u32,
}

impl Position {
    /// The generator that goes on where `drawn` says.
    pub const fn draws(&self, key: Key) -> Draws {
        Draws::at(key, self.drawn)
    }
}

impl Words for Position {
    const LEN: usize = 7;

    fn put(self, out: &mut impl FnMut(u32)) {
        let Self { step, total, seed, drawn, phase } = self;
        for word in [step, total, seed as u32, (seed >> 32) as u32, drawn as u32, (drawn >> 32) as u32, phase]
        {
            out(word);
        }
    }

    fn take(from: &mut impl FnMut() -> u32) -> Self {
        let (step, total) = (from(), from());
        let mut long = || u64::from(from()) | u64::from(from()) << 32;
        let (seed, drawn) = (long(), long());
        Self { step, total, seed, drawn, phase: from() }
    }
}
