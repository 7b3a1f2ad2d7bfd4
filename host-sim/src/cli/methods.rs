//! Options of `methods`.

use crate::report::methods::Layout;
use clap::Args;

/// What is shown of the registry.
#[derive(Debug, Args)]
pub struct Methods {
    /// Trainable weights of the network that memory is counted for; the default is the wrist network
    #[arg(long, value_name = "N", default_value_t = Layout::WRIST.params)]
    params: usize,
    /// Filters of that network: one for each output of a weight matrix and one for each bias vector
    #[arg(long, value_name = "F", default_value_t = Layout::WRIST.filters)]
    filters: usize,
    /// The table as it stands in README.md
    #[arg(long, conflicts_with_all = ["params", "filters"])]
    pub markdown: bool,
}

impl Methods {
    /// The network that memory is counted for.
    pub fn layout(&self) -> Layout {
        Layout { params: self.params, filters: self.filters }
    }
}
