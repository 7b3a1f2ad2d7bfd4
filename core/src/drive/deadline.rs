//! As many pieces of work as fit into a window of time.

use crate::backend::Progress;
use core::task::Poll;

/// What a piece of work answers: whether some is left.
pub trait Piece {
    /// Whether to call again.
    fn is_pending(&self) -> bool;
}

impl Piece for Progress {
    fn is_pending(&self) -> bool {
        *self == Self::Pending
    }
}

impl<T> Piece for Poll<T> {
    fn is_pending(&self) -> bool {
        self.is_pending()
    }
}

/// An error ends the work.
impl<P: Piece, E> Piece for Result<P, E> {
    fn is_pending(&self) -> bool {
        self.as_ref().is_ok_and(Piece::is_pending)
    }
}

/// Runs pieces while there is time for another one as long as the longest so far: the adapter between work in pieces
/// ([`Sliced`](crate::backend::Sliced), [`Evaluation`](crate::nn::Evaluation), a checkpoint) and a loop that must come
/// around in time.
///
/// The clock is any function that returns the ticks of a counter that runs up and wraps around at 2^32: a timer's
/// register, or `DWT.CYCCNT`. One piece runs in any case, or nothing would ever end; a window must be longer than
/// the longest piece for the deadline to hold, and [`longest`](Self::longest) tells.
///
/// ```
/// use flatmin::{backend::{Portable, Progress, Sliced}, drive::Deadline, method::Clock, methods::Plain, optimizers::Sgd};
/// # let mut ticks = 0;
/// # let timer = move || { ticks += 40; ticks };
/// let mut deadline = Deadline::new(timer, 500);
/// let mut sliced = Sliced::new(Portable, 64);
/// let (mut w, mut method) = ([1.0; 100], Plain::new(Sgd::new()));
/// let clock = Clock { step: 0, total: 1, lr: 0.1 };
/// // One turn of the firmware's loop:
/// match deadline.run(|| sliced.begin(&mut method, &mut w, &clock))? {
///     Progress::Pending => { /* the same call in the next turn */ }
///     Progress::Ready(next) => { /* what the method wants */ }
/// }
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deadline<T> {
    now: T,
    window: u32,
    /// When the last piece ended.
    ended: u32,
    longest: u32,
}

impl<T: FnMut() -> u32> Deadline<T> {
    /// Windows of `window` ticks of `now`.
    pub const fn new(now: T, window: u32) -> Self {
        Self { now, window, ended: 0, longest: 0 }
    }

    /// Ticks of the longest piece so far.
    pub const fn longest(&self) -> u32 {
        self.longest
    }

    /// Calls `piece` until it leaves no work, or another one might not end in this window, which opens now.
    pub fn run<P: Piece>(&mut self, mut piece: impl FnMut() -> P) -> P {
        let opened = (self.now)();
        self.ended = opened;
        loop {
            let answer = piece();
            if !self.fits_another(opened) || !answer.is_pending() {
                return answer;
            }
        }
    }

    /// Takes note of a piece that ended just now; whether another one fits into the window.
    // Once for all kinds of pieces where code must be small.
    #[cfg_attr(flatmin_small, inline(never))]
    fn fits_another(&mut self, opened: u32) -> bool {
        let now = (self.now)();
        self.longest = self.longest.max(now.wrapping_sub(self.ended));
        self.ended = now;
        let next_end = now.wrapping_sub(opened).checked_add(self.longest);
        next_end.is_some_and(|end| end <= self.window)
    }
}
