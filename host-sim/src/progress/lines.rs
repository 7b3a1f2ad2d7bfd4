//! Progress as plain lines: one when work begins and one at each quarter of it.

use crate::finetune::Progress;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Writes the lines to `W`.
#[derive(Debug)]
pub struct Lines<W>(Mutex<State<W>>);

#[derive(Debug)]
struct State<W> {
    to: W,
    open: Vec<Work>,
}

#[derive(Debug)]
struct Work {
    what: String,
    total: u64,
    done: u64,
    since: Instant,
}

impl Work {
    /// The quarters that are over, 0 to 4.
    fn quarters(&self) -> u64 {
        (4 * self.done).checked_div(self.total).unwrap_or(4)
    }
}

impl<W: Write> Lines<W> {
    /// No line yet.
    pub const fn new(to: W) -> Self {
        Self(Mutex::new(State { to, open: Vec::new() }))
    }

    fn with(&self, act: impl FnOnce(&mut State<W>)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn begin(&self, what: &str, total: u64) {
        self.with(|state| {
            // A closed standard error is no reason to stop.
            let _ = writeln!(state.to, "{what}: {total} to do");
            state.open.push(Work { what: what.to_owned(), total, done: 0, since: Instant::now() });
        });
    }

    fn advance(&self) {
        self.with(|State { to, open }| {
            let Some(work) = open.last_mut() else { return };
            let before = work.quarters();
            work.done = (work.done + 1).min(work.total);
            if work.quarters() > before {
                let (percent, seconds) = (25 * work.quarters(), work.since.elapsed().as_secs_f64());
                let _ = writeln!(to, "{}: {percent} % after {seconds:.1} s", work.what);
            }
        });
    }

    fn end(&self) {
        self.with(|state| _ = state.open.pop());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(work: impl FnOnce(&dyn Progress)) -> Vec<String> {
        let lines = Lines::new(Vec::new());
        work(&lines);
        let text = String::from_utf8(lines.0.into_inner().unwrap().to).unwrap();
        text.lines().map(|line| line.split(" after").next().unwrap().to_owned()).collect()
    }

    fn whole(total: u64) -> Vec<String> {
        lines(|progress| {
            progress.begin("spar", total);
            (0..total).for_each(|_| progress.advance());
            progress.end();
        })
    }

    #[test]
    fn a_line_at_each_quarter() {
        let all = ["spar: 10 to do", "spar: 25 %", "spar: 50 %", "spar: 75 %", "spar: 100 %"];
        assert_eq!(whole(10), all);
        assert_eq!(whole(1), ["spar: 1 to do", "spar: 100 %"]);
        assert_eq!(whole(0), ["spar: 0 to do"]);
        assert_eq!(whole(1000).len(), 5);
    }

    #[test]
    fn units_belong_to_the_work_that_began_last() {
        let lines = lines(|progress| {
            progress.begin("outer", 1);
            progress.begin("inner", 2);
            progress.advance();
            progress.end();
            progress.advance();
            progress.advance();
            progress.end();
            progress.advance();
        });
        assert_eq!(lines, ["outer: 1 to do", "inner: 2 to do", "inner: 50 %", "outer: 100 %"]);
    }
}
