//! From rows to one line a method: means over people, and differences to sgd paired by person and seed.

use super::label;
use super::stats::{Estimate, mean};
use crate::finetune::{Arm, Options, Point, Ram, Row, Study, Task};
use std::collections::{BTreeMap, BTreeSet};

/// What came out of a study in a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The study.
    pub study: Study,
    /// The task.
    pub task: Task,
    /// People that were personalised.
    pub people: usize,
    /// Repetitions.
    pub seeds: usize,
    /// One a (method, replay, options), in the order of the rows.
    pub lines: Vec<Line>,
    /// The place of the line that others are compared with: sgd with the fewest stored samples.
    pub base: Option<usize>,
}

/// What came out of a method with so many stored samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The method.
    pub method: Arm,
    /// Stored old samples per labelled one.
    pub replay: u32,
    /// What else was done.
    pub options: Options,
    /// Its name in tables and plots, such as `sam+replay`; with the options where a study compares them.
    pub label: String,
    /// Runs.
    pub runs: usize,
    /// Runs that diverged and were kept.
    pub diverged: usize,
    /// Runs that diverged, and whose guard put the factory weights back.
    pub recovered: usize,
    /// Runs that left the new user worse off by more than a point.
    pub harmed: usize,
    /// Runs whose guard put the factory weights back.
    pub rolled_back: usize,
    /// What the new user gained, points.
    pub gain: Estimate,
    /// The same in the worst run.
    pub worst: f64,
    /// The same in every run.
    pub changes: Vec<f64>,
    /// New user's accuracy before, %.
    pub new_before: Estimate,
    /// The same after.
    pub new_after: Estimate,
    /// Old users' accuracy before, %.
    pub old_before: Estimate,
    /// The same after.
    pub old_after: Estimate,
    /// Accuracy on the labelled samples after, %.
    pub train: Estimate,
    /// That accuracy minus the new user's test accuracy, points.
    pub gap: Estimate,
    /// Differences to the base line; none for the base line itself, and without one.
    pub against: Option<Against>,
    /// Gradients of single samples a run.
    pub gradients: f64,
    /// Multiply-accumulates of a run.
    pub macs: f64,
    /// Wall time of a run in seconds.
    pub seconds: f64,
    /// RAM on a device: the run that needs most.
    pub ram: Ram,
    /// The mean learning curve.
    pub curve: Vec<Point>,
}

/// Differences to the base line in points, paired by person and seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Against {
    /// New user's accuracy.
    pub new: Estimate,
    /// Old users' accuracy.
    pub old: Estimate,
    /// Both added.
    pub sum: Estimate,
}

impl Summary {
    /// One summary a study and task, in the order of the rows.
    pub fn of(rows: &[Row]) -> Vec<Self> {
        let tables = distinct(rows.iter().map(|row| (row.study, row.task)));
        tables.into_iter().map(|(study, task)| Self::of_table(study, task, rows)).collect()
    }

    fn of_table(study: Study, task: Task, rows: &[Row]) -> Self {
        let rows: Vec<&Row> = rows.iter().filter(|row| (row.study, row.task) == (study, task)).collect();
        let key = |row: &Row| (row.method, row.replay, row.options);
        let keys = distinct(rows.iter().map(|row| key(row)));
        let group = |wanted| rows.iter().copied().filter(move |row| key(row) == wanted);
        let base = keys.iter().copied().filter(|(method, ..)| *method == Arm::Sgd).min_by_key(|key| key.1);
        let base_rows: BTreeMap<_, _> =
            base.into_iter().flat_map(group).map(|row| ((row.person, row.seed), row)).collect();
        let lines = keys.iter().filter_map(|&key| {
            let line = Line::of(&group(key).collect::<Vec<_>>())?;
            let compared = base.is_some_and(|base| base != key);
            let against = if compared { Against::of(group(key), &base_rows) } else { None };
            Some(Line { against, ..line })
        });
        Self {
            study,
            task,
            people: rows.iter().map(|row| row.person).collect::<BTreeSet<_>>().len(),
            seeds: rows.iter().map(|row| row.seed).collect::<BTreeSet<_>>().len(),
            lines: lines.collect(),
            base: keys.iter().position(|&key| Some(key) == base),
        }
    }

