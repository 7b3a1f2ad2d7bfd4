//! A fine-tuning run as an image of its own: its flash weighed, its static memory, its stack painted, a step counted.

use super::build;
use super::{Error, Machine, Variant, emulate};
use crate::finetune::Scope;
use crate::model::Trained;
use crate::report::label;
use object::{Object, ObjectSection};
use std::fmt;
use std::path::Path;

/// Instructions a tick of the timer that the image reads: 25 MHz with `-icount shift=0`.
const PER_TICK: u64 = 40;

/// What a run trains, and how; methods, optimizers and averages by their names in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The network.
    pub net: Trained,
    /// What of it trains.
    pub scope: Scope,
    /// The method.
    pub method: &'static str,
    /// The base optimizer.
    pub optimizer: &'static str,
    /// The average, if there is one.
    pub average: Option<&'static str>,
}

/// What was measured of a run on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of stack, worst case of a step.
    pub stack: u64,
    /// Bytes of code and constants, without start-up code and factory weights.
    pub flash: u64,
    /// Bytes of static memory.
    pub statics: u64,
    /// Instructions of a step on the smallest mini-batch: a sample for each part of it that the method asks for.
    pub step: u64,
    /// Instructions of a sample more, where they were counted.
    pub sample: Option<u64>,
}

impl Run {
    /// As the image's build script wants it.
    fn words(&self) -> String {
        let average = self.average.unwrap_or("none");
        let scope = label::scope(self.scope);
        format!("{} {scope} {} {} {average}", self.net.name(), self.method, self.optimizer)
    }

    /// Samples of the smallest mini-batch.
    pub fn smallest_batch(&self) -> u64 {
        if self.method.starts_with("lpf_sgd") { 4 } else { 1 }
    }

    /// Gradients of a whole mini-batch in a step whose gate is open.
    pub fn gradients(&self) -> u64 {
        if matches!(self.method, "sam" | "rst") { 2 } else { 1 }
    }

    /// The runs whose figures are kept in the ledger.
    pub fn kept() -> Vec<Self> {
        const METHODS: [&str; 4] = ["plain", "sam", "rst", "lpf_sgd"];
        let of = |net, scope, optimizer, average| {
            METHODS.map(|method| Self { net, scope, method, optimizer, average })
        };
        use Trained::{Digits, Fmnist, Wrist};
        let residual =
            |scope| Self { net: Wrist, scope, method: "lpf_sgd_residual", optimizer: "sgd", average: None };
        [
            of(Wrist, Scope::All, "sgd", None),
            of(Wrist, Scope::All, "adam", None),
            of(Wrist, Scope::All, "sgd", Some("swa")),
            of(Wrist, Scope::Last, "sgd", None),
            of(Wrist, Scope::Bias, "sgd", None),
            of(Digits, Scope::All, "sgd", None),
            of(Digits, Scope::All, "adam", None),
            of(Fmnist, Scope::All, "sgd", None),
        ]
        .concat()
        .into_iter()
        .chain([Scope::All, Scope::Last].map(residual))
        .collect()
    }

    /// Builds its image for a machine, weighs it and runs it.
    ///
    /// # Errors
    /// [`Error::Missing`] without compiler or emulator; whatever keeps the image from being built or run.
    pub fn measure(&self, machine: &Machine) -> Result<Measured, Error> {
        let asked = ("FLATMIN_RUN", self.words());
        let image = build::build("tests/flash", machine.target, "run", "s", Variant::True, &[asked])?;
        let [flash, statics] = [FLASH, STATICS].map(|sections| weigh(&image.path(), sections));
        let said = emulate::run(machine, &image)?;
        let figure = |name: &str| {
            let line = said.other.iter().find_map(|line| line.strip_prefix(name));
            line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        };
        let broken = || Error::Broken(said.other.join("; "));
        Ok(Measured {
            stack: figure("stack ").ok_or_else(broken)?,
            flash: flash?,
            statics: statics?,
            step: PER_TICK * figure("step ").ok_or_else(broken)?,
            sample: figure("more ").map(|ticks| PER_TICK * ticks),
        })
    }
}

/// Its name in the ledger, such as `wrist:all:sam+sgd+swa`.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}+{}", self.net.name(), label::scope(self.scope), self.method, self.optimizer)?;
        self.average.map_or(Ok(()), |average| write!(f, "+{average}"))
    }
}

/// Sections that take flash.
pub(super) const FLASH: &[&str] = &[".text", ".rodata", ".data"];
/// Sections that take RAM before anything runs.
const STATICS: &[&str] = &[".bss", ".data"];

/// Bytes of an image in sections whose names begin like these.
pub(super) fn weigh(path: &Path, sections: &[&str]) -> Result<u64, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let image = object::File::parse(&*bytes)
        .map_err(|error| Error::Ledger(format!("{}: {error}", path.display())))?;
    let kept = |section: &object::Section<'_, '_>| {
        section.name().is_ok_and(|name| sections.iter().any(|kept| name.starts_with(kept)))
    };
    Ok(image.sections().filter(kept).map(|section| section.size()).sum())
}
