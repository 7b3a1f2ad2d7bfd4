//! The tables of several people one after another.

use super::grid::Column;
use super::label::{self, count, percent};
use super::sheet::{self, Sheet, Table};
use super::stats::{Estimate, level, mean};
use crate::finetune::sequence::Sequence;
use crate::finetune::{Study, Task};

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
        topic: label::study_title(Study::Sequence),
        task: label::task(first.task),
        conditions: format!(
            "{} in a random order, {}{wrong}",
            count(first.people.len(), label::people(first.task)),
            count(seeds, "seed"),
        ),
        tables: [Table::new(COLUMNS, rows)].into_iter().chain(matrices).collect(),
        notes: vec![EXPLAINED.to_owned(), errors(seeds), rates(&lines)],
        verdict: String::new(),
    })
}

const EXPLAINED: &str = "before: accuracy on them with the base model, which has seen none of them. just learnt: on \
    each right after learning them. in the end: on all of them after the last. backward transfer: what learning the \
    later ones did to the earlier ones; below 0 is forgetting. +replay: a buffer of old samples, balanced by class, \
    that is offered every labelled sample.";

/// What the errors are.
fn errors(seeds: usize) -> String {
    match seeds {
        0 | 1 => "One seed has no standard error: give --seeds 5.".to_owned(),
        n => format!(
            "±: standard error over {n} seeds, each with people of its own in an order of its own; the seeds draw from \
             the same people, so they are not quite independent."
        ),
    }
}

/// Which learning rates the methods had: they differ, and a greater one forgets more.
fn rates(lines: &[(String, Vec<&Sequence>)]) -> String {
    let rate = |(name, members): &(String, Vec<&Sequence>)| {
        let all = || members.iter().flat_map(|sequence| sequence.lr.iter().copied());
        let (least, most) = (all().fold(f32::INFINITY, f32::min), all().fold(0.0, f32::max));
        if least < most { format!("{name} {least} to {most}") } else { format!("{name} {most}") }
    };
    format!(
        "Learning rates, for each person what was tuned without them, as in the main job (--lr sets one for all): {}. \
         No guard: its table is in the main job.",
        lines.iter().map(rate).collect::<Vec<_>>().join(", ")
    )
}

fn cells(name: &str, members: &[&Sequence]) -> [String; 6] {
    let of = |value: fn(&Sequence) -> f64| {
        Estimate::from_values(&members.iter().map(|sequence| 100.0 * value(sequence)).collect::<Vec<_>>())
    };
    let before = of(|sequence| mean(sequence.accuracy.first().map_or(&[], |row| row)));
    let transfer = of(Sequence::backward_transfer);
    let old_before = of(|sequence| sequence.old.first().copied().unwrap_or(0.0)).mean;
    let old_after = of(|sequence| sequence.old.last().copied().unwrap_or(0.0));
    [
        name.to_owned(),
        level(&before),
        level(&of(Sequence::just_learnt)),
        level(&of(Sequence::in_the_end)),
        transfer.se.map_or_else(|| format!("{:+.1}", transfer.mean), |_| transfer.to_string()),
        format!("{old_before:.1} → {}", level(&old_after)),
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
