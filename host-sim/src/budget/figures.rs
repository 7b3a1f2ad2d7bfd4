//! Figures of the committed ledger, which this program carries.
//!
//! Two kinds of images are in it: a training step alone, one image a [`Run`], and two whole sessions of `examples/wrist`.
//! Whatever has no image of its own is put together from those that have one, and marked as an estimate.

use super::Place;
use super::chip::Core;
use crate::finetune::{Guard, Scope};
use crate::mcu::Run;
use crate::mcu::ledger::{Columns, Ledger};
use crate::model::Trained;

/// The ledger as it was when this program was built.
const LEDGER: &str = include_str!("../../data/ledger.json");

/// Measured bytes, as far as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Of an image of exactly this.
    Measured(u64),
    /// Put together from other images.
    Estimate(u64),
    /// Nothing like it was measured.
    Unknown,
}

impl Figure {
    /// The bytes, if there are any.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Measured(bytes) | Self::Estimate(bytes) => Some(bytes),
            Self::Unknown => None,
        }
    }

    fn estimate(bytes: Option<u64>) -> Self {
        bytes.map_or(Self::Unknown, Self::Estimate)
    }
}

/// What of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Worst-case stack.
    Stack,
    /// Code and constants.
    Flash,
}

impl Kind {
    /// The first word of its rows.
    const fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Flash => "flash",
        }
    }
}

/// A session of `examples/wrist`: driver, collection, training, guard, checkpoints, storage, log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who decides what is kept.
    pub guard: Guard,
    /// Where the labelled samples lie.
    pub samples: Place,
    /// Where the mean or the best weights of an epoch lie.
    pub epochs: Place,
}

/// A session whose image is in the ledger, under the guard `trust`.
struct Known {
    /// The end of its rows' names.
    name: &'static str,
    /// Where it keeps samples and epochs.
    place: Place,
    /// Its training step.
    run: Run,
}

/// Everything in RAM, and everything in flash.
const KNOWN: [Known; 2] = [
    Known { name: "wrist", place: Place::Ram, run: known("lpf_sgd") },
    Known { name: "wrist-small", place: Place::Flash, run: known("lpf_sgd_residual") },
];

const fn known(method: &'static str) -> Run {
    Run { net: Trained::Wrist, scope: Scope::All, method, optimizer: "sgd", average: Some("swa") }
}

/// Of a session that keeps things in flash and whose image was not weighed: what storing there adds to the flash of the one
/// that does not, at most. Its share was 4 %.
const IN_FLASH: (u64, u64) = (1, 20);

/// What a smaller training step saves of a session: a part of it only, since the session has the same kernels and sums for
/// other reasons, and a schedule without a cosine.
const SAVED: (u64, u64) = (1, 2);

impl Session {
    /// The known session that is like it: in RAM only if everything is.
    fn like(self) -> &'static Known {
        let [ram, flash] = &KNOWN;
        if [self.samples, self.epochs] == [Place::Ram; 2] { ram } else { flash }
    }

    /// Whether an image of it with this run is known.
    fn is(self, known: &Known, run: &Run) -> bool {
        self.guard == Guard::Trust && [self.samples, self.epochs] == [known.place; 2] && *run == known.run
    }
}

/// One compiler's figures.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The compiler.
    pub compiler: String,
    columns: Columns,
}

impl Figures {
    /// Those of the newest compiler in the ledger that this program carries.
    ///
    /// # Errors
    /// When the program was built from a broken ledger.
    pub fn carried() -> Result<Self, serde_json::Error> {
        let mut ledger: Ledger = serde_json::from_str(LEDGER)?;
        let (compiler, columns) = ledger.pop_last().unwrap_or_default();
        Ok(Self { compiler, columns })
    }

    /// These.
    pub fn new(compiler: String, columns: Columns) -> Self {
        Self { compiler, columns }
    }

    /// A row as it is in the ledger.
    pub fn row(&self, core: Core, name: &str) -> Option<u64> {
        self.columns.get(core.machine())?.get(name).copied()
    }

    /// The figure of a run, if it was measured itself.
    pub fn exact(&self, kind: &str, core: Core, run: &Run) -> Option<u64> {
        self.row(core, &format!("{kind}:{run}"))
    }

    /// The figure of a training step alone.
    pub fn step(&self, kind: Kind, core: Core, run: &Run) -> Figure {
        match self.exact(kind.name(), core, run) {
            Some(bytes) => Figure::Measured(bytes),
            None => Figure::estimate(self.composed(kind, core, run)),
        }
    }

    /// The figure of a whole session around a run.
    pub fn session(&self, kind: Kind, core: Core, run: &Run, session: Session) -> Figure {
        let like = session.like();
        let own = self.row(core, &format!("{}:{}", kind.name(), like.name));
        if let Some(bytes) = own.filter(|_| session.is(like, run)) {
            return Figure::Measured(bytes);
        }
        Figure::estimate(match kind {
            Kind::Stack => self.session_stack(core, run, like, own),
            Kind::Flash => self.session_flash(core, run, like, own),
        })
    }

