//! The printed table of a real run, recomputed from its JSON lines by this file alone: means over people, differences
//! paired by person and seed, standard errors, gradients and RAM.

use flatmin_sim::tolerance::PRINTED;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What a run filed: its JSON lines and its table.
struct Filed {
    rows: Vec<Value>,
    table: String,
}

fn run(args: &str) -> Filed {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flatmin-sim"));
    let done = command.args(args.split_whitespace()).arg("--out").arg(folder.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = std::fs::read_to_string(folder.path().join("rows.jsonl")).unwrap();
    let rows = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Filed { rows, table: String::from_utf8(done.stdout).unwrap() }
}

impl Filed {
    fn of(&self, method: &str) -> Vec<&Value> {
        self.rows.iter().filter(|row| row["method"] == method).collect()
    }

    /// The cells of a method's line: words without arrows, signs of spread and units of time.
    fn cells(&self, method: &str) -> Vec<f64> {
        let line = self.table.lines().find(|line| line.split_whitespace().next() == Some(method)).unwrap();
        let number = |word: &str| word.replace([',', '(', ')'], "").parse::<f64>().ok();
        line.split_whitespace().skip(1).filter_map(number).collect()
    }
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"))
}

/// The mean over people of what `of` says of each run in percent, and its standard error; over the runs of a single person.
fn estimate(rows: &[&Value], of: impl Fn(&Value) -> f64) -> (f64, f64) {
    let mut people = BTreeMap::<u64, Vec<f64>>::new();
    for row in rows {
        people.entry(row["person"].as_u64().unwrap()).or_default().push(100.0 * of(row));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let values: Vec<f64> = match people.len() {
        1 => people.into_values().next().unwrap(),
        _ => people.values().map(|runs| mean(runs)).collect(),
    };
    let (n, centre) = (values.len() as f64, mean(&values));
    let variance = values.iter().map(|x| (x - centre) * (x - centre)).sum::<f64>() / (n - 1.0);
    (centre, (variance / n).sqrt())
}

fn agrees(what: &str, printed: f64, computed: f64, digit: f64) {
    assert!(
        (printed - computed).abs() <= PRINTED.value * digit,
        "{what}: {printed} is printed, {computed} recomputed"
    );
}

/// Every number of the lines of `base` and `other` but the times and the multiply-accumulates, which have prefixes.
fn recompute(filed: &Filed, base: &str, other: &str) {
    let key = |row: &Value| (row["person"].as_u64(), row["seed"].as_u64());
    let partner = |row: &Value| *filed.of(base).iter().find(|base| key(base) == key(row)).unwrap();
    for method in [base, other] {
        let (rows, cells) = (filed.of(method), filed.cells(method));
        let mean = |name: &'static str| estimate(&rows, |row| number(row, name)).0;
        let gap = estimate(&rows, |row| number(row, "train_after") - number(row, "new_after")).0;
        let mut expected = vec![
            mean("new_before"),
            mean("new_after"),
            mean("old_before"),
            mean("old_after"),
            mean("train_after"),
            gap,
        ];
        if method == other {
            for name in ["new_after", "old_after"] {
                let (difference, se) = estimate(&rows, |row| number(row, name) - number(partner(row), name));
                expected.extend([difference, se]);
            }
        }
        for (place, (printed, computed)) in cells.iter().zip(&expected).enumerate() {
            agrees(&format!("{method}, number {place}"), *printed, *computed, 0.1);
        }
        let gradients = rows.iter().map(|row| number(row, "gradients")).sum::<f64>() / rows.len() as f64;
        agrees(&format!("{method}, gradients"), cells[expected.len()], gradients, 1.0);
        let bytes =
            |row: &&Value| row["ram"].as_object().unwrap().values().map(|part| part.as_f64().unwrap()).sum();
        let most = rows.iter().map(bytes).fold(0.0, f64::max);
        let [.., printed, kib] = cells[..] else { panic!("{cells:?}") };
        agrees(&format!("{method}, bytes"), printed, most, 1.0);
        agrees(&format!("{method}, KiB"), kib, most / 1024.0, 0.1);
    }
}

#[test]
fn a_table_over_people_follows_from_its_rows() {
    let filed = run("--task digits --method sgd,sam --replay 0");
    assert_eq!(filed.rows.len(), 2 * 14, "14 writers");
    recompute(&filed, "sgd", "sam");
}

#[test]
fn a_table_over_seeds_follows_from_its_rows() {
    let filed = run("--task digits --method sgd,ema --replay 0 --person 3 --seeds 3");
    assert_eq!(filed.rows.len(), 2 * 3);
    recompute(&filed, "sgd", "ema");
}

/// A row that was changed afterwards does not give the table.
#[test]
#[should_panic(expected = "recomputed")]
fn a_changed_row_is_noticed() {
    let mut filed = run("--task digits --method sgd,ema --replay 0 --person 3 --seeds 2");
    let better = number(&filed.rows[0], "new_after") + 0.01;
    filed.rows[0]["new_after"] = better.into();
    recompute(&filed, "sgd", "ema");
}
