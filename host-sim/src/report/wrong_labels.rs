//! The table of wrong labels: what they cost, and what a guard saves.

use super::grid::Column;
use super::label::{self, count, percent};
use super::sheet::{Sheet, Table};
use super::summary::{Line, Summary};
use super::units::bytes;
use crate::finetune::{Guard, Options};

const COLUMNS: [Column; 9] = [
    Column::left("method"),
    Column::left("guard"),
    Column::right("gain,\npoints"),
    Column::right("runs\nharmed"),
    Column::right("worst,\npoints"),
    Column::right("rolled\nback"),
    Column::right("old users\n%"),
    Column::right("sample\ngrads"),
    Column::right("RAM, bytes\n(KiB)"),
];

/// A table for each share of wrong labels.
pub(super) fn sheet(summary: &Summary) -> Sheet {
    let people = count(summary.people, label::people(summary.task));
    let runs = summary.lines.iter().map(|line| line.runs).max().unwrap_or(0);
    let table = |noise: &f32| {
        let rows = at(summary, *noise).map(cells).collect();
        Table::new(COLUMNS, rows).captioned(format!("{} % of the user's labels wrong", percent(*noise)))
    };
    Sheet {
        topic: label::study_title(summary.study),
        task: label::task(summary.task),
        conditions: format!("{}; {people}, {runs} runs a line", label::task_title(summary.task)),
        tables: summary.noises().iter().map(table).collect(),
        notes: vec![explained(summary)],
        verdict: verdict(summary),
    }
}

fn at(summary: &Summary, noise: f32) -> impl Iterator<Item = &Line> {
    summary.lines.iter().filter(move |line| line.options.noise == noise)
}

/// Who was harmed without and with each guard, and what the guards leave of the gain on right labels.
fn verdict(summary: &Summary) -> String {
    let (right, wrong): (Vec<f32>, Vec<f32>) = summary.noises().into_iter().partition(|noise| *noise == 0.0);
    let harmed = wrong.into_iter().map(|noise| {
        let shares = by_guard(summary, noise, |line| share(line.harmed, line));
        format!("with {} % of the labels wrong, runs that harmed the new user: {shares}", percent(noise))
    });
    let gained = right.into_iter().map(|noise| {
        let gains = by_guard(summary, noise, |line| format!("{:+.1}", line.gain.mean));
        format!("with right labels, points gained: {gains}")
    });
    format!("For {}: {}.", names(summary), harmed.chain(gained).collect::<Vec<_>>().join("; "))
}

/// The methods in the order of [`by_guard`].
fn names(summary: &Summary) -> String {
    let first = summary.lines.first().map(|line| (line.options.noise, line.options.guard));
    let alike = summary.lines.iter().filter(|line| Some((line.options.noise, line.options.guard)) == first);
    alike.map(variant).collect::<Vec<_>>().join(" and ")
}

/// Each guard with the values of its lines.
fn by_guard(summary: &Summary, noise: f32, value: fn(&Line) -> String) -> String {
    let of_guard = |guard: Guard| {
        let lines = at(summary, noise).filter(|line| line.options.guard == guard);
        let values = lines.map(value).collect::<Vec<_>>().join(" and ");
        match (guard, values.is_empty()) {
            (_, true) => None,
            (Guard::Off, _) => Some(format!("no guard {values}")),
            _ => Some(format!("guard {} {values}", label::guard(guard))),
        }
    };
    guards(summary).into_iter().filter_map(of_guard).collect::<Vec<_>>().join(", ")
}

/// The method without its guard.
fn variant(line: &Line) -> String {
    label::variant(line.method, line.replay, &Options { guard: Guard::Off, ..line.options })
}

fn share(runs: usize, line: &Line) -> String {
    format!("{:.0} %", 100.0 * runs as f64 / line.runs.max(1) as f64)
}

fn cells(line: &Line) -> [String; 9] {
    [
        variant(line),
        label::guard(line.options.guard).to_owned(),
        match line.gain.se {
            Some(_) => line.gain.to_string(),
            None => format!("{:+.1}", line.gain.mean),
        },
        share(line.harmed, line),
        format!("{:+.1}", line.worst),
        if line.options.guard == Guard::Off { "-".to_owned() } else { share(line.rolled_back, line) },
        format!("{:.1} → {:.1}", line.old_before.mean, line.old_after.mean),
        super::units::thousands(line.gradients.round() as u64),
        bytes(line.ram.total()),
    ]
}

/// Each guard once.
fn guards(summary: &Summary) -> Vec<Guard> {
    let mut guards: Vec<Guard> = summary.lines.iter().map(|line| line.options.guard).collect();
    guards.sort_by_key(|guard| *guard as u8);
    guards.dedup();
    guards
}

fn explained(summary: &Summary) -> String {
    let guards: Vec<String> = guards(summary)
        .into_iter()
        .map(|guard| format!("{}: {}.", label::guard(guard), label::guard_title(guard)))
        .collect();
    format!(
        "gain: new user's accuracy after - before ± standard error over people. harmed: more than a point worse than \
         before. Steps as for right labels: learning rate 0.01, momentum 0.5, batch 7, 20 epochs; rho 0.15. {}",
        guards.join(" ")
    )
}
