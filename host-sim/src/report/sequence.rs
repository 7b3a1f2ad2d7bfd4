//! The tables of several people one after another.

use super::grid::Column;
use super::label::{self, count, percent};
use super::sheet::{self, Sheet, Table};
use super::stats::mean;
use crate::finetune::Task;
use crate::finetune::sequence::Sequence;

/// As text.
pub fn render(sequences: &[Sequence]) -> String {
    sheet::text(&sheets(sequences))
}

/// For each task a table of methods and a forgetting matrix a method; means over seeds.
pub fn sheets(sequences: &[Sequence]) -> Vec<Sheet> {
    let mut tasks: Vec<Task> = sequences.iter().map(|sequence| sequence.task).collect();
    tasks.dedup();
    let of = |task| sequences.iter().filter(|sequence| sequence.task == task).collect::<Vec<_>>();
    tasks.into_iter().filter_map(|task| one(&of(task))).collect()
}

const COLUMNS: [Column; 6] = [
    Column::left("method"),
    Column::right("before,\n%"),
    Column::right("just\nlearnt, %"),
    Column::right("in the\nend, %"),
    Column::right("backward\ntransfer, points"),
    Column::left("old users\n%"),
];

fn one(sequences: &[&Sequence]) -> Option<Sheet> {
    let first = sequences.first()?;
    let mut lines: Vec<(String, Vec<&Sequence>)> = Vec::new();
    for sequence in sequences {
        let name = label::line(sequence.method, sequence.replay);
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(sequence),
            None => lines.push((name, vec![sequence])),
        }
    }
    let seeds = lines.iter().map(|(_, members)| members.len()).max().unwrap_or(0);
    let wrong = match first.noise {
        noise if noise > 0.0 => format!("; {} % of the labels wrong", percent(noise)),
        _ => String::new(),
    };
    let rows = lines.iter().map(|(name, members)| cells(name, members)).collect();
    let matrices = lines.iter().map(|(name, members)| matrix(name, members));
    Some(Sheet {
        topic: "One after another",
        task: label::task(first.task),
        conditions: format!(
            "{} in a random order, {}{wrong}",
            count(first.people.len(), label::people(first.task)),
            count(seeds, "seed"),
        ),
        tables: [Table::new(COLUMNS, rows)].into_iter().chain(matrices).collect(),
        notes: vec![EXPLAINED.to_owned()],
        verdict: String::new(),
    })
}

const EXPLAINED: &str = "before: accuracy on them with the base model, which has seen none of them. just learnt: on \
    each right after learning them. in the end: on all of them after the last. backward transfer: what learning the \
    later ones did to the earlier ones; below 0 is forgetting. +replay: a buffer of old samples, balanced by class, \
    that is offered every labelled sample.";

fn cells(name: &str, members: &[&Sequence]) -> [String; 6] {
    let of = |value: fn(&Sequence) -> f64| {
        100.0 * mean(&members.iter().map(|sequence| value(sequence)).collect::<Vec<_>>())
    };
    let before = of(|sequence| mean(sequence.accuracy.first().map_or(&[], |row| row)));
    let old = [of(|s| s.old.first().copied().unwrap_or(0.0)), of(|s| s.old.last().copied().unwrap_or(0.0))];
    [
        name.to_owned(),
        format!("{before:.1}"),
        format!("{:.1}", of(Sequence::just_learnt)),
        format!("{:.1}", of(Sequence::in_the_end)),
        format!("{:+.1}", of(Sequence::backward_transfer)),
        format!("{:.1} → {:.1}", old[0], old[1]),
    ]
}

/// Accuracy on each person (columns) after each was learnt (rows).
fn matrix(name: &str, members: &[&Sequence]) -> Table {
    let places = members.first().map_or(0, |sequence| sequence.people.len());
    let mean_of = |value: &dyn Fn(&Sequence) -> f64| {
        mean(&members.iter().map(|sequence| value(sequence)).collect::<Vec<_>>())
    };
    let shares = |learnt: usize| -> Vec<f64> {
        let people = (0..places).map(|j| mean_of(&|s| s.accuracy[learnt][j]));
        people.chain([mean_of(&|s| s.old[learnt])]).collect()
    };
    let row = |learnt: usize| {
        let head = if learnt == 0 { "base model".to_owned() } else { format!("after no. {learnt}") };
        let cells = shares(learnt).into_iter().map(|share| format!("{:.1}", 100.0 * share));
        [head].into_iter().chain(cells).collect()
    };
    let people = (1..=places).map(|place| Column::right("").headed(format!("no. {place}")));
    Table {
        caption: format!("{name}: % right on each person (columns) after each was learnt (rows)"),
        columns: [Column::left("when")].into_iter().chain(people).chain([Column::right("old")]).collect(),
        rows: (0..=places).map(row).collect(),
        shades: (0..=places).map(shares).collect(),
    }
}
