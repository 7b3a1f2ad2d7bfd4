//! What the cross-crate tests share: the tolerance table, test problems, comparators, every kernel on any backend,
//! every method on a small problem.

pub mod compare;
pub mod device;
pub mod parity;
pub mod problems;
pub mod tolerance;
pub mod trial;

use std::io::Write;

/// Says what a suite did (`ran: ...`, `skipped: ...`), past the capture of the test harness: a skipped suite must show.
pub fn say(line: &str) {
    // A closed stderr is no reason to fail a test.
    let _ = writeln!(std::io::stderr(), "{line}");
}
