//! Replays every file of tests/golden, and damaged copies of them, which must fail.

use flatmin_sim::reference::Reference;
use flatmin_sim::replay::golden::{Dtype, Golden};
use flatmin_sim::replay::{
    ReplayError, Report, Runner, Runners, Task, Trajectory, canary, check, check_file, rules, sibling,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The runners this build has. Once an f32 runner is here, every test below covers the float32 files too.
const RUNNERS: Runners<'static> = Runners { f64: &Reference, f32: None };

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(paths.len() >= 90, "only {} golden files were found", paths.len());
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Replays changed text in place of the file at `path`.
fn replay(path: &Path, text: &str, runners: &Runners<'_>) -> Result<Report, ReplayError> {
    let golden = Golden::parse(text)?;
    let sibling = sibling(path).map(|path| Golden::load(&path).unwrap());
    check(&golden, sibling.as_ref(), runners)
}

/// Moves one weight in a copy of every file that these runners can run; each copy must fail.
fn sing(runners: &Runners<'_>) -> usize {
    let mut canaries = 0;
    for path in files() {
        if Golden::load(&path).unwrap().dtype == Dtype::F32 && runners.f32.is_none() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for key in ["w", "w_avg"] {
            let Some(moved) = canary::moved(&text, key).unwrap() else { continue };
            let error = replay(&path, &moved, runners).expect_err(&name(&path));
            assert!(matches!(error, ReplayError::Disagrees { .. }), "{} {key}: {error}", name(&path));
            canaries += 1;
        }
    }
    canaries
}

/// Stands in for an f32 runner: the reference, its results rounded to f32. Shows that the float32 comparisons accept
/// what is right; it says nothing about the crate.
struct Rounded;

fn round(w: &mut [f64]) {
    w.iter_mut().for_each(|w| *w = f64::from(*w as f32));
}

impl Runner for Rounded {
    fn run(&self, task: &Task<'_>) -> Result<Trajectory, ReplayError> {
        let mut trajectory = Reference.run(task)?;
        for moment in &mut trajectory {
            round(&mut moment.w);
            moment.w_avg.iter_mut().for_each(|w| round(w));
            moment.asked.iter_mut().for_each(|asked| round(&mut asked.point));
        }
        Ok(trajectory)
    }

    fn ascend(&self, task: &Task<'_>, w: &[f64], grad: &[f64]) -> Result<Option<Vec<f64>>, ReplayError> {
        let mut point = Reference.ascend(task, w, grad)?;
        point.iter_mut().for_each(|w| round(w));
        Ok(point)
    }
}

#[test]
fn every_file_replays() {
    let (mut replayed, mut skipped, mut failures) = (0, 0, Vec::new());
    for path in files() {
        match check_file(&path, &RUNNERS) {
            Ok(report) => {
                println!(
                    "{:<48} {:<14} worst {:.1e} bar {:.1e}",
                    name(&path),
                    report.entry,
                    report.worst,
                    report.bar
                );
                replayed += 1;
            }
            Err(ReplayError::NoF32Runner) if RUNNERS.f32.is_none() => skipped += 1,
            Err(error) => failures.push(format!("{}: {error}", name(&path))),
        }
    }
    println!("{replayed} replayed, {skipped} float32 files skipped: no f32 runner is linked");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(replayed >= 45);
}

#[test]
fn every_file_has_a_rule() {
    for path in files() {
        let golden = Golden::load(&path).unwrap();
        if let Err(error) = rules::resolve(&golden) {
            panic!("{}: {error}", name(&path));
        }
    }
}

#[test]
fn a_moved_weight_fails_every_file() {
    let canaries = sing(&RUNNERS);
    assert!(canaries >= 45, "only {canaries} canaries sang");
}

#[test]
fn the_float32_comparisons_hear_a_canary_and_accept_a_rounded_reference() {
    let runners = Runners { f64: &Reference, f32: Some(&Rounded) };
    for path in files() {
        check_file(&path, &runners).unwrap_or_else(|e| panic!("{}: {e}", name(&path)));
    }
    assert!(sing(&runners) >= 90);
}

#[test]
fn a_decimal_that_disagrees_with_its_hex_fails_every_file() {
    let mut canaries = 0;
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(changed) = canary::disagreeing(&text).unwrap() else { continue };
        let error = replay(&path, &changed, &RUNNERS).expect_err(&name(&path));
        assert!(matches!(error, ReplayError::HexDisagrees { .. }), "{}: {error}", name(&path));
        canaries += 1;
    }
    assert!(canaries >= 45, "only {canaries} canaries sang");
}

/// Walks down the file along `turns`, and puts `value` where the walk ends.
fn replace(node: &mut Value, turns: &[prop::sample::Index], value: Value) {
    match (node, turns) {
        (Value::Array(list), [turn, rest @ ..]) if !list.is_empty() => {
            let index = turn.index(list.len());
            replace(&mut list[index], rest, value);
        }
        (Value::Object(map), [turn, rest @ ..]) if !map.is_empty() => {
            let index = turn.index(map.len());
            replace(map.values_mut().nth(index).unwrap(), rest, value);
        }
        (node, _) => *node = value,
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(0),
        json!(-1.5),
        json!(1_000_000_000),
        json!("NaN"),
        json!([]),
        json!([1, 2]),
        json!({}),
    ];
    prop::sample::select(values.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_damaged_file_never_panics(
        file in any::<prop::sample::Index>(),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 1..7),
        value in odd_value(),
    ) {
        let paths = files();
        let path = &paths[file.index(paths.len())];
        let mut json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        replace(&mut json, &turns, value);
        let _ = replay(path, &json.to_string(), &Runners { f64: &Reference, f32: Some(&Rounded) });
    }
}
