//! What the cross-crate tests share: the tolerance table, a device that hides its values, every method on a small
//! problem, and the simulator's test problems, comparators and kernels on any backend.

pub mod device;
pub mod tolerance;
pub mod trial;

pub use flatmin_sim::parity::{self, compare, problems};

use std::io::Write;

/// Says what a suite did (`ran: ...`, `skipped: ...`), past the capture of the test harness: a skipped suite must show.
pub fn say(line: &str) {
    // A closed stderr is no reason to fail a test.
    let _ = writeln!(std::io::stderr(), "{line}");
}
