//! The ledger: what kernels, steps and images cost on microcontrollers, as a committed table without tolerance.
//!
//! Instructions in an emulator are deterministic, so the figures of a compiler never change unless the code does. They
//! are kept by compiler, since two of them differ by a few per cent.

use super::build::{self, compiler, root};
use super::run::{FLASH, weigh};
use super::{Error, Machine, Measured, Run, Variant, emulate, find, wrist};
use crate::report::units::thousands;
use flatmin_parity::Row;
use flatmin_parity::ledger::LEN;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Figures by row.
pub type Column = BTreeMap<String, u64>;
/// Columns by machine.
pub type Columns = BTreeMap<String, Column>;
/// Everything that is committed, by compiler.
pub type Ledger = BTreeMap<String, Columns>;

/// The machines whose instructions are kept: with an FPU and without.
const KEPT: [&str; 2] = ["mps2-an386", "mps2-an385"];
/// Images of `tests/flash` whose size is kept, optimised for size.
const SIZED: [&str; 2] = ["kernels", "steps"];
/// Where it is committed, and the same for people.
const FILES: [&str; 2] = ["host-sim/data/ledger.json", "docs/ledger.md"];

/// What a figure should be at most on a Cortex-M4F: instructions a parameter, instructions a step, or bytes.
const AIMS: [(&str, f64); 16] = [
    ("kernel:sq_norm:reduce", 2.5),
    ("kernel:save_ascend:map", 7.6),
    ("kernel:step_sgd:update", 4.4),
    ("kernel:step_momentum:update", 8.0),
    ("kernel:step_momentum:restore", 8.25),
    ("kernel:lerp:map", 5.4),
    ("kernel:perturb:fill", 84.0),
    ("kernel:step_adam:update", 30.0),
    ("update:sgd", 4.4),
    ("update:momentum", 8.0),
    ("update:adam", 30.0),
    ("train:mlp+adam", 450_000.0),
    ("flash:kernels", 1024.0),
    ("flash:steps", 1536.0),
    ("flash:wrist-silent", 24.0 * 1024.0),
    ("feed:wrist", flatmin_wrist::pieces::WATCHDOG as f64),
];

/// The compiler that builds the ledger's images here.
///
/// # Errors
/// [`Error::Missing`] without one.
pub fn here() -> Result<String, Error> {
    compiler(machine(KEPT[0])?.target)
}

fn machine(name: &str) -> Result<&'static Machine, Error> {
    find(name).ok_or_else(|| Error::Ledger(format!("there is no machine {name}")))
}

/// Builds and measures everything.
///
/// # Errors
/// Whatever keeps an image from being built or run; nothing is left out of the ledger.
pub fn measure(announce: &dyn Fn(&str)) -> Result<Columns, Error> {
    let mut columns = Columns::new();
    for name in KEPT {
        let machine = machine(name)?;
        announce(&format!("ledger: {name}"));
        let image = build::image(machine, "ledger", Variant::True)?;
        let rows = emulate::run(machine, &image)?.rows;
        let mut column: Column = rows.iter().map(|row| (row.name.to_string(), row.ticks)).collect();
        let image = build::image(machine, wrist::IMAGE, Variant::True)?;
        let fast = emulate::run(machine, &image)?.rows;
        column.extend(wrist(&fast));
        let image = session(machine, &[])?;
        let silent = session(machine, &[("FLATMIN_LOG", "off".to_owned())])?;
        column.insert("flash:wrist".to_owned(), weigh(&image.path(), FLASH)? - DATA);
        column.insert("flash:wrist-silent".to_owned(), weigh(&silent.path(), FLASH)? - DATA);
        // As it would be flashed; without an FPU a session takes a minute or two, so there only the one in 32 KiB.
        if name == KEPT[0] {
            // All that is heard of it is that it ends well.
            let said = emulate::run(machine, &silent)?;
            if !said.rows.is_empty() || !said.other.is_empty() {
                return Err(Error::Ledger("the image with FLATMIN_LOG=off says something".to_owned()));
            }
            column.extend(memory(&emulate::run(machine, &image)?.rows));
        }
        column.extend(memory(&small_session(machine, &fast)?));
        for program in SIZED {
            let image = build::build("tests/flash", machine.target, program, "s", Variant::True, &[])?;
            column.insert(format!("flash:{program}"), weigh(&image.path(), FLASH)?);
        }
        column.extend(runs(machine, announce)?);
        columns.insert(name.to_owned(), column);
    }
    Ok(columns)
}

