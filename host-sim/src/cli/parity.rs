//! Options of `parity`.

use super::range;
use crate::parity::{KERNELS, Plan, backends};
use clap::Args;
use clap::builder::PossibleValuesParser;

/// Which backends are compared with the reference, and on what.
#[derive(Clone, Debug, Args)]
pub struct Parity {
    /// Backends to compare with portable; the default is every one that is there
    #[arg(long, value_delimiter = ',', value_name = "LIST", value_parser = PossibleValuesParser::new(backends::NAMES))]
    backends: Vec<String>,
    /// Seed of the data, the noise and the coins
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Elements of a vector that a kernel is given
    #[arg(long, value_name = "N", default_value = "100003", value_parser = range::elements)]
    len: usize,
    /// Steps of a training run whose drift is measured
    #[arg(long, value_name = "T", default_value = "100", value_parser = range::steps)]
    steps: u32,
    /// Leave kernels that come before this one in the alphabet to the CPU: to find the one that differs
    #[arg(long, value_name = "KERNEL", value_parser = PossibleValuesParser::new(KERNELS))]
    gpu_from: Option<String>,
    /// Print one JSON line a comparison instead of the table
    #[arg(long)]
    pub json: bool,
}

impl Parity {
    /// Whether this backend was asked for by name.
    pub fn names(&self, name: &str) -> bool {
        self.backends.iter().any(|asked| asked == name) || (self.gpu_from.is_some() && name == "gpu")
    }

    /// What is asked for.
    pub fn plan(&self) -> Plan {
        let all = self.backends.is_empty() && self.gpu_from.is_none();
        let asked = |name: &&&str| all || self.names(name);
        let kernel = |name: &String| KERNELS.iter().find(|known| *known == name).copied();
        Plan {
            backends: backends::NAMES.iter().filter(asked).copied().collect(),
            seed: self.seed,
            len: self.len,
            steps: self.steps,
            gpu_from: self.gpu_from.as_ref().and_then(kernel),
        }
    }
}
