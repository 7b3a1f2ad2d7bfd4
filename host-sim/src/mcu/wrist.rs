//! The session of `flatmin-wrist` on this machine.

use super::emulate::Said;
use flatmin::backend::Isa;
use flatmin_parity::Row;
use flatmin_wrist::board::{Board, Nothing};
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::pieces::{Grain, Unwatched};
use flatmin_wrist::report::Text;
use flatmin_wrist::session::{self, Start};

/// The image that runs it on a machine.
pub(super) const IMAGE: &str = "wrist";

/// The rows of a session on a backend of this machine.
///
/// # Panics
/// If the session stops, or its checkpoint is not read back: nothing on a host makes it.
pub(super) fn rows<B: Isa>(backend: B) -> Vec<Row> {
    let mut said = Text(String::new());
    let (mut flash, mut memory) = (RamFlash::NEW, Box::new(Memory::NEW));
    let board =
        Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns: &mut Unwatched, report: &mut said };
    let result = session::run(board, backend, &mut memory, Grain::WHOLE, Start::Confirmed);
    assert!(result.expect("a session on the host ends").stored, "a checkpoint in RAM is read back");
    Said::read(&said.0).expect("what a session says is read as what a machine says").rows
}
