//! Personalisation: what methods, base models, scopes and stored samples bought, as differences to SGD on an SGD base.

use super::{KitRow, Rule, Value};
use crate::finetune::{Arm, BaseKind, Options, Scope, Study, Task, Variant};
use crate::report::label;

/// A column of their table: a task, the share of wrong labels, and new and old accuracy of SGD on an SGD base.
const COLUMNS: [(Task, f32, [f64; 2]); 4] = [
    (Task::Spar, 0.0, [87.7, 93.6]),
    (Task::Spar, 0.2, [82.4, 90.2]),
    (Task::Digits, 0.0, [95.1, 96.2]),
    (Task::Turned, 0.0, [92.0, 86.6]),
];

/// New and old accuracy of base models before fine-tuning, by task and method of the base; those of SPAR are rows of their
/// own, of base models alone.
const BEFORE: [(Task, Arm, [f64; 2]); 3] = [
    (Task::Digits, Arm::Sgd, [93.7, 97.2]),
    (Task::Digits, Arm::Sam, [94.7, 97.7]),
    (Task::Turned, Arm::Sgd, [46.3, 97.2]),
];

/// Mean and standard error over people of a difference, in points.
type Difference = (f64, f64);

/// A row of their table: method of the base model, method, scope, stored samples, and for each column the differences
/// of new and old accuracy.
type Line = (Arm, Arm, Scope, u32, [[Difference; 2]; 4]);

#[rustfmt::skip]
const LINES: [Line; 12] = [
    (Arm::Sgd, Arm::Sam, Scope::All, 0, [[(0.5, 0.3), (-0.9, 0.3)], [(0.1, 0.2), (-0.3, 0.1)], [(0.5, 0.2), (-0.3, 0.1)], [(-0.3, 0.3), (1.0, 0.7)]]),
    (Arm::Sgd, Arm::Lpf, Scope::All, 0, [[(0.5, 0.4), (-0.3, 0.2)], [(1.3, 0.3), (0.5, 0.3)], [(-0.0, 0.2), (0.3, 0.1)], [(-1.3, 0.5), (1.7, 0.8)]]),
    (Arm::Sgd, Arm::Swa, Scope::All, 0, [[(-0.3, 0.1), (0.5, 0.1)], [(1.9, 0.3), (1.9, 0.1)], [(0.3, 0.3), (-0.6, 0.3)], [(-0.9, 0.3), (0.2, 0.2)]]),
    (Arm::Sgd, Arm::Adam, Scope::All, 0, [[(0.3, 0.3), (0.1, 0.4)], [(3.2, 0.6), (3.3, 0.3)], [(0.4, 0.2), (-0.3, 0.1)], [(0.5, 0.6), (-0.1, 0.6)]]),
    (Arm::Sam, Arm::Sgd, Scope::All, 0, [[(0.4, 0.6), (0.5, 0.3)], [(0.5, 0.9), (1.2, 0.4)], [(0.6, 0.3), (1.0, 0.2)], [(0.0, 0.7), (-0.5, 1.0)]]),
    (Arm::Sam, Arm::Swa, Scope::All, 0, [[(0.6, 0.6), (0.1, 0.3)], [(2.3, 0.8), (3.0, 0.4)], [(1.0, 0.5), (0.7, 0.2)], [(-0.4, 0.6), (-0.4, 1.1)]]),
    (Arm::Sgd, Arm::Sgd, Scope::Last, 0, [[(-1.2, 0.4), (0.1, 0.2)], [(1.6, 0.6), (1.3, 0.3)], [(-0.4, 0.3), (0.8, 0.3)], [(-5.9, 0.8), (-6.2, 1.4)]]),
    (Arm::Sgd, Arm::Sgd, Scope::Bias, 0, [[(-2.7, 0.7), (2.2, 0.6)], [(2.3, 1.1), (5.6, 0.4)], [(-0.5, 0.3), (0.8, 0.3)], [(-28.6, 3.2), (4.0, 2.0)]]),
    (Arm::Sgd, Arm::Sgd, Scope::All, 1, [[(2.5, 0.4), (-0.9, 0.2)], [(2.6, 0.4), (3.0, 0.2)], [(1.5, 0.6), (-0.1, 0.2)], [(0.4, 0.6), (6.5, 0.9)]]),
    (Arm::Sgd, Arm::Sam, Scope::All, 1, [[(3.2, 0.8), (-0.9, 0.3)], [(3.1, 0.4), (3.0, 0.2)], [(1.5, 0.6), (-0.2, 0.3)], [(1.3, 0.5), (6.3, 0.9)]]),
    (Arm::Sgd, Arm::Swa, Scope::All, 1, [[(3.1, 0.7), (-1.3, 0.3)], [(3.2, 0.6), (4.0, 0.3)], [(1.5, 0.5), (-0.1, 0.2)], [(-0.2, 0.6), (6.6, 0.9)]]),
    (Arm::Sam, Arm::Sam, Scope::All, 1, [[(3.1, 0.7), (-0.8, 0.5)], [(3.3, 0.7), (3.7, 0.4)], [(1.2, 0.5), (0.5, 0.2)], [(-1.4, 0.8), (7.0, 0.9)]]),
];

/// Every number of the table.
pub(super) fn rows() -> Vec<KitRow> {
    let columns = COLUMNS.iter().enumerate();
    let after = columns.flat_map(|(place, &(task, noise, sgd))| column(place, task, noise, sgd));
    before().chain(after).collect()
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
    BEFORE.iter().flat_map(|&(task, base, [new, old])| {
        let options = Options { base: BaseKind::Method(base), ..Options::default() };
        let variant = Variant { arm: Arm::Sgd, replay: 0, options };
        let values = [
            (Value::NewBefore, Rule::Agree { mean: new, se: None }),
            (Value::OldBefore, Rule::UpToDraw { mean: old, se: None }),
        ];
        values.map(|value| row(task, &format!("{} base", label::arm(base)), value, (variant, None)))
    })
}

fn column(place: usize, task: Task, noise: f32, sgd: [f64; 2]) -> Vec<KitRow> {
    let plain = Options { noise, ..Options::default() };
    let base = Variant { arm: Arm::Sgd, replay: 0, options: plain };
    let values = [Value::New, Value::Old];
    let absolute = values.into_iter().zip(sgd).map(|(value, mean)| (value, Rule::Agree { mean, se: None }));
    let absolute = absolute.map(|value| row(task, "sgd", value, (base, None)));
    let mut rows: Vec<KitRow> = absolute.collect();
    for &(on, arm, scope, replay, differences) in &LINES {
        let options = Options { base: BaseKind::Method(on), scope, ..plain };
        let variant = Variant { arm, replay, options };
        let name = format!("{} against sgd", label::variant(arm, replay, &options));
        for (value, (mean, se)) in values.into_iter().zip(differences[place]) {
            let se = Some(se);
            let two_models = value == Value::Old && task != Task::Spar && on != Arm::Sgd;
            let rule = if two_models { Rule::UpToDraw { mean, se } } else { Rule::Agree { mean, se } };
            rows.push(row(task, &name, (value, rule), (variant, Some(base))));
        }
    }
    rows
}

fn wrong(noise: f32) -> String {
    if noise > 0.0 { format!(" {:.0} % wrong", 100.0 * noise) } else { String::new() }
}
