//! Personalisation: what methods, base models, scopes and stored samples bought, as differences to SGD on an SGD base.

use super::{KitRow, Rule, Value};
use crate::finetune::{Arm, BaseKind, Options, Scope, Study, Task, Variant};
use crate::report::label;

/// Accuracy, in %, on the new user and on the old ones.
struct Accuracy {
    new: f64,
    old: f64,
}

/// A column of their table: a task, the share of wrong labels, and SGD on an SGD base.
struct Column {
    task: Task,
    noise: f32,
    sgd: Accuracy,
}

const COLUMNS: [Column; 4] = [
    Column { task: Task::Spar, noise: 0.0, sgd: Accuracy { new: 87.7, old: 93.6 } },
    Column { task: Task::Spar, noise: 0.2, sgd: Accuracy { new: 82.4, old: 90.2 } },
    Column { task: Task::Digits, noise: 0.0, sgd: Accuracy { new: 95.1, old: 96.2 } },
    Column { task: Task::Turned, noise: 0.0, sgd: Accuracy { new: 92.0, old: 86.6 } },
];

/// A base model before fine-tuning, by the method that trained it.
struct Before {
    task: Task,
    base: Arm,
    is: Accuracy,
}

/// Those of SPAR are rows of their own, of base models alone.
const BEFORE: [Before; 3] = [
    Before { task: Task::Digits, base: Arm::Sgd, is: Accuracy { new: 93.7, old: 97.2 } },
    Before { task: Task::Digits, base: Arm::Sam, is: Accuracy { new: 94.7, old: 97.7 } },
    Before { task: Task::Turned, base: Arm::Sgd, is: Accuracy { new: 46.3, old: 97.2 } },
];

/// Of accuracy to that of SGD on an SGD base, in points.
#[derive(Clone, Copy)]
struct Difference {
    /// Over people.
    mean: f64,
    /// Its standard error.
    se: f64,
}

/// As the table prints it: `mean` plus or minus `se`.
const fn pm(mean: f64, se: f64) -> Difference {
    Difference { mean, se }
}

/// A row of their table.
struct Line {
    /// Method of the base model.
    base: Arm,
    arm: Arm,
    scope: Scope,
    /// Stored samples for each labelled one.
    replay: u32,
    /// For each column the differences of new and of old accuracy.
    columns: [[Difference; 2]; 4],
}

#[rustfmt::skip]
const LINES: [Line; 12] = [
    Line { base: Arm::Sgd, arm: Arm::Sam, scope: Scope::All, replay: 0, columns: [[pm(0.5, 0.3), pm(-0.9, 0.3)], [pm(0.1, 0.2), pm(-0.3, 0.1)], [pm(0.5, 0.2), pm(-0.3, 0.1)], [pm(-0.3, 0.3), pm(1.0, 0.7)]] },
    Line { base: Arm::Sgd, arm: Arm::Lpf, scope: Scope::All, replay: 0, columns: [[pm(0.5, 0.4), pm(-0.3, 0.2)], [pm(1.3, 0.3), pm(0.5, 0.3)], [pm(-0.0, 0.2), pm(0.3, 0.1)], [pm(-1.3, 0.5), pm(1.7, 0.8)]] },
    Line { base: Arm::Sgd, arm: Arm::Swa, scope: Scope::All, replay: 0, columns: [[pm(-0.3, 0.1), pm(0.5, 0.1)], [pm(1.9, 0.3), pm(1.9, 0.1)], [pm(0.3, 0.3), pm(-0.6, 0.3)], [pm(-0.9, 0.3), pm(0.2, 0.2)]] },
    Line { base: Arm::Sgd, arm: Arm::Adam, scope: Scope::All, replay: 0, columns: [[pm(0.3, 0.3), pm(0.1, 0.4)], [pm(3.2, 0.6), pm(3.3, 0.3)], [pm(0.4, 0.2), pm(-0.3, 0.1)], [pm(0.5, 0.6), pm(-0.1, 0.6)]] },
    Line { base: Arm::Sam, arm: Arm::Sgd, scope: Scope::All, replay: 0, columns: [[pm(0.4, 0.6), pm(0.5, 0.3)], [pm(0.5, 0.9), pm(1.2, 0.4)], [pm(0.6, 0.3), pm(1.0, 0.2)], [pm(0.0, 0.7), pm(-0.5, 1.0)]] },
    Line { base: Arm::Sam, arm: Arm::Swa, scope: Scope::All, replay: 0, columns: [[pm(0.6, 0.6), pm(0.1, 0.3)], [pm(2.3, 0.8), pm(3.0, 0.4)], [pm(1.0, 0.5), pm(0.7, 0.2)], [pm(-0.4, 0.6), pm(-0.4, 1.1)]] },
    Line { base: Arm::Sgd, arm: Arm::Sgd, scope: Scope::Last, replay: 0, columns: [[pm(-1.2, 0.4), pm(0.1, 0.2)], [pm(1.6, 0.6), pm(1.3, 0.3)], [pm(-0.4, 0.3), pm(0.8, 0.3)], [pm(-5.9, 0.8), pm(-6.2, 1.4)]] },
    Line { base: Arm::Sgd, arm: Arm::Sgd, scope: Scope::Bias, replay: 0, columns: [[pm(-2.7, 0.7), pm(2.2, 0.6)], [pm(2.3, 1.1), pm(5.6, 0.4)], [pm(-0.5, 0.3), pm(0.8, 0.3)], [pm(-28.6, 3.2), pm(4.0, 2.0)]] },
    Line { base: Arm::Sgd, arm: Arm::Sgd, scope: Scope::All, replay: 1, columns: [[pm(2.5, 0.4), pm(-0.9, 0.2)], [pm(2.6, 0.4), pm(3.0, 0.2)], [pm(1.5, 0.6), pm(-0.1, 0.2)], [pm(0.4, 0.6), pm(6.5, 0.9)]] },
    Line { base: Arm::Sgd, arm: Arm::Sam, scope: Scope::All, replay: 1, columns: [[pm(3.2, 0.8), pm(-0.9, 0.3)], [pm(3.1, 0.4), pm(3.0, 0.2)], [pm(1.5, 0.6), pm(-0.2, 0.3)], [pm(1.3, 0.5), pm(6.3, 0.9)]] },
    Line { base: Arm::Sgd, arm: Arm::Swa, scope: Scope::All, replay: 1, columns: [[pm(3.1, 0.7), pm(-1.3, 0.3)], [pm(3.2, 0.6), pm(4.0, 0.3)], [pm(1.5, 0.5), pm(-0.1, 0.2)], [pm(-0.2, 0.6), pm(6.6, 0.9)]] },
    Line { base: Arm::Sam, arm: Arm::Sam, scope: Scope::All, replay: 1, columns: [[pm(3.1, 0.7), pm(-0.8, 0.5)], [pm(3.3, 0.7), pm(3.7, 0.4)], [pm(1.2, 0.5), pm(0.5, 0.2)], [pm(-1.4, 0.8), pm(7.0, 0.9)]] },
];