    /// The shares of wrong labels, each once, from least to most.
    pub fn noises(&self) -> Vec<f32> {
        let mut noises: Vec<f32> = self.lines.iter().map(|line| line.options.noise).collect();
        noises.sort_by(f32::total_cmp);
        noises.dedup();
        noises
    }

    /// The line that others are compared with.
    pub fn base(&self) -> Option<&Line> {
        self.lines.get(self.base?)
    }
}

impl Line {
    /// `None` without rows.
    fn of(rows: &[&Row]) -> Option<Self> {
        let first = rows.first()?;
        let percent = |share: fn(&Row) -> f64| Estimate::of(rows.iter().map(|row| (row.person, share(row))));
        let mean = |value: fn(&Row) -> f64| mean(&rows.iter().map(|row| value(row)).collect::<Vec<_>>());
        let changes: Vec<f64> = rows.iter().map(|row| 100.0 * (row.new_after - row.new_before)).collect();
        Some(Self {
            method: first.method,
            replay: first.replay,
            options: first.options,
            label: match first.study {
                Study::Methods | Study::Sequence => label::line(first.method, first.replay),
                Study::Keeping | Study::WrongLabels => {
                    label::variant(first.method, first.replay, &first.options)
                }
            },
            runs: rows.len(),
            diverged: rows.iter().filter(|row| row.diverged && !row.rolled_back).count(),
            recovered: rows.iter().filter(|row| row.diverged && row.rolled_back).count(),
            harmed: rows.iter().filter(|row| row.harmed).count(),
            rolled_back: rows.iter().filter(|row| row.rolled_back).count(),
            gain: percent(|row| row.new_after - row.new_before)?,
            worst: changes.iter().copied().fold(f64::INFINITY, f64::min),
            changes,
            new_before: percent(|row| row.new_before)?,
            new_after: percent(|row| row.new_after)?,
            old_before: percent(|row| row.old_before)?,
            old_after: percent(|row| row.old_after)?,
            train: percent(|row| row.train_after)?,
            gap: percent(|row| row.train_after - row.new_after)?,
            against: None,
            gradients: mean(|row| row.gradients as f64),
            macs: mean(|row| row.macs as f64),
            seconds: mean(|row| row.seconds),
            ram: rows.iter().map(|row| row.ram).max_by_key(Ram::total)?,
            curve: mean_curve(rows),
        })
    }

    /// Its name, such as `sam+replay`.
    pub fn label(&self) -> String {
        self.label.clone()
    }
}

impl Against {
    /// `None` when no run has a partner.
    fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone, base: &BTreeMap<(u8, u32), &Row>) -> Option<Self> {
        let difference = |share: fn(&Row) -> f64| {
            let pair = |row: &'a Row| {
                let partner = base.get(&(row.person, row.seed))?;
                Some((row.person, share(row) - share(partner)))
            };
            Estimate::of(rows.clone().filter_map(pair))
        };
        Some(Self {
            new: difference(|row| row.new_after)?,
            old: difference(|row| row.old_after)?,
            sum: difference(|row| row.new_after + row.old_after)?,
        })
    }
}

/// The mean over runs at each epoch.
fn mean_curve(rows: &[&Row]) -> Vec<Point> {
    let mut epochs = BTreeMap::<u32, (Vec<f64>, Vec<f64>)>::new();
    for point in rows.iter().flat_map(|row| &row.curve) {
        let (new, old) = epochs.entry(point.epoch).or_default();
        new.push(point.new);
        old.push(point.old);
    }
    epochs.into_iter().map(|(epoch, (new, old))| Point { epoch, new: mean(&new), old: mean(&old) }).collect()
}

/// Each value once, in the order of first appearance.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}
