//! Which pictures a summary has.

use super::{Error, Format, Words, curves, harm, ram, tradeoff};
use crate::finetune::{Guard, Study, Task};
use crate::report::label;
use crate::report::summary::{Line, Summary};

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Old users' accuracy against the new user's.
    TradeOff,
    /// Accuracies by epoch.
    Curves,
    /// The change of the new user's accuracy a run, at this share of wrong labels.
    Harm(f32),
    /// RAM on a device.
    Ram,
}

/// One picture of a summary; nothing is drawn before [`svg`](Self::svg).
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// What it shows.
    pub kind: Kind,
    summary: &'a Summary,
}

impl<'a> Picture<'a> {
    /// Every picture of a summary.
    pub fn all(summary: &'a Summary) -> Vec<Self> {
        let kinds = match summary.study {
            Study::Methods => {
                let asked = |line: &&Line| line.options.noise > 0.0 || line.options.guard != Guard::Off;
                let harm = summary.lines.iter().find(asked).map(|line| Kind::Harm(line.options.noise));
                [Kind::TradeOff, Kind::Curves].into_iter().chain(harm).chain([Kind::Ram]).collect()
            }
            Study::Keeping => vec![Kind::TradeOff],
            Study::Sequence => Vec::new(),
            // The most wrong labels first: that is the question.
            Study::WrongLabels => {
                summary.noises().into_iter().rev().map(Kind::Harm).chain([Kind::Ram]).collect::<Vec<_>>()
            }
        };
        kinds.into_iter().map(|kind| Self { kind, summary }).collect()
    }

    /// The name of its file, without `.svg`.
    pub fn stem(&self) -> String {
        let kind = match self.kind {
            Kind::TradeOff => "tradeoff",
            Kind::Curves => "curves",
            Kind::Harm(_) => "harm",
            Kind::Ram => "ram",
        };
        let rest = match (self.summary.study, self.kind) {
            (Study::Methods, _) => String::new(),
            (Study::WrongLabels, Kind::Harm(noise)) => format!("-{}", label::percent(noise)),
            (study, _) => format!("-{}", label::study(study)),
        };
        format!("{kind}-{}{rest}", label::task(self.summary.task))
    }

    /// Of which task.
    pub fn task(&self) -> Task {
        self.summary.task
    }

    /// The lines that it shows as bars of RAM.
    pub fn ram_lines(&self) -> Vec<&'a Line> {
        ram::lines(self.summary)
    }

    /// What it shows, in words.
    pub fn words(&self) -> Words {
        match self.kind {
            Kind::TradeOff => tradeoff::words(self.summary),
            Kind::Curves => curves::words(self.summary),
            Kind::Harm(noise) => harm::words(self.summary, noise),
            Kind::Ram => ram::words(self.summary),
        }
    }

    /// The picture.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn svg(&self, format: Format) -> Result<String, Error> {
        match self.kind {
            Kind::TradeOff => tradeoff::svg(self.summary, format),
            Kind::Curves => curves::svg(self.summary, format),
            Kind::Harm(noise) => harm::svg(self.summary, noise, format),
            Kind::Ram => ram::svg(self.summary, format),
        }
    }
}
