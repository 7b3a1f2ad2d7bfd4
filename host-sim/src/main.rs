//! `flatmin-sim`: see `--help`.
fn main() {}
