//! Where the hyperparameters of a table come from, and where they were not tuned for it.

use super::summary::Summary;
use super::table::Conditions;
use crate::finetune::{Arm, Scope, Task};

/// Sentences under a table.
pub(super) fn origin(summary: &Summary, conditions: &Conditions) -> String {
    let mut sentences = vec![match conditions.lr {
        None => "Hyperparameters: tuned on the other half of the people by new + old accuracy. Not tuned: sgd-2x, \
                 sgd-wd (weight decay 0.01) and ema take sgd's, sam+swa takes sam's."
            .to_owned(),
        Some(lr) => format!(
            "Hyperparameters: learning rate {lr} for every method (--lr); rho and gamma as tuned for another one."
        ),
    }];
    let caveats = [
        (conditions.data.is_some(), "They were tuned on the embedded data."),
        (conditions.noise > 0.0 && summary.task == Task::Spar, "They were tuned at 20 % wrong labels."),
        (conditions.noise > 0.0 && summary.task != Task::Spar, "They were tuned without wrong labels."),
        (conditions.scope != Scope::All, "This scope takes the learning rate that was tuned for sgd."),
        (has_untuned_replay(summary), "Stored samples: tuned for sgd, sam and swa with one."),
    ];
    sentences.extend(caveats.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()));
    sentences.join(" ")
}

fn has_untuned_replay(summary: &Summary) -> bool {
    let tuned = |method| matches!(method, Arm::Sgd | Arm::Sam | Arm::Swa);
    summary.lines.iter().any(|line| line.replay > 1 || line.replay == 1 && !tuned(line.method))
}
