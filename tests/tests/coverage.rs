//! Names what is missing: every file has a registry row, every row a file, a test and a documented method.

use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::registry::{ENTRIES, Role};
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Spec};
use flatmin_tests::tolerance::TABLE;
use flatmin_tests::trial::{Sample, samples};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

macro_rules! name {
    (map [$s:literal $o:literal $i:literal] $kernel:ident) => {
        <$kernel as Map<$s, $o, $i>>::NAME
    };
    (reduce [$i:literal] $kernel:ident) => {
        <$kernel as Reduce<$i>>::NAME
    };
    (update [$st:literal] $kernel:ident) => {
        <$kernel as Update<$st>>::NAME
    };
    (fill [$o:literal $i:literal] $kernel:ident) => {
        <$kernel as Fill<$o, $i>>::NAME
    };
}
macro_rules! names {
    ($($shape:ident $arity:tt $kernel:ident $fields:tt;)*) => { [$(name!($shape $arity $kernel)),*] };
}

/// Files that hold no entry of their own: what two entries share.
const SHARED: [&str; 1] = ["moments"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stems(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("core/src").join(folder)).unwrap();
    let stems =
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    stems.filter(|stem| !SHARED.contains(&stem.as_str())).collect()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_kernel_file_has_a_row_and_every_row_a_file() {
    assert_eq!(set(for_each_kernel!(names)), stems("kernels"));
}

#[test]
fn every_entry_has_a_file_and_every_file_an_entry() {
    for (role, folder) in [
        (Role::Optimizer, "optimizers"),
        (Role::Method, "methods"),
        (Role::Gate, "gates"),
        (Role::Average, "averages"),
    ] {
        let names = ENTRIES.iter().filter(|entry| entry.role == role).map(|entry| entry.name);
        assert_eq!(set(names), stems(folder), "{folder}");
    }
}

/// The entries that a sample is made of.
fn entries_of(sample: &Sample) -> Vec<&'static str> {
    let mut names = vec![sample.method.name(), sample.optimizer.name()];
    names.extend(sample.max_norm.map(|_| "clipped"));
    names.extend(sample.anchored.then_some("anchored"));
    names.extend(matches!(sample.method, MethodSpec::Rst { .. }).then_some("bernoulli"));
    names
}

/// The entries that no sample is made of. An average is no part of a step: `resume` drives each beside every sample, and says
/// so of every entry.
fn excluded(samples: impl Iterator<Item = Sample>) -> BTreeSet<String> {
    let covered: BTreeSet<_> = samples.flat_map(|sample| entries_of(&sample)).collect();
    let driven = ENTRIES.iter().filter(|entry| entry.role != Role::Average);
    set(driven.map(|entry| entry.name).filter(|name| !covered.contains(name)))
}

/// The samples of the phase, fault, slice, device and resume tests leave nothing of the registry out.
#[test]
fn every_entry_is_driven_through_every_phase() {
    assert_eq!(excluded(samples()), set([]));
    assert_eq!(excluded(samples().filter(|sample| !sample.anchored)), set(["anchored"]));
    assert_eq!(excluded(samples().filter(|sample| sample.max_norm.is_none())), set(["clipped"]));
    let not_rst = |sample: &Sample| sample.method.name() != "rst";
    assert_eq!(excluded(samples().filter(not_rst)), set(["rst", "bernoulli"]));
    let mut wrapped = samples().filter(|sample| entries_of(sample).len() > 4);
    assert!(wrapped.any(|sample| sample.name() == "rst+adamw+clipped+anchored"));
    for file in ["phases", "faults", "device", "resume", "hal"] {
        let text = std::fs::read_to_string(root().join(format!("tests/tests/{file}.rs"))).unwrap();
        let all = text.contains("every_method!(") || text.contains("in samples()");
        assert!(all, "{file} does not go over the samples");
        assert!(!text.contains("samples().filter") && !text.contains("Spec::samples()"), "{file} picks");
    }
}

