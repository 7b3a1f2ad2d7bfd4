//! Options of the smaller commands.

use clap::Args;
use std::path::PathBuf;

/// Options of `replay`.
#[derive(Clone, Debug, Args)]
pub struct Replay {
    /// Files in the format golden/1
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Options of `bench`.
#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// Print one JSON line a measurement instead of the table
    #[arg(long)]
    pub json: bool,
    /// Measure a GPU instead of the CPU, as a ratio to a buffer copy (needs the feature `gpu`): the first discrete one, or that
    /// whose name contains the environment variable WGPU_ADAPTER_NAME
    #[arg(long)]
    pub gpu: bool,
}

/// Options of `baselines`.
#[derive(Clone, Debug, Args)]
pub struct Baselines {
    /// Only rows whose name contains this; the default is every row
    #[arg(long, value_name = "NAME")]
    pub row: Option<String>,
}
