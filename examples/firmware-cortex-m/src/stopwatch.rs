//! Instructions, counted to the last one in the emulator.
//!
//! QEMU started with `-icount shift=0` lets one nanosecond pass with every instruction, so SysTick ticks once in 1e9 / f
//! of them. The position within a tick is found with a vernier: the counter is read every `PER_TICK - 1` instructions,
//! and the one time that two readings are equal, the first fell on the first instruction of a tick and the second on
//! the last. On a real board the result is a time and no instruction count.

use core::arch::asm;
use core::cell::Cell;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{Peripherals, SYST};
use flatmin_parity::Stopwatch;

/// Instructions a tick: SysTick of mps2-an505 runs at 20 MHz, that of the other MPS2 boards at 25 MHz.
const PER_TICK: u32 = if cfg!(flatmin_armv8m) { 50 } else { 40 };
/// The loop of the vernier without its `nop`s.
const LOOP: u32 = 6;

/// The system timer, running down from 2^24 - 1: enough for 671 million instructions at a time.
pub struct SysTick {
    /// What an empty piece of work takes.
    nothing: u64,
}

impl SysTick {
    /// Starts the timer; `None` if somebody has taken the peripherals before.
    pub fn start() -> Option<Self> {
        let mut timer = Peripherals::take()?.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(0x00ff_ffff);
        timer.clear_current();
        timer.enable_counter();
        let mut watch = Self { nothing: 0 };
        watch.nothing = watch.time(&mut || {});
        Some(watch)
    }
}

/// Instructions since the start, to the tick (40 of them, or 50), as a counter that wraps around at 2^32. It must be read
/// before SysTick has run down once: every 671 million instructions.
pub struct Instructions {
    timer: SYST,
    last: Cell<u32>,
    ticks: Cell<u32>,
}

impl Instructions {
    /// Starts the timer; `None` if somebody has taken the peripherals before.
    pub fn start() -> Option<Self> {
        let mut timer = Peripherals::take()?.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(0x00ff_ffff);
        timer.clear_current();
        timer.enable_counter();
        Some(Self { timer, last: Cell::new(0), ticks: Cell::new(0) })
    }

    /// The counter.
    #[inline(never)]
    pub fn now(&self) -> u32 {
        let _running = &self.timer;
        let position = SYST::get_current();
        let passed = self.last.replace(position).wrapping_sub(position) & 0x00ff_ffff;
        self.ticks.set(self.ticks.get().wrapping_add(passed));
        self.ticks.get().wrapping_mul(PER_TICK)
    }
}

/// Waits for a position that is known exactly: the counter there, and the readings that it took.
#[inline(never)]
fn position() -> (u32, u32) {
    let (now, readings): (u32, u32);
    // SAFETY: reads the counter and has no other effect.
    unsafe {
        asm!(
            "2:",
            "ldr {now}, [{counter}]",
            "adds {readings}, #1",
            "subs {passed}, {last}, {now}",
            "mov {last}, {now}",
            ".rept {nops}",
            "nop",
            ".endr",
            "cmp {passed}, #0",
            "bne 2b",
            counter = in(reg) &raw const (*SYST::PTR).cvr,
            now = out(reg) now,
            readings = inout(reg) 0_u32 => readings,
            last = inout(reg) u32::MAX => _,
            passed = out(reg) _,
            nops = const PER_TICK - 1 - LOOP,
            options(nostack, readonly),
        );
    }
    (now, readings)
}

impl Stopwatch for SysTick {
    fn time(&mut self, work: &mut dyn FnMut()) -> u64 {
        let (start, _) = position();
        work();
        let (end, readings) = position();
        let ticks = u64::from(start.wrapping_sub(end) & 0x00ff_ffff);
        let vernier = u64::from(readings * (PER_TICK - 1));
        (ticks * u64::from(PER_TICK)).saturating_sub(vernier).saturating_sub(self.nothing)
    }
}