#[test]
fn every_entry_is_composed_by_a_sample() {
    let methods = set(MethodSpec::SAMPLES.iter().map(MethodSpec::name));
    let optimizers = set(OptimizerSpec::SAMPLES.iter().map(OptimizerSpec::name));
    for entry in ENTRIES {
        match entry.role {
            Role::Method => assert!(methods.contains(entry.name), "{} has no sample", entry.name),
            // Wrappers are parts of a sample of the tests.
            Role::Optimizer if !["anchored", "clipped"].contains(&entry.name) => {
                assert!(optimizers.contains(entry.name), "{} has no sample", entry.name);
            }
            _ => {}
        }
    }
    assert_eq!(Spec::samples().count(), MethodSpec::SAMPLES.len() * OptimizerSpec::SAMPLES.len());
}

#[test]
fn every_entry_is_documented() {
    for folder in ["methods", "optimizers", "averages", "gates"] {
        for stem in stems(folder) {
            let path = root().join("core/src").join(folder).join(format!("{stem}.rs"));
            let text = std::fs::read_to_string(&path).unwrap();
            let headings = if folder == "gates" {
                &["**Source**", "**Cost**", "**Default"][..]
            } else {
                &["**Source**", "**Deviations**", "**Cost**", "**Default", "/// ```\n"][..]
            };
            for heading in headings {
                assert!(text.contains(heading), "{} lacks {heading}", path.display());
            }
        }
    }
}

#[test]
fn core_keeps_its_rules() {
    for (path, text) in sources("core/src") {
        let unsafe_allowed = ["lanes", "backend", "math"]
            .iter()
            .any(|folder| path.components().any(|component| component.as_os_str() == *folder));
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let place = format!("{}:{}", path.display(), number + 1);
            assert!(!code.contains("mul_add("), "{place}: multiply and add are never fused");
            for word in [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!("] {
                assert!(!code.contains(word), "{place}: {word}");
            }
            let is_unsafe =
                code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl");
            assert!(unsafe_allowed || !is_unsafe, "{place}: unsafe outside lanes, backend and math");
        }
    }
}

#[test]
fn every_tolerance_is_used() {
    let tests = sources("tests");
    for row in TABLE {
        let quoted = format!("\"{}\"", row.name);
        let used = tests.iter().any(|(path, text)| !path.ends_with("tolerance.rs") && text.contains(&quoted));
        assert!(used, "nobody uses the tolerance {}", row.name);
    }
}

/// Whether a line of code holds a float in the notation of a tolerance, such as 1e-6.
fn has_small_literal(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default().as_bytes();
    code.windows(4).any(|w| w[0].is_ascii_digit() && w[1] == b'e' && w[2] == b'-' && w[3].is_ascii_digit())
}

/// Whether a line compares with a number of its own, such as `< 0.001` or `5.0 * sd`; ends of ranges and signs are no bars.
fn has_bare_bar(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let asserts = code.contains("assert") && (code.contains(".abs()") || code.contains("distance"));
    asserts
        && code
            .split(['<', '>'])
            .skip(1)
            .any(|right| right.trim_start_matches(['=', ' ']).starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn tolerances_stand_in_the_table_only() {
    assert!(has_small_literal("x < 1e-6") && !has_small_literal("// 1e-6") && !has_small_literal("one-1"));
    assert!(has_bare_bar("assert!(x.abs() < 5.0 * sd)") && !has_bare_bar("assert!(x.abs() <= tolerance(a))"));
    for folder in [
        "tests/src",
        "tests/tests",
        "core/tests",
        "core/src",
        "host-sim/tests",
        "host-sim/src",
        "host-sim/parity",
        "gpu/src",
    ] {
        let files = sources(folder);
        assert!(files.len() > 3, "{folder} has moved");
        for (path, text) in files {
            if ["tolerance.rs", "coverage.rs"].iter().any(|exempt| path.ends_with(exempt)) {
                continue;
            }
            // Unit tests of the test data say what the data is.
            let text = if path.ends_with("problems.rs") {
                text.split("#[cfg(test)]").next().unwrap()
            } else {
                &text
            };
            for (number, line) in text.lines().enumerate() {
                let place = format!("{}:{}: {line}", path.display(), number + 1);
                // A stabiliser is a hyperparameter, and what is no test has constants of its own.
                let constant = line.contains("eps")
                    || folder.contains("src") && folder != "tests/src"
                    || folder.contains("parity");
                assert!(!has_small_literal(line) || constant, "{place}");
                assert!(!has_bare_bar(line), "{place}");
            }
        }
    }
}
