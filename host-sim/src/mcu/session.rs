//! A session of `examples/wrist` as it would be flashed: its image weighed, its static memory, its stack painted.

use super::run::{FLASH, weigh};
use super::{Error, Machine, Variant, build, emulate, wrist};
use crate::finetune::{Guard, Scope};
use crate::report::label;

/// What a build of the image chooses (`examples/wrist/src/choice.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// `plain`, `sam`, `lpf`.
    pub method: &'static str,
    /// What trains.
    pub scope: Scope,
    /// Who decides what is kept.
    pub guard: Guard,
    /// `large`, `small`: where windows and epochs are kept.
    pub memory: &'static str,
}

/// What was measured of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Bytes of static memory.
    pub statics: u64,
    /// Bytes of stack.
    pub stack: u64,
    /// Bytes of code and constants, without the shipped model and the recording.
    pub flash: u64,
}

impl Session {
    /// Builds its image for a machine, weighs it and runs it.
    ///
    /// # Errors
    /// [`Error::Missing`] without compiler or emulator; whatever keeps the image from being built or run.
    pub fn measure(&self, machine: &Machine) -> Result<Used, Error> {
        let variables = [
            ("FLATMIN_METHOD", self.method),
            ("FLATMIN_SCOPE", label::scope(self.scope)),
            ("FLATMIN_GUARD", label::guard(self.guard)),
            ("FLATMIN_MEMORY", self.memory),
        ];
        let variables = variables.map(|(name, value)| (name, value.to_owned()));
        let image = build::build(
            machine.package,
            machine.target,
            wrist::IMAGE,
            "release",
            Variant::True,
            &variables,
        )?;
        let data = (flatmin_wrist::BLOB.len() + flatmin_wrist::RECORDING.len()) as u64;
        let flash = weigh(&image.path(), FLASH)? - data;
        let said = emulate::run(machine, &image)?;
        let figure = |kind: &str| {
            let row = said.rows.iter().find(|row| row.name.starts_with(kind));
            row.map(|row| row.ticks).ok_or_else(|| Error::Broken(said.other.join("; ")))
        };
        Ok(Used { statics: figure("memory:")?, stack: figure("stack:")?, flash })
    }
}
