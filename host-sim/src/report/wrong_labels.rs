//! The table of wrong labels: what they cost, and what a guard saves.

use super::grid::{self, Column};
use super::label::{self, count, percent};
use super::summary::{Line, Summary};
use super::table::paragraph;
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

/// The table with its legend: a block for each share of wrong labels.
pub(super) fn render(summary: &Summary) -> String {
    let people = count(summary.people, label::people(summary.task));
    let runs = summary.lines.iter().map(|line| line.runs).max().unwrap_or(0);
    let mut text = paragraph(&format!(
        "Wrong labels, and what a guard saves. {}: {people}, {runs} runs a line",
        label::task(summary.task)
    ));
    let mut shares: Vec<f32> = summary.lines.iter().map(|line| line.options.noise).collect();
    shares.dedup();
    for share in shares {
        let of_share = |line: &&Line| line.options.noise == share;
        let rows: Vec<_> = summary.lines.iter().filter(of_share).map(cells).collect();
        text += &format!("\n{} % of the user's labels wrong\n", percent(share));
        text += &grid::render(&COLUMNS, &rows);
    }
    text + "\n" + &paragraph(&explained(summary))
}

fn cells(line: &Line) -> [String; 9] {
    let share = |runs: usize| format!("{:.0} %", 100.0 * runs as f64 / line.runs.max(1) as f64);
    let plain = Options { guard: Guard::Off, ..line.options };
    [
        label::variant(line.method, line.replay, &plain),
        label::guard(line.options.guard).to_owned(),
        match line.gain.se {
            Some(_) => line.gain.to_string(),
            None => format!("{:+.1}", line.gain.mean),
        },
        share(line.harmed),
        format!("{:+.1}", line.worst),
        if line.options.guard == Guard::Off { "-".to_owned() } else { share(line.rolled_back) },
        format!("{:.1} → {:.1}", line.old_before.mean, line.old_after.mean),
        super::units::thousands(line.gradients.round() as u64),
        bytes(line.ram.total()),
    ]
}

fn explained(summary: &Summary) -> String {
    let mut guards: Vec<Guard> = summary.lines.iter().map(|line| line.options.guard).collect();
    guards.sort_by_key(|guard| *guard as u8);
    guards.dedup();
    let guards: Vec<String> = guards
        .into_iter()
        .map(|guard| format!("{}: {}.", label::guard(guard), label::guard_title(guard)))
        .collect();
    format!(
        "gain: new user's accuracy after - before ± standard error over people. harmed: more than a point worse than \
         before. Steps as for right labels: learning rate 0.01, momentum 0.5, batch 7, 20 epochs; rho 0.15. {}",
        guards.join(" ")
    )
}
