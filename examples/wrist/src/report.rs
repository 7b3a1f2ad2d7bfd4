//! What a session says on its way.

use crate::pieces::Turns;
use core::fmt;
use flatmin::tune::{Outcome, Score};

/// Takes what a session says. It is called outside of what is counted.
pub trait Report {
    /// Whether anybody listens. Where not, nothing is computed that would only be said.
    const HEARD: bool = true;
    /// Something that another machine must compute too.
    fn row(&mut self, row: Row);
    /// Something that people want to know.
    fn event(&mut self, event: Event);
}

/// Says something outside of what `turns` counts; see [`Report::HEARD`].
pub(crate) fn tell<R: Report>(turns: &mut impl Turns, report: &mut R, say: impl FnOnce(&mut R)) {
    if R::HEARD {
        turns.aside(|| say(report));
    }
}

/// One step, or one result: a hash to compare machines by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which run; the steps of a run come one after the other.
    pub name: &'static str,
    /// What the clock counted.
    pub ticks: u32,
    /// The hash of weights and method state after the step, or of the result.
    pub hash: u32,
}

/// As `flatmin-parity` prints its rows.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} {} {:08x}", self.name, self.ticks, self.hash)
    }
}

/// What people want to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// What a session that looked for confirmed weights begins with.
    Begun {
        /// Whether there were some that fit.
        confirmed: bool,
    },
    /// The recording is measured.
    Collected {
        /// Windows that were labelled and kept.
        labelled: usize,
        /// Windows for the test.
        tested: u32,
    },
    /// An epoch of a run is over.
    Epoch {
        /// Which run.
        run: &'static str,
        /// Epochs done.
        epoch: u32,
        /// The mean loss of its steps.
        loss: f32,
        /// Steps that were dropped because something was not finite.
        refused: u32,
    },
    /// How far labels are believed.
    Trust {
        /// The least.
        least: f32,
        /// The most.
        most: f32,
    },
    /// Right answers.
    Score {
        /// Of which samples, with which weights.
        of: &'static str,
        /// How many.
        score: Score,
    },
    /// What the guard decided; nothing without one.
    Decided(Option<Outcome>),
    /// Whether a checkpoint was read back bit for bit, on trial and after its confirmation.
    Stored(bool),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun { confirmed } => f.write_str(begun(*confirmed)),
            Self::Collected { labelled, tested } => {
                write!(f, "{labelled} labelled windows, {tested} for the test")
            }
            Self::Epoch { run, epoch, loss, refused } => {
                write!(f, "{run}: epoch {epoch}, loss {loss:.4}, {refused} steps refused")
            }
            Self::Trust { least, most } => write!(f, "trust from {least:.3} to {most:.3}"),
            Self::Score { of, score } => write!(f, "{of}: {} of {} right", score.right, score.total),
            Self::Decided(None) => f.write_str("no guard: the last weights are kept"),
            Self::Decided(Some(outcome)) => outcome.fmt(f),
            Self::Stored(true) => f.write_str("checkpoint: written, tried, confirmed, read back bit for bit"),
            Self::Stored(false) => f.write_str("checkpoint: what was read is not what was written"),
        }
    }
}

const fn begun(confirmed: bool) -> &'static str {
    if confirmed {
        "confirmed weights are in flash: they answer, nothing is trained"
    } else {
        "no confirmed weights in flash that fit: from the shipped ones"
    }
}

/// Says everything as lines of text. A line that `W` refuses is lost: a session does not stop for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<W>(pub W);

impl<W: fmt::Write> Report for Text<W> {
    fn row(&mut self, row: Row) {
        let _ = writeln!(self.0, "{row}");
    }

    fn event(&mut self, event: Event) {
        let _ = writeln!(self.0, "{event}");
    }
}

/// Says everything through `defmt`, whose texts stay on the host; nothing with `FLATMIN_LOG=off`.
#[cfg(feature = "defmt")]
#[derive(Clone, Copy, Debug)]
pub struct Defmt;

/// `defmt::println!`, or nothing with `FLATMIN_LOG=off`: then no text and no transport is in the image.
#[cfg(feature = "defmt")]
#[macro_export]
macro_rules! say {
    ($($what:tt)*) => {
        if $crate::choice::LOG {
            defmt::println!($($what)*);
        }
    };
}

#[cfg(feature = "defmt")]
impl Report for Defmt {
    const HEARD: bool = crate::choice::LOG;

    fn row(&mut self, Row { name, ticks, hash }: Row) {
        say!("row {=str} {=u32} {=u32:08x}", name, ticks, hash);
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Begun { confirmed } => say!("{=str}", begun(confirmed)),
            Event::Collected { labelled, tested } => {
                say!("{=usize} labelled windows, {=u32} for the test", labelled, tested);
            }
            Event::Epoch { run, epoch, loss, refused } => {
                say!("{=str}: epoch {=u32}, loss {=f32}, {=u32} steps refused", run, epoch, loss, refused);
            }
            Event::Trust { least, most } => say!("trust from {=f32} to {=f32}", least, most),
            Event::Score { of, score: Score { right, total, .. } } => {
                say!("{=str}: {=u32} of {=u32} right", of, right, total);
            }
            Event::Decided(None) => say!("no guard: the last weights are kept"),
            Event::Decided(Some(Outcome::Kept { epoch })) => {
                say!("the weights of epoch {=u32} were kept", epoch);
            }
            Event::Decided(Some(Outcome::RolledBack)) => {
                say!("nothing beat the factory weights, which were put back");
            }
            Event::Stored(true) => {
                say!("checkpoint: written, tried, confirmed, read back bit for bit");
            }
            Event::Stored(false) => say!("checkpoint: what was read is not what was written"),
        }
    }
}