    /// A session's stack is deepest where a checkpoint is saved, whatever the method, unless its step is deeper still. Of a
    /// core whose session was not measured: that of another core, by the stacks of the same step on both.
    fn session_stack(&self, core: Core, run: &Run, like: &Known, own: Option<u64>) -> Option<u64> {
        let step = |core, run: &Run| self.step(Kind::Stack, core, run).bytes();
        let from = |other: Core| {
            let there = self.row(other, &format!("stack:{}", like.name))?;
            Some((there * step(core, &like.run)?).div_ceil(step(other, &like.run)?.max(1)))
        };
        let saving = own.or_else(|| Core::ALL.into_iter().find_map(from))?;
        Some(saving.max(step(core, run)?))
    }

    /// A session's flash is that of the known one, with all that a larger step adds, or less [`SAVED`] of what a smaller one
    /// does not take.
    fn session_flash(&self, core: Core, run: &Run, like: &Known, own: Option<u64>) -> Option<u64> {
        let step = |run: &Run| self.step(Kind::Flash, core, run).bytes();
        let known = match own {
            Some(bytes) => bytes,
            None => {
                let [ram, _] = &KNOWN;
                let bytes = self.row(core, &format!("flash:{}", ram.name))?;
                let more = step(&like.run)?.saturating_sub(step(&ram.run)?);
                bytes + more + (bytes * IN_FLASH.0).div_ceil(IN_FLASH.1)
            }
        };
        let (here, there) = (step(run)?, step(&like.run)?);
        let saved = there.saturating_sub(here) * SAVED.0 / SAVED.1;
        Some((known + here.saturating_sub(there)).saturating_sub(saved))
    }

    /// The bytes of a run that differs from a measured one in parts that were measured elsewhere: each part counts with the
    /// most that it costs anywhere.
    fn composed(&self, kind: Kind, core: Core, run: &Run) -> Option<u64> {
        let without = |part: Part| {
            let simpler = part.removed(run)?;
            let rest =
                self.exact(kind.name(), core, &simpler).or_else(|| self.composed(kind, core, &simpler))?;
            Some(rest + self.most(kind, core, part)?)
        };
        Part::ALL.into_iter().find_map(without)
    }

    /// The most that a part costs on a core: over all pairs of measured runs that differ in it only.
    fn most(&self, kind: Kind, core: Core, part: Part) -> Option<u64> {
        if part == Part::Scope {
            // Frozen layers take no more code, and no more stack, than layers that train.
            return Some(0);
        }
        let cost = |run: Run| {
            let simpler = part.removed(&run)?;
            let [with, without] = [&run, &simpler].map(|run| self.exact(kind.name(), core, run));
            Some(with?.saturating_sub(without?))
        };
        Run::kept().into_iter().filter_map(cost).max()
    }
}

/// A respect in which a run may differ from a measured one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// An average beside the method.
    Average,
    /// Another optimizer than SGD.
    Optimizer,
    /// A residual instead of a copy of the weights.
    Residual,
    /// A part of the network that trains.
    Scope,
}

impl Part {
    /// In the order in which they are taken away: what is measured best first.
    const ALL: [Self; 4] = [Self::Average, Self::Optimizer, Self::Residual, Self::Scope];

    /// The run without it; none if it has none of it.
    fn removed(self, run: &Run) -> Option<Run> {
        let run = *run;
        match self {
            Self::Average => run.average.map(|_| Run { average: None, ..run }),
            Self::Optimizer => (run.optimizer != "sgd").then_some(Run { optimizer: "sgd", ..run }),
            Self::Residual => (run.method == "lpf_sgd_residual").then_some(Run { method: "lpf_sgd", ..run }),
            Self::Scope => (run.scope != Scope::All).then_some(Run { scope: Scope::All, ..run }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of a run but those in `but`.
    fn without(but: &[Run]) -> Figures {
        let mut figures = Figures::carried().unwrap();
        for column in figures.columns.values_mut() {
            column.retain(|name, _| !but.iter().any(|run| name.ends_with(&format!(":{run}"))));
        }
        figures
    }

    #[test]
    fn what_is_put_together_of_parts_is_close_to_what_was_measured() {
        let all = Figures::carried().unwrap();
        let mut tried = 0;
        for run in Run::kept() {
            let figures = without(&[run]);
            for (core, kind) in
                Core::ALL.into_iter().flat_map(|core| [(core, Kind::Stack), (core, Kind::Flash)])
            {
                if !(run.average.is_some() || run.optimizer != "sgd") {
                    continue; // no part of it can be taken away
                }
                let Figure::Estimate(estimate) = figures.step(kind, core, &run) else { panic!("{run}") };
                let measured = all.exact(kind.name(), core, &run).unwrap();
                let off = estimate as f64 / measured as f64;
                assert!((0.95..1.15).contains(&off), "{kind:?} of {run}: {estimate}, {measured} measured");
                tried += 1;
            }
        }
        assert!(tried >= 4 * 4 * 2, "{tried}");
    }

    #[test]
    fn a_method_that_was_never_measured_is_unknown() {
        let gone: Vec<Run> =
            Run::kept().into_iter().filter(|run| run.method.starts_with("lpf_sgd")).collect();
        let figures = without(&gone);
        assert_eq!(figures.step(Kind::Flash, Core::M4f, &known("lpf_sgd_residual")), Figure::Unknown);
        let session = Session { guard: Guard::Loss, samples: Place::Ram, epochs: Place::Ram };
        let run = Run { net: Trained::Digits, ..known("lpf_sgd") };
        assert_eq!(figures.session(Kind::Stack, Core::M4f, &run, session), Figure::Unknown);
    }
}