/// The wrist image as it would be flashed.
fn session(machine: &Machine, variables: &[(&'static str, String)]) -> Result<build::Image, Error> {
    build::build(machine.package, machine.target, wrist::IMAGE, "release", Variant::True, variables)
}

/// Bytes of the wrist image that are data: the shipped model and the recording.
const DATA: u64 = (flatmin_wrist::BLOB.len() + flatmin_wrist::RECORDING.len()) as u64;

/// What a session takes: a step of the run that counts, the longest piece of work, and the longest time between two feeds
/// of the watchdog.
fn wrist(rows: &[Row]) -> Vec<(String, u64)> {
    let figures = rows.iter().filter_map(|row| match (&*row.name, row.hashes.len()) {
        ("wrist:tune", steps) => Some(("train:wrist+lpf".to_owned(), row.ticks / (steps as u64).max(1))),
        (name, 0) if !is_memory(name) => Some((name.to_owned(), row.ticks)),
        _ => None,
    });
    figures.collect()
}

/// The rows of the session in 32 KiB, whose hashes are those of the `large` one.
fn small_session(machine: &Machine, large: &[Row]) -> Result<Vec<Row>, Error> {
    let image = session(machine, &[("FLATMIN_MEMORY", "small".to_owned())])?;
    let rows = emulate::run(machine, &image)?.rows;
    let hashes = |rows: &[Row]| -> Vec<_> {
        rows.iter()
            .filter(|row| !row.hashes.is_empty())
            .map(|row| (row.name.clone(), row.hashes.clone()))
            .collect()
    };
    if hashes(&rows) == hashes(large) {
        Ok(rows)
    } else {
        Err(Error::Ledger(
            "the wrist session with FLATMIN_MEMORY=small has other bits than the large one".to_owned(),
        ))
    }
}

/// Bytes of RAM that a session uses.
fn memory(rows: &[Row]) -> impl Iterator<Item = (String, u64)> {
    rows.iter().filter(|row| is_memory(&row.name)).map(|row| (row.name.to_string(), row.ticks))
}

fn is_memory(name: &str) -> bool {
    name.starts_with("memory:") || name.starts_with("stack:")
}

/// Measures every run that is kept, two at a time: one is built while another is emulated.
fn runs(machine: &'static Machine, announce: &dyn Fn(&str)) -> Result<Column, Error> {
    let runs = Run::kept();
    let measure = |runs: Vec<&Run>| -> Result<Vec<(Run, Measured)>, Error> {
        runs.into_iter().map(|run| Ok((*run, run.measure(machine)?))).collect()
    };
    announce(&format!("ledger: {}: {} runs", machine.name, runs.len()));
    let (even, odd) = rayon::join(
        || measure(runs.iter().step_by(2).collect()),
        || measure(runs.iter().skip(1).step_by(2).collect()),
    );
    Ok(even?.into_iter().chain(odd?).flat_map(|(run, measured)| rows(&run, &measured)).collect())
}

/// The rows of a run.
fn rows(run: &Run, measured: &Measured) -> Vec<(String, u64)> {
    let Measured { stack, flash, step, sample, .. } = *measured;
    // An average takes a second step, so what was counted is not one.
    let alone = run.average.is_none();
    let (step, sample) = (alone.then_some(step), sample.filter(|_| alone));
    let rows = [("stack", Some(stack)), ("flash", Some(flash)), ("step", step), ("sample", sample)];
    let row = |(kind, figure): (&str, Option<u64>)| Some((format!("{kind}:{run}"), figure?));
    rows.into_iter().filter_map(row).collect()
}

fn place(file: &str) -> Result<PathBuf, Error> {
    Ok(root()?.join(file))
}

/// What is committed.
///
/// # Errors
/// When the file cannot be read.
pub fn committed() -> Result<Ledger, Error> {
    let path = place(FILES[0])?;
    let text = std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
    serde_json::from_str(&text).map_err(|error| Error::Ledger(format!("{}: {error}", FILES[0])))
}

/// Puts a compiler's figures in, and writes both files.
///
/// # Errors
/// When a file cannot be read or written.
pub fn update(compiler: &str, columns: Columns) -> Result<(), Error> {
    let mut ledger = committed().unwrap_or_default();
    ledger.insert(compiler.to_owned(), columns);
    let json = serde_json::to_string_pretty(&ledger).map_err(|error| Error::Ledger(error.to_string()))?;
    for (file, text) in FILES.into_iter().zip([json + "\n", markdown(&ledger)]) {
        let path = place(file)?;
        std::fs::write(&path, text).map_err(|source| Error::File { path, source })?;
    }
    Ok(())
}

/// What keeps the committed figures and their page from being what was measured: a line each, none if nothing does.
///
/// # Errors
/// When a file cannot be read.
pub fn check(compiler: &str, columns: &Columns) -> Result<Vec<String>, Error> {
    let ledger = committed()?;
    let Some(kept) = ledger.get(compiler) else {
        return Ok(vec![format!("{} has no column of the compiler {compiler}", FILES[0])]);
    };
    let mut lines = differences(kept, columns);
    let path = place(FILES[1])?;
    let page = std::fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
    if page != markdown(&ledger) {
        lines.push(format!("{} does not show what {} holds", FILES[1], FILES[0]));
    }
    Ok(lines)
}

/// Every figure that differs, is missing or is new.
pub fn differences(kept: &Columns, found: &Columns) -> Vec<String> {
    let all = |columns: &Columns| -> BTreeMap<(String, String), u64> {
        let flat = columns.iter().flat_map(|(machine, column)| {
            column.iter().map(|(row, figure)| ((machine.clone(), row.clone()), *figure))
        });
        flat.collect()
    };
    let (kept, found) = (all(kept), all(found));
    let keys: std::collections::BTreeSet<_> = kept.keys().chain(found.keys()).collect();
    let show =
        |figure: Option<&u64>| figure.map_or_else(|| "nothing".to_owned(), |figure| thousands(*figure));
    keys.into_iter()
        .filter(|key| kept.get(key) != found.get(key))
        .map(|key| {
            let (machine, row) = key;
            format!("{machine} {row}: {} committed, {} measured", show(kept.get(key)), show(found.get(key)))
        })
        .collect()
}

/// A figure as people read it: an instruction count a parameter where there are parameters.
fn figure(row: &str, figure: u64) -> String {
    if is_per_parameter(row) { format!("{:.2}", figure as f64 / LEN as f64) } else { thousands(figure) }
}

fn is_per_parameter(row: &str) -> bool {
    ["kernel:", "approx:", "update:"].iter().any(|kind| row.starts_with(kind))
}

fn aim(row: &str) -> String {
    let aim = AIMS.iter().find(|(name, _)| *name == row);
    aim.map_or_else(String::new, |(row, aim)| {
        if is_per_parameter(row) { format!("{aim}") } else { thousands(*aim as u64) }
    })
}

/// The ledger as a page.
pub fn markdown(ledger: &Ledger) -> String {
    let mut page = PREFACE.to_owned();
    for (compiler, columns) in ledger {
        let _ = writeln!(page, "\n## rustc {compiler}\n");
        let _ = writeln!(page, "| row | {} | aim on M4F |", KEPT.join(" | "));
        let _ = writeln!(page, "| --- | ---: | ---: | ---: |");
        let rows: std::collections::BTreeSet<&String> = columns.values().flat_map(BTreeMap::keys).collect();
        for row in rows.into_iter().filter(|row| run(row).is_none()) {
            let cells = KEPT.map(|machine| {
                let found = columns.get(machine).and_then(|column| column.get(row));
                found.map_or_else(|| "-".to_owned(), |found| figure(row, *found))
            });
            let _ = writeln!(page, "| `{row}` | {} | {} |", cells.join(" | "), aim(row));
        }
        page += &runs_table(columns);
    }
    page
}

/// What is told of a run, and the head of its columns.
const OF_A_RUN: [(&str, &str); 4] =
    [("stack", "stack"), ("flash", "flash"), ("step", "step"), ("sample", "a sample more")];

/// The kind and the run of a row such as `stack:wrist:all:sam+sgd`.
fn run(row: &str) -> Option<(&str, &str)> {
    row.split_once(':').filter(|(_, run)| run.matches(':').count() == 2 && run.contains('+'))
}

/// The runs, one a line.
fn runs_table(columns: &Columns) -> String {
    let all = columns.values().flat_map(BTreeMap::keys).filter_map(|row| Some(run(row)?.1));
    let all: std::collections::BTreeSet<&str> = all.collect();
    if all.is_empty() {
        return String::new();
    }
    let heads = OF_A_RUN.iter().flat_map(|(_, head)| [format!("{head}, M4F"), format!("{head}, v6-M")]);
    let heads: Vec<String> = heads.collect();
    let mut table = format!("\n| run | {} |\n| --- |{}\n", heads.join(" | "), " ---: |".repeat(heads.len()));
    for name in all {
        let cells = OF_A_RUN.iter().flat_map(|(kind, _)| {
            KEPT.map(|machine| {
                let found = columns.get(machine).and_then(|column| column.get(&format!("{kind}:{name}")));
                found.map_or_else(String::new, |found| thousands(*found))
            })
        });
        let _ = writeln!(table, "| `{name}` | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    table
}

const PREFACE: &str = "\
# The ledger

What flatmin costs on a microcontroller, to the instruction and to the byte. Written by `flatmin-sim mcu --ledger update`
from [ledger.json](../host-sim/data/ledger.json) and checked in continuous integration without tolerance: a change that moves a figure
moves it here in the same commit.

- `mps2-an386` is a Cortex-M4F (`thumbv7em-none-eabihf`), `mps2-an385` runs code for a core without FPU
  (`thumbv6m-none-eabi`). Both in QEMU with `-icount shift=0`: instructions, not cycles (a `vdiv` or `vsqrt` takes 14
  cycles on a real M4).
- `kernel:NAME:FORM`: instructions a parameter of one call over 4,096, call included, at opt-level 3. `update` steps in
  place, `restore` steps from the saved copy (restore and step in one pass), `groups` reduces rows of 64 one by one.
- `approx:NAME`: `kernel:perturb:fill` with the cheap noise of that name ([approx.md](approx.md)).
- `update:NAME`: the same for a whole step with a gradient that costs nothing: phase machine, finite check, kernels.
  LPF-SGD takes four gradients, so it draws and adds four noises a step, and eight without a backup.
- `train:NAME`: instructions of a whole step (forward, backward, update) of the network 64-32-32-10 (3,466 parameters)
  on a mini-batch of 8.
- `flash:NAME`: bytes of code and constants at opt-level s, without a runtime: `kernels` is every kernel that SAM over
  momentum SGD calls, `steps` is its phase machine with them.
- `train:wrist+lpf`: the mean over the steps of a fine-tuning session of the wrist network (1,911 parameters): 8 windows,
  4 parts of noise, in pieces. `part:wrist` is its longest piece of work that has no parts of its own (a row of a layer, a
  tile of noise, a frame of the IMU, an operation of the flash), `feed:wrist` the longest time between two feeds of the
  watchdog, in collection, scoring, training and saving. Instructions to the tick of 40. The flash is emulated: a real one
  takes longer over an erase, [up to a second](your-board.md#when-flash-is-erased), whatever the watchdog bears.
- `flash:wrist`: bytes of the whole wrist image at opt-level s, runtime, driver, emulated bus, checkpoint and log transport
  included, without the shipped model and the recording; `flash:wrist-silent` with `FLATMIN_LOG=off`.
- Inputs are of ordinary size: software floating point takes longer for others.
- The second table holds fine-tuning runs (network, what trains, method, optimizer, average), each an image of its own at
  opt-level s: `stack` and `flash` in bytes, `step` in instructions on the smallest mini-batch (one sample, four for
  LPF-SGD), and what a sample more takes. [budget.md](budget.md) says how they are measured; rows are named
  `stack:RUN`, `flash:RUN`, `step:RUN` and `sample:RUN`.
- `memory:wrist` and `stack:wrist`: bytes of the whole session of `examples/wrist` (IMU, trust, LPF-SGD, replay from flash,
  checkpoint); `memory:wrist-small` and `stack:wrist-small` those of `FLATMIN_MEMORY=small`, which has its bits.

Aims that are missed: `update:sgd` is 3.0 for the step and 1.6 for the finite check, of which 0.3 are the two halves and the
folding of each block of 1,024. `flash:wrist-silent` is what a network, LPF-SGD in pieces, a reservoir, a guard with cross-checked trust,
checkpoints and a driver come to, which is what its aim is about: the log has none. It counts the emulated bus and flash, too,
and the tests of the weights ([examples/wrist](../examples/wrist/README.md) has the shares).

`step_sgd`, `step_momentum`, `sq_norm` and `non_finite` are loops in assembly on a Cortex-M with an FPU, since the compiler loads
and stores one register at a time (5.3, 9.8, 2.5 and 3.5 instructions a parameter). Aims of `update` rows count the finite check.

One column for each compiler, since two of them differ by a few per cent; `core:source` means that `core` was compiled
with the image's own settings, `core:compiled` that it came with rustup.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(figures: &[(&str, u64)]) -> Columns {
        let column = figures.iter().map(|(row, figure)| ((*row).to_owned(), *figure)).collect();
        Columns::from([("mps2-an386".to_owned(), column)])
    }

    #[test]
    fn one_instruction_is_a_difference() {
        let kept = columns(&[("kernel:a:map", 4096), ("train:b", 7)]);
        assert!(differences(&kept, &kept).is_empty());
        let moved = columns(&[("kernel:a:map", 4097), ("train:b", 7)]);
        assert_eq!(differences(&kept, &moved), ["mps2-an386 kernel:a:map: 4,096 committed, 4,097 measured"]);
    }

    #[test]
    fn a_lost_row_and_a_new_one_are_differences() {
        let (one, two) = (columns(&[("a", 1)]), columns(&[("a", 1), ("b", 2)]));
        assert_eq!(differences(&two, &one).len(), 1);
        assert_eq!(differences(&one, &two).len(), 1);
        assert_eq!(differences(&one, &Columns::new()).len(), 1);
    }
}
