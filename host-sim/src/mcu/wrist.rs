//! The session of `flatmin-wrist` on this machine.

use super::emulate::add;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use flatmin::backend::Isa;
use flatmin_parity::Row;
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::personalise::Grain;
use flatmin_wrist::pieces::Unwatched;
use flatmin_wrist::report::{self, Event, Report};
use flatmin_wrist::session::{self, Board};
use std::convert::Infallible;

/// The image that runs it on a machine.
pub(super) const IMAGE: &str = "wrist";

/// Rows as machines print them.
struct Rows(Vec<Row>);

impl Report for Rows {
    fn row(&mut self, row: report::Row) {
        let row = row.to_string().parse();
        let row = row.expect("a session's rows are printed as they are read");
        add(&mut self.0, row).expect("a session has no more steps than a row has hashes");
    }

    fn event(&mut self, _: Event) {}
}

/// A board of which nothing is wanted.
struct Nothing;

impl DelayNs for Nothing {
    fn delay_ns(&mut self, _: u32) {}
}

impl ErrorType for Nothing {
    type Error = Infallible;
}

impl OutputPin for Nothing {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The rows of a session on a backend of this machine.
///
/// # Panics
/// If the session stops, or its checkpoint is not read back: nothing on a host makes it.
pub(super) fn rows<B: Isa>(backend: B) -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    let (mut flash, mut memory) = (RamFlash::NEW, Box::new(Memory::NEW));
    let board =
        Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns: &mut Unwatched, report: &mut rows };
    let result = session::run(board, backend, &mut memory, Grain::WHOLE);
    assert!(result.expect("a session on the host ends").stored, "a checkpoint in RAM is read back");
    rows.0
}
