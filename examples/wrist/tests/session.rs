//! A whole session on the host.

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{ErrorType, OutputPin};
use flatmin::backend::Portable;
use flatmin_wrist::choice::Memory;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::personalise::Grain;
use flatmin_wrist::pieces::Unwatched;
use flatmin_wrist::report::{Event, Report, Row};
use flatmin_wrist::session::{self, Board};
use std::convert::Infallible;

#[derive(Default)]
struct Log {
    rows: Vec<Row>,
    said: Vec<String>,
}

impl Report for Log {
    fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    fn event(&mut self, event: Event) {
        self.said.push(event.to_string());
    }
}

struct NoDelay;
impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

#[derive(Default)]
struct Pin(u32);
impl ErrorType for Pin {
    type Error = Infallible;
}
impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0 += 1;
        Ok(())
    }
}

fn run(grain: Grain) -> (session::Result, Log, u32) {
    let (mut log, mut pin, mut flash) = (Log::default(), Pin::default(), RamFlash::NEW);
    let mut memory = Box::new(Memory::NEW);
    let board =
        Board { delay: NoDelay, pin: &mut pin, flash: &mut flash, turns: &mut Unwatched, report: &mut log };
    let result = session::run(board, Portable, &mut memory, grain);
    (result.unwrap(), log, pin.0)
}

#[test]
fn bits_do_not_depend_on_pieces() {
    let whole = run(Grain::WHOLE);
    println!("{}", whole.1.said.join("\n"));
    for (slice, units) in [(64, 1), (7, 3), (1000, 50)] {
        let cut = run(Grain { slice, units });
        assert_eq!(cut.1.rows, whole.1.rows, "slices of {slice}, {units} units");
        assert_eq!(cut.0, whole.0);
    }
}
