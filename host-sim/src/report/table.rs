//! The printed tables of the experiment.

use super::grid::Column;
use super::label::{self, count, percent};
use super::origin::origin;
use super::sheet::{self, Sheet, Table};
use super::summary::{Against, Line, Summary};
use super::units::{bytes, metric, seconds, thousands};
use super::verdict::verdict;
use super::wrong_labels;
use crate::finetune::{Arm, BaseKind, Guard, Options, Scope, Selection, Settings, Study};

/// Columns of a terminal that a table fits.
pub const WIDTH: usize = 120;

/// What was asked for and does not show in the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Share of the user's labels that are wrong.
    pub noise: f32,
    /// What was trained.
    pub scope: Scope,
    /// The learning rate of every method; each its tuned one if `None`.
    pub lr: Option<f32>,
    /// The data set's file, if it is not the embedded one.
    pub data: Option<String>,
}

impl From<&Settings> for Conditions {
    fn from(settings: &Settings) -> Self {
        Self {
            noise: settings.options.noise,
            scope: settings.options.scope,
            lr: settings.lr,
            data: settings.data.as_ref().map(|path| path.display().to_string()),
        }
    }
}

/// Every task's table with its legend.
pub fn render(summaries: &[Summary], conditions: &Conditions) -> String {
    sheet::text(&summaries.iter().map(|summary| sheet(summary, conditions)).collect::<Vec<_>>())
}

/// The tables of a summary with their words.
pub fn sheet(summary: &Summary, conditions: &Conditions) -> Sheet {
    match summary.study {
        // Sequences are no rows; their tables stand in [`sequence`](super::sequence).
        Study::Methods | Study::Sequence => Sheet {
            tables: vec![Table::new(COLUMNS, rows(summary))],
            notes: vec![
                columns_explained(summary),
                origin(summary, conditions),
                guarded(summary),
                diverged(summary),
                harm(summary),
            ],
            ..words(summary, conditions)
        },
        Study::Keeping => Sheet {
            tables: vec![Table::new(
                KEEPING.map(|c| COLUMNS[c].clone()),
                rows(summary).iter().map(keeping).collect(),
            )],
            notes: vec![keeping_explained(), diverged(summary), harm(summary)],
            ..words(summary, conditions)
        },
        Study::WrongLabels => wrong_labels::sheet(summary),
    }
}

fn rows(summary: &Summary) -> Vec<[String; 11]> {
    let row = |(place, line)| cells(line, Some(place) == summary.base);
    summary.lines.iter().enumerate().map(row).collect()
}

/// A sheet without tables and notes.
fn words(summary: &Summary, conditions: &Conditions) -> Sheet {
    let people = count(summary.people, label::people(summary.task));
    let mut parts = vec![
        label::task_title(summary.task).to_owned(),
        format!("{people} x {}", count(summary.seeds, "seed")),
        format!("{} trained", label::scope_title(conditions.scope)),
    ];
    if conditions.noise > 0.0 {
        parts.push(format!("{} % of the user's labels wrong", percent(conditions.noise)));
    }
    let methods = summary.study == Study::Methods;
    parts.extend(summary.lines.first().filter(|_| methods).and_then(|line| shared(&line.options)));
    parts.extend(conditions.data.as_ref().map(|file| format!("data of {file}")));
    Sheet {
        topic: label::study_title(summary.study),
        task: label::task(summary.task),
        conditions: parts.join("; "),
        tables: Vec::new(),
        notes: Vec::new(),
        verdict: verdict(summary),
    }
}

