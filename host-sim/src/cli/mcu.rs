//! Options of `mcu`.

use crate::mcu::{MACHINES, Machine, find};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

const ALL: &str = "all";

/// Options of `mcu`.
#[derive(Clone, Debug, Args)]
pub struct Mcu {
    /// Machines to run on, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = ALL, value_parser = names())]
    machine: Vec<String>,
    /// Print one JSON line a row instead of the table
    #[arg(long)]
    pub json: bool,
    /// Print the rows that a machine should print, and run nothing: for a board of your own
    #[arg(long, conflicts_with_all = ["machine", "json"])]
    pub rows: bool,
    /// Print what else the images say, decoded, to standard error
    #[arg(long)]
    pub log: bool,
    /// Build the images with one wrong kernel: the comparison must say so
    #[arg(long)]
    pub canary: bool,
    /// Measure instructions and bytes instead, and compare them with the committed ledger or put them into it
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["machine", "json", "rows", "canary"])]
    pub ledger: Option<Ledger>,
}

/// What to do with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ledger {
    /// Compare it with what is measured
    Check,
    /// Replace this compiler's column by what is measured
    Update,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new([ALL].into_iter().chain(MACHINES.iter().map(|machine| machine.name)))
}

impl Mcu {
    /// The machines, each once, in the order of the table.
    pub fn machines(&self) -> Vec<&'static Machine> {
        let asked =
            |machine: &&Machine| self.wants_all() || self.machine.iter().any(|name| name == machine.name);
        MACHINES.iter().filter(asked).collect()
    }

    /// Whether a machine may be skipped: not if it was asked for by name.
    pub fn wants_all(&self) -> bool {
        self.machine.iter().any(|name| find(name).is_none())
    }
}
