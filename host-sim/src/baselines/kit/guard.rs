//! The guard: what wrong labels cost without one, and what is left of it with one.

use super::{KitRow, Rule, Value};
use crate::finetune::{Arm, Guard, Options, Study, Task, Variant};
use crate::report::label;

/// A line of their table: share of wrong labels, method, stored samples; new, old and harmed runs without a guard; new,
/// old, harmed and rolled back with the accuracy guard. All in percent.
type Line = (f32, Arm, u32, [f64; 3], [f64; 4]);

const LINES: [Line; 6] = [
    (0.0, Arm::Sgd, 0, [89.1, 92.1, 4.0], [85.7, 95.0, 2.0, 48.0]),
    (0.0, Arm::Sam, 1, [90.8, 92.8, 2.0], [86.6, 95.0, 0.0, 42.0]),
    (0.2, Arm::Sgd, 0, [77.0, 82.4, 72.0], [84.2, 94.9, 16.0, 56.0]),
    (0.2, Arm::Sam, 1, [82.2, 88.3, 64.0], [85.2, 95.0, 12.0, 54.0]),
    (0.4, Arm::Sgd, 0, [67.5, 75.4, 88.0], [84.3, 94.6, 12.0, 58.0]),
    (0.4, Arm::Sam, 1, [73.6, 84.0, 84.0], [84.6, 94.9, 10.0, 58.0]),
];

/// The aim of our own rule: harmed runs at 20 % wrong labels at most, and gain on right labels at least.
const AIM: [(Arm, u32, f64, f64); 2] = [(Arm::Sgd, 0, 16.0, 2.5), (Arm::Sam, 1, 12.0, 3.4)];

/// Every number of the table but the worst run's, for which there is no standard error; then the aim.
pub(super) fn rows() -> Vec<KitRow> {
    let theirs = LINES.iter().flat_map(|&(noise, arm, replay, off, accuracy)| {
        let values = [Value::New, Value::Old, Value::Harmed, Value::RolledBack];
        let off = values.into_iter().zip(off).map(|(value, theirs)| (Guard::Off, value, theirs));
        let on = values.into_iter().zip(accuracy).map(|(value, theirs)| (Guard::Accuracy, value, theirs));
        let all: Vec<_> = off.chain(on).collect();
        all.into_iter().map(move |(guard, value, theirs)| {
            let rule = match value {
                Value::Harmed | Value::RolledBack => Rule::Share(theirs),
                _ => Rule::Agree { mean: theirs, se: None },
            };
            row(noise, (arm, replay), guard, value, rule)
        })
    });
    let ours = AIM.iter().flat_map(|&(arm, replay, harmed, gain)| {
        [
            row(0.2, (arm, replay), Guard::Trust, Value::Harmed, Rule::AtMost(harmed)),
            row(0.0, (arm, replay), Guard::Trust, Value::Gain, Rule::AtLeast(gain)),
        ]
    });
    theirs.chain(ours).collect()
}

fn row(noise: f32, (arm, replay): (Arm, u32), guard: Guard, value: Value, rule: Rule) -> KitRow {
    let options = Options { noise, guard, ..Options::default() };
    let variant = label::variant(arm, replay, &options);
    KitRow {
        name: format!("guard, {:.0} % wrong: {variant}, {}", 100.0 * noise, value.word()),
        task: Task::Spar,
        study: Study::WrongLabels,
        variant: Variant { arm, replay, options },
        against: None,
        value,
        rule,
    }
}