/// What every line of a table does beside its method.
fn shared(options: &Options) -> Option<String> {
    let parts = [
        match options.base {
            BaseKind::Method(Arm::Sgd) => None,
            BaseKind::Method(arm) => Some(format!("base models trained with {}", label::arm(arm))),
            BaseKind::File => Some("base model of a file".to_owned()),
        },
        (options.guard != Guard::Off).then(|| format!("guard {}", label::guard(options.guard))),
        (options.anchor > 0.0).then(|| format!("anchor {}", options.anchor)),
        options.wise_ft.then(|| "Wise-FT".to_owned()),
        options.distil.then(|| "distillation".to_owned()),
        (options.selection == Selection::Herding).then(|| "stored samples by herding".to_owned()),
        options.tolerance.map(|most| format!("no set worse by more than {most}")),
        options.patience.map(|epochs| format!("patience {epochs} epochs")),
        options.features.then(|| "frozen layers computed once".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn keeping_explained() -> String {
    "anchor: pulled to the factory weights (strength 0.1, learning rate tuned for it). wise-ft: a quarter of the labels \
     held out; they choose the epoch and how far to go from the factory weights. distil: stored samples are held by the \
     factory model's answers instead of their labels. sam base: the base model was trained with SAM, which costs nothing \
     on the device."
        .to_owned()
}

/// Whether a guard decided what was kept, and why.
fn guarded(summary: &Summary) -> String {
    let Some(Line { options: Options { guard, noise, .. }, .. }) = summary.lines.first() else {
        return String::new();
    };
    match (guard, *noise > 0.0) {
        (Guard::Off, false) => {
            "No guard: methods are compared on right labels, where one would only slow them down; \
             with --noise, trust is the default."
                .to_owned()
        }
        (Guard::Off, true) => "No guard, as asked for: with wrong labels, trust is the default.".to_owned(),
        (Guard::Trust, true) => format!(
            "Guard trust (the default with --noise; --guard off for none): {}; the method's own average is what is kept \
             or rolled back, or the mean of the epochs where it has none.",
            label::guard_title(Guard::Trust)
        ),
        (guard, _) => format!("Guard {}: {}.", label::guard(*guard), label::guard_title(*guard)),
    }
}

/// Who was harmed, where a guard or wrong labels make that a question.
fn harm(summary: &Summary) -> String {
    let asked = |line: &&Line| line.options.guard != Guard::Off || line.options.noise > 0.0;
    let list: Vec<String> = summary
        .lines
        .iter()
        .filter(asked)
        .map(|line| format!("{} {} and {} of {}", line.label(), line.harmed, line.rolled_back, line.runs))
        .collect();
    match list.is_empty() {
        true => String::new(),
        false => format!(
            "New user worse off by more than a point, and rolled back by a guard: {}.",
            list.join("; ")
        ),
    }
}

const COLUMNS: [Column; 11] = [
    Column::left("method"),
    Column::left("new user\n%"),
    Column::left("old users\n%"),
    Column::right("train\n%"),
    Column::right("gap\npoints"),
    Column::right("new\nagainst sgd"),
    Column::right("old\nagainst sgd"),
    Column::right("sample\ngrads"),
    Column::right("MACs"),
    Column::right("time"),
    Column::right("RAM, bytes\n(KiB)"),
];

/// The columns of the table of what keeps old users: its names are long.
const KEEPING: [usize; 7] = [0, 1, 2, 5, 6, 7, 10];

fn keeping(cells: &[String; 11]) -> [String; 7] {
    KEEPING.map(|c| cells[c].clone())
}

fn cells(line: &Line, is_base: bool) -> [String; 11] {
    let [new, old] = differences(line.against, is_base);
    [
        line.label(),
        format!("{:.1} → {:.1}", line.new_before.mean, line.new_after.mean),
        format!("{:.1} → {:.1}", line.old_before.mean, line.old_after.mean),
        format!("{:.1}", line.train.mean),
        format!("{:.1}", line.gap.mean),
        new,
        old,
        thousands(line.gradients.round() as u64),
        metric(line.macs),
        seconds(line.seconds),
        bytes(line.ram.total()),
    ]
}

fn differences(against: Option<Against>, is_base: bool) -> [String; 2] {
    match against {
        Some(Against { new, old, .. }) => [new, old].map(|difference| difference.to_string()),
        None => [if is_base { "base" } else { "-" }; 2].map(str::to_owned),
    }
}

fn columns_explained(summary: &Summary) -> String {
    let replay = match summary.lines.iter().map(|line| line.replay).max() {
        None | Some(0) => String::new(),
        Some(1) => " +replay: one stored old sample beside each labelled one.".to_owned(),
        Some(n) => format!(" +replay{n}: {n} stored old samples beside each labelled one."),
    };
    format!(
        "new, old: test accuracy before → after. train: accuracy on the labelled samples; gap: train - new. against \
         {}: difference in points ± standard error over {}, paired by {} and seed. sample grads, MACs, time (on this \
         machine), RAM (on a device: weights, gradient, state, activations): of one run.{replay}",
        summary.base().map_or_else(|| "sgd".to_owned(), Line::label),
        if summary.people > 1 {
            count(2, label::people(summary.task)).split_off(2)
        } else {
            "seeds".to_owned()
        },
        label::people(summary.task),
    )
}

/// Whose training diverged: who was left with that, and whom a guard saved from it.
fn diverged(summary: &Summary) -> String {
    let told = |what: &str, runs: fn(&Line) -> usize| {
        let lines = summary.lines.iter().filter(|line| runs(line) > 0);
        let list: Vec<String> =
            lines.map(|line| format!("{} {} of {} runs", line.label(), runs(line), line.runs)).collect();
        if list.is_empty() { String::new() } else { format!("{what}: {}. ", list.join(", ")) }
    };
    let text = told("Diverged", |line| line.diverged)
        + &told("Diverged and rolled back by the guard", |line| line.recovered);
    text.trim_end().to_owned()
}
