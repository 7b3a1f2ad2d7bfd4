//! Rows of the other studies, made of those that nobody measured.

use crate::made_up::{rows, wobble};
use flatmin_sim::finetune::{Arm, BaseKind, Guard, Options, Row, Study, Task};

/// SGD and SAM with stored samples at two shares of wrong labels, under three guards.
pub(crate) fn wrong_labels() -> Vec<Row> {
    let guards = [Guard::Off, Guard::Accuracy, Guard::Trust];
    let cells = [0.0, 0.2].into_iter().flat_map(|noise| guards.map(|guard| (noise, guard)));
    let wanted = |row: &Row| matches!((row.method, row.replay), (Arm::Sgd, 0) | (Arm::Sam, 1));
    let of = |(noise, guard)| {
        let rows = rows(Task::Spar, 10, 3).into_iter().filter(wanted);
        rows.map(move |row| under(row, noise, guard))
    };
    cells.flat_map(of).collect()
}

/// A run as wrong labels and a guard would have changed it.
fn under(row: Row, noise: f32, guard: Guard) -> Row {
    let options = Options { noise, guard, ..Options::default() };
    let rolled_back = guard != Guard::Off && row.person < 4;
    let spoilt = if noise > 0.0 { 0.08 + 0.06 * wobble([5, row.person.into(), row.seed, 2]) } else { 0.0 };
    let kept = if guard == Guard::Off { 1.0 } else { 0.4 };
    let change = if rolled_back { 0.0 } else { kept * (row.new_after - row.new_before - spoilt) };
    Row {
        study: Study::WrongLabels,
        options,
        rolled_back,
        new_after: row.new_before + change,
        harmed: change < -0.01,
        ..row
    }
}

/// SGD, with what may keep old users.
pub(crate) fn keeping(task: Task, people: u8) -> Vec<Row> {
    let plain = Options::default();
    let kinds = [
        plain,
        Options { anchor: 0.1, ..plain },
        Options { wise_ft: true, guard: Guard::Accuracy, ..plain },
        Options { base: BaseKind::Method(Arm::Sam), ..plain },
        Options { distil: true, ..plain },
    ];
    let of = |(place, options): (usize, Options)| {
        let sgd = rows(task, people, 1).into_iter().filter(|row| row.method == Arm::Sgd && row.replay == 0);
        let moved = 0.01 * place as f64;
        sgd.map(move |row| Row {
            study: Study::Keeping,
            options,
            new_after: row.new_after - moved,
            old_after: row.old_after + moved,
            ..row
        })
    };
    kinds.into_iter().enumerate().flat_map(of).collect()
}

/// What a run without options finds.
pub(crate) fn everything() -> Vec<Row> {
    let methods = [rows(Task::Turned, 14, 1), rows(Task::Spar, 10, 1)].concat();
    [methods, keeping(Task::Turned, 14), keeping(Task::Spar, 10), wrong_labels()].concat()
}
