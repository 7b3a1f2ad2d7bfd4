//! Progress as bars.

use crate::finetune::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};

const RUNNING: &str = "{msg:32!} {bar:40} {pos:>5} of {len:<5} {elapsed} elapsed, {eta} left";
const DONE: &str = "{msg:32!} {len} done in {elapsed}";

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
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bars {
    fn begin(&self, what: &str, total: u64) {
        let bar = self.screen.add(ProgressBar::new(total).with_style(style(RUNNING)));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        self.open(|open| open.push(bar));
    }

    fn advance(&self) {
        self.open(|open| {
            if let Some(bar) = open.last() {
                bar.inc(1);
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

    #[test]
    fn work_may_hold_work_and_ends_are_forgiven() {
        let bars = Bars::new();
        bars.begin("outer", 2);
        bars.begin("inner", 1);
        bars.advance();
        bars.end();
        bars.advance();
        assert_eq!(bars.open(|open| open.iter().map(ProgressBar::position).collect::<Vec<_>>()), [1]);
        bars.end();
        bars.end();
        bars.advance();
    }
}
