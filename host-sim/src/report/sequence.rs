//! The tables of several people one after another.

use super::grid::{self, Column};
use super::label::{self, count, percent};
use super::stats::mean;
use super::table::paragraph;
use crate::finetune::Task;
use crate::finetune::sequence::Sequence;

/// For each task a table of methods and a forgetting matrix a method; means over seeds.
pub fn render(sequences: &[Sequence]) -> String {
    let mut tasks: Vec<Task> = sequences.iter().map(|sequence| sequence.task).collect();
    tasks.dedup();
    let of = |task| sequences.iter().filter(|sequence| sequence.task == task).collect::<Vec<_>>();
    tasks.into_iter().map(|task| one(&of(task))).collect::<Vec<_>>().join("\n")
}

const COLUMNS: [Column; 6] = [
    Column::left("method"),
    Column::right("before,\n%"),
    Column::right("just\nlearnt, %"),
    Column::right("in the\nend, %"),
    Column::right("backward\ntransfer, points"),
    Column::left("old users\n%"),
];

fn one(sequences: &[&Sequence]) -> String {
    let Some(first) = sequences.first() else { return String::new() };
    let mut lines: Vec<(String, Vec<&Sequence>)> = Vec::new();
    for sequence in sequences {
        let name = label::line(sequence.method, sequence.replay);
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, members)) => members.push(sequence),
            None => lines.push((name, vec![sequence])),
        }
    }
    let seeds = lines.iter().map(|(_, members)| members.len()).max().unwrap_or(0);
    let wrong = if first.noise > 0.0 {
        format!("; {} % of the labels wrong", percent(first.noise))
    } else {
        String::new()
    };
    let mut text = paragraph(&format!(
        "One after another. {}: {} in a random order, {}{wrong}",
        label::task(first.task),
        count(first.people.len(), label::people(first.task)),
        count(seeds, "seed"),
    ));
    let rows: Vec<_> = lines.iter().map(|(name, members)| cells(name, members)).collect();
    text += &format!("\n{}\n", grid::render(&COLUMNS, &rows));
    text += &paragraph(
        "before: accuracy on them with the base model, which has seen none of them. just learnt: on each right after \
         learning them. in the end: on all of them after the last. backward transfer: what learning the later ones did \
         to the earlier ones; below 0 is forgetting. +replay: a buffer of old samples, balanced by class, that is \
         offered every labelled sample.",
    );
    lines.iter().for_each(|(name, members)| text += &matrix(name, members));
    text
}

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
fn matrix(name: &str, members: &[&Sequence]) -> String {
    let places = members.first().map_or(0, |sequence| sequence.people.len());
    let mut text = format!("\n{name}, % right{:>5}", "");
    (1..=places).for_each(|place| text += &format!("{:>8}", format!("no. {place}")));
    text += &format!("{:>8}\n", "old");
    let mean_of = |value: &dyn Fn(&Sequence) -> f64| {
        100.0 * mean(&members.iter().map(|sequence| value(sequence)).collect::<Vec<_>>())
    };
    let width = name.chars().count() + ", % right     ".len();
    for learnt in 0..=places {
        let head = if learnt == 0 { "  base model".to_owned() } else { format!("  after no. {learnt}") };
        text += &format!("{head:<width$}");
        (0..places).for_each(|j| text += &format!("{:>8.1}", mean_of(&|s| s.accuracy[learnt][j])));
        text += &format!("{:>8.1}\n", mean_of(&|s| s.old[learnt]));
    }
    text
}