/// Every number of the table.
pub(super) fn rows() -> Vec<KitRow> {
    let columns = COLUMNS.iter().enumerate();
    let rows = columns.flat_map(|(place, column)| after(place, column));
    before().chain(rows).collect()
}

/// A row of a variant in one task; `name` goes before the value.
fn row(
    task: Task,
    name: &str,
    (value, rule): (Value, Rule),
    (variant, against): (Variant, Option<Variant>),
) -> KitRow {
    let wrong = wrong(variant.options.noise);
    KitRow {
        name: format!("kit, {}{wrong}: {name}, {}", label::task(task), value.word()),
        task,
        study: Study::Methods,
        variant,
        against,
        value,
        rule,
    }
}

fn before() -> impl Iterator<Item = KitRow> {
    BEFORE.iter().flat_map(|&Before { task, base, is: Accuracy { new, old } }| {
        let options = Options { base: BaseKind::Method(base), ..Options::default() };
        let variant = Variant { arm: Arm::Sgd, replay: 0, options };
        let values = [
            (Value::NewBefore, Rule::Agree { mean: new, se: None }),
            (Value::OldBefore, Rule::UpToDraw { mean: old, se: None }),
        ];
        values.map(|value| row(task, &format!("{} base", label::arm(base)), value, (variant, None)))
    })
}

/// The rows of the column at `place`.
fn after(place: usize, &Column { task, noise, sgd: Accuracy { new, old } }: &Column) -> Vec<KitRow> {
    let plain = Options { noise, ..Options::default() };
    let sgd = Variant { arm: Arm::Sgd, replay: 0, options: plain };
    let absolute = [(Value::New, new), (Value::Old, old)];
    let absolute = absolute.map(|(value, mean)| (value, Rule::Agree { mean, se: None }));
    let mut rows = Vec::from(absolute.map(|value| row(task, "sgd", value, (sgd, None))));
    for &Line { base, arm, scope, replay, ref columns } in &LINES {
        let options = Options { base: BaseKind::Method(base), scope, ..plain };
        let variant = Variant { arm, replay, options };
        let name = format!("{} against sgd", label::variant(arm, replay, &options));
        for (value, Difference { mean, se }) in [Value::New, Value::Old].into_iter().zip(columns[place]) {
            let se = Some(se);
            let two_models = value == Value::Old && task != Task::Spar && base != Arm::Sgd;
            let rule = if two_models { Rule::UpToDraw { mean, se } } else { Rule::Agree { mean, se } };
            rows.push(row(task, &name, (value, rule), (variant, Some(sgd))));
        }
    }
    rows
}

fn wrong(noise: f32) -> String {
    if noise > 0.0 { format!(" {:.0} % wrong", 100.0 * noise) } else { String::new() }
}
