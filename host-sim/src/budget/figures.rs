//! Figures of the committed ledger, which this program carries.

use super::chip::Core;
use crate::finetune::Guard;
use crate::mcu::Run;
use crate::mcu::ledger::{Columns, Ledger};

/// The ledger as it was when this program was built.
const LEDGER: &str = include_str!("../../data/ledger.json");

/// The run of `examples/wrist`, under the guard `trust`.
const SESSION: &str = "wrist:all:lpf_sgd+sgd+swa";

/// Measured bytes, as far as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Of an image of this very run.
    Measured(u64),
    /// Of other images: the greatest of this network and method, or of this network.
    About(u64),
    /// Nothing like it was measured.
    Unknown,
}

impl Figure {
    /// The bytes, if there are any.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Measured(bytes) | Self::About(bytes) => Some(bytes),
            Self::Unknown => None,
        }
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

    /// The figure of a run, if it was measured itself.
    pub fn exact(&self, kind: &str, core: Core, run: &Run) -> Option<u64> {
        self.columns.get(core.machine())?.get(&format!("{kind}:{run}")).copied()
    }

    /// The figure of a run under a guard, or what comes closest. Images of the ledger have no guard, but for the
    /// session of `examples/wrist`, whose stack is that of a whole firmware.
    pub fn of(&self, kind: &str, core: Core, run: &Run, guard: Guard) -> Figure {
        if guard == Guard::Trust && run.to_string() == SESSION && kind == "stack" {
            let session = self.columns.get(core.machine()).and_then(|column| column.get("stack:wrist"));
            return session.map_or_else(|| self.nearest(kind, core, run), |bytes| Figure::Measured(*bytes));
        }
        match self.exact(kind, core, run) {
            Some(figure) if guard == Guard::Off => Figure::Measured(figure),
            _ => self.nearest(kind, core, run),
        }
    }

    /// The greatest figure of the same network and method, whatever else.
    fn nearest(&self, kind: &str, core: Core, run: &Run) -> Figure {
        let Some(column) = self.columns.get(core.machine()) else { return Figure::Unknown };
        let net = format!("{kind}:{}:", run.net.name());
        let method = format!(":{}+", run.method);
        let rows = column.iter().filter(|(name, _)| name.starts_with(&net) && name.contains(&method));
        rows.map(|(_, figure)| *figure).max().map_or(Figure::Unknown, Figure::About)
    }
}
