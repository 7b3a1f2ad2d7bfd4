//! Replays every file of tests/golden, and damaged copies of them, which must fail.

use flatmin_sim::reference::Reference;
use flatmin_sim::replay::golden::Golden;
use flatmin_sim::replay::{Core, ReplayError, Report, Runners, canary, check, check_file, rules, sibling};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const RUNNERS: Runners<'static> = Runners { f64: &Reference, f32: &Core };

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(paths.len() >= 96, "only {} golden files were found", paths.len());
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

#[test]
fn every_file_replays() {
    let failures: Vec<String> = files()
        .iter()
        .filter_map(|path| check_file(path, &RUNNERS).err().map(|error| format!("{}: {error}", name(path))))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
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
    assert!(canaries >= 96, "only {canaries} canaries sang");
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
    assert!(canaries >= 48, "only {canaries} canaries sang");
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
        let _ = replay(path, &json.to_string(), &RUNNERS);
    }
}
