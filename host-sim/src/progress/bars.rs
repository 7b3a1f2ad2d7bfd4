//! Progress as bars.

use crate::finetune::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

const RUNNING: &str = "{msg:32!} {bar:40} {done:>5} of {all:<5} {elapsed} elapsed, {eta} left";
const DONE: &str = "{msg:32!} {all} done in {elapsed}";
/// Parts of a unit that a bar counts, so that it moves within a unit too.
const PARTS: u64 = 1000;

/// One bar for each piece of work; a finished one leaves a line.
#[derive(Debug, Default)]
pub struct Bars {
    screen: MultiProgress,
    open: Mutex<Vec<ProgressBar>>,
}

impl Bars {
    /// No bar yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn open<T>(&self, act: impl FnOnce(&mut Vec<ProgressBar>) -> T) -> T {
        act(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A template that indicatif refuses falls back to its own.
fn style(template: &str) -> ProgressStyle {
    let units = |parts: u64, to: &mut dyn Write| {
        // It goes to a string.
        let _ = write!(to, "{}", parts / PARTS);
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("done", move |state: &ProgressState, to: &mut dyn Write| units(state.pos(), to))
        .with_key("all", move |state: &ProgressState, to: &mut dyn Write| {
            units(state.len().unwrap_or_default(), to);
        })
}

impl Progress for Bars {
    fn begin(&self, what: &str, total: u64) {
        let bar = self.screen.add(ProgressBar::new(total.saturating_mul(PARTS)).with_style(style(RUNNING)));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        self.open(|open| open.push(bar));
    }

    fn advance(&self) {
        self.open(|open| {
            if let Some(bar) = open.last() {
                bar.set_position((bar.position() / PARTS + 1) * PARTS);
            }
        });
    }

    fn within(&self, done: u64, total: u64) {
        self.open(|open| {
            if let Some(bar) = open.last() {
                let parts = PARTS.saturating_mul(done).checked_div(total).unwrap_or(0).min(PARTS - 1);
                bar.set_position(bar.position() / PARTS * PARTS + parts);
            }
        });
    }

    fn end(&self) {
        if let Some(bar) = self.open(Vec::pop) {
            bar.set_style(style(DONE));
            bar.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicatif_accepts_the_templates() {
        assert!([RUNNING, DONE].iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    fn positions(bars: &Bars) -> Vec<u64> {
        bars.open(|open| open.iter().map(ProgressBar::position).collect())
    }

    #[test]
    fn a_bar_moves_within_a_unit_and_never_past_it() {
        let bars = Bars::new();
        bars.begin("epochs", 3);
        let mut seen = Vec::new();
        for done in [1, 2, 3, 4] {
            bars.within(done, 3);
            seen.extend(positions(&bars));
        }
        bars.advance();
        seen.extend(positions(&bars));
        bars.within(1, 2);
        seen.extend(positions(&bars));
        bars.within(1, 0);
        seen.extend(positions(&bars));
        assert_eq!(seen, [333, 666, 999, 999, 1000, 1500, 1000]);
    }

    #[test]
    fn work_may_hold_work_and_ends_are_forgiven() {
        let bars = Bars::new();
        bars.begin("outer", 2);
        bars.begin("inner", 1);
        bars.advance();
        bars.end();
        bars.advance();
        assert_eq!(positions(&bars), [PARTS]);
        bars.end();
        bars.end();
        bars.advance();
    }
}
