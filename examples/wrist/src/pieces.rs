//! Work in pieces, so that whoever feeds the watchdog comes around in time.

use flatmin::drive::{Deadline, Piece};
use flatmin::rng::TILE;

/// A loop that work in pieces runs in.
pub trait Turns {
    /// Calls `piece` until it leaves no work.
    fn finish<P: Piece>(&mut self, piece: impl FnMut() -> P) -> P;

    /// A piece that has no parts is over.
    fn rest(&mut self);

    /// What was counted so far, in the units of a clock that wraps around.
    fn now(&mut self) -> u32;

    /// Does what belongs to no firmware (a line of output, a hash) outside of the count.
    fn aside<R>(&mut self, work: impl FnOnce() -> R) -> R;
}

/// How large pieces of work are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain {
    /// Parameters of a piece of a kernel.
    pub slice: usize,
    /// Units of a piece of an evaluation.
    pub units: usize,
}

impl Grain {
    /// The smallest that cost nothing: a tile of noise, a row of a layer.
    pub const FINE: Self = Self { slice: TILE, units: 1 };
    /// No pieces at all.
    pub const WHOLE: Self = Self { slice: usize::MAX, units: usize::MAX };
}

/// No watchdog and no clock: a computer.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Turns for Unwatched {
    fn finish<P: Piece>(&mut self, mut piece: impl FnMut() -> P) -> P {
        loop {
            let answer = piece();
            if !answer.is_pending() {
                return answer;
            }
        }
    }

    fn rest(&mut self) {}

    fn now(&mut self) -> u32 {
        0
    }

    fn aside<R>(&mut self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// Ten milliseconds at 64 MHz, in instructions.
pub const WATCHDOG: u32 = 640_000;
/// What a turn of the firmware's loop takes, if its pieces are shorter.
const WINDOW: u32 = WATCHDOG / 2;

/// A watchdog that is fed after every turn, and remembers whether it would have bitten.
///
/// It is simulated: `clock` counts instructions (on a board, the ticks of any counter), and `feed` may feed a real one.
#[derive(Debug)]
pub struct Watched<C, F> {
    deadline: Deadline<C>,
    clock: C,
    feed: F,
    fed: u32,
    /// Counts that were not the firmware's.
    aside: u32,
    longest: u32,
}

impl<C: FnMut() -> u32 + Copy, F: FnMut()> Watched<C, F> {
    /// A watchdog that was fed just now.
    pub fn new(clock: C, feed: F) -> Self {
        let fed = { clock }();
        Self { deadline: Deadline::new(clock, WINDOW), clock, feed, fed, aside: 0, longest: 0 }
    }

    /// The longest time between two feeds.
    pub const fn longest(&self) -> u32 {
        self.longest
    }

    /// The longest piece of those that are parts of something.
    pub const fn longest_part(&self) -> u32 {
        self.deadline.longest()
    }

    /// Whether the watchdog would have bitten.
    pub const fn has_bitten(&self) -> bool {
        self.longest > WATCHDOG
    }
}

impl<C: FnMut() -> u32 + Copy, F: FnMut()> Turns for Watched<C, F> {
    fn finish<P: Piece>(&mut self, mut piece: impl FnMut() -> P) -> P {
        loop {
            let answer = self.deadline.run(&mut piece);
            self.rest();
            if !answer.is_pending() {
                return answer;
            }
        }
    }

    #[inline(never)]
    fn rest(&mut self) {
        let now = (self.clock)();
        self.longest = self.longest.max(now.wrapping_sub(self.fed));
        (self.feed)();
        self.fed = now;
    }

    fn now(&mut self) -> u32 {
        (self.clock)().wrapping_sub(self.aside)
    }

    fn aside<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.rest();
        let result = work();
        let now = (self.clock)();
        self.aside = self.aside.wrapping_add(now.wrapping_sub(self.fed));
        self.fed = now;
        result
    }
}
