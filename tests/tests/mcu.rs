//! The bits of emulated machines: the same as this one's, and a wrong image is found out.

use flatmin::backend::{Backend, Portable};
use flatmin::for_each_kernel;
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::*;
use flatmin::registry::{ENTRIES, Role};
use flatmin_sim::compose::OptimizerSpec;
use flatmin_sim::mcu::{self, Error, MACHINES, Outcome, Variant, Verdict};
use flatmin_tests::say;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[allow(unreachable_pub, reason = "the file is a module of the firmware")]
#[path = "../../examples/firmware-cortex-m/src/problem.rs"]
mod problem;

/// The board of the tests that need one only.
const BOARD: &str = "mps2-an386";

fn run(names: &[&str], variant: Variant) -> Vec<Outcome> {
    let machines: Vec<_> = names.iter().map(|name| mcu::find(name).unwrap()).collect();
    mcu::run(&machines, variant, &|_| {})
}

/// Says what ran and what did not; in continuous integration nothing may be skipped.
fn report(outcome: &Outcome, what: &str) -> bool {
    let skipped = matches!(outcome.rows, Err(Error::Missing(_)));
    match &outcome.rows {
        Err(Error::Missing(why)) => say(&format!("skipped: mcu {}{what} ({why})", outcome.machine.name)),
        _ => say(&format!("ran: mcu {}{what}", outcome.machine.name)),
    }
    assert!(!skipped || std::env::var_os("FLATMIN_MUST_RUN").is_none(), "CI must run this");
    !skipped
}

#[test]
fn the_suite_moves_at_every_step_and_its_rows_have_names_of_their_own() {
    let rows = mcu::expected();
    let names: BTreeSet<_> = rows.iter().map(|row| row.name.clone()).collect();
    assert_eq!(names.len(), rows.len());
    for row in rows {
        let hashes: BTreeSet<_> = row.hashes.iter().collect();
        let steps = match &*row.name {
            "wrist:samples" | "wrist:trust" | "wrist:kept" => 1,
            "wrist:right:shipped" | "wrist:right:kept" => 2,
            "wrist:fold-1" | "wrist:fold-2" => 3 * 3,
            "wrist:tune" => 15 * 7,
            name if name.starts_with("kernel:") => 1,
            _ => problem::STEPS as usize,
        };
        assert_eq!((row.hashes.len(), hashes.len()), (steps, steps), "{}", row.name);
    }
}

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

#[test]
fn everything_registered_is_in_the_suite() {
    let names: Vec<String> = mcu::expected().iter().map(|row| row.name.to_string()).collect();
    let has = |part: &str| names.iter().any(|name| name.contains(part));
    for entry in ENTRIES {
        let part = match entry.role {
            Role::Method => format!(":{}+", entry.name),
            Role::Optimizer => format!("+{}", entry.name),
            Role::Average => format!("average:{}", entry.name),
            // A gate runs inside the methods that it makes.
            Role::Gate => continue,
        };
        assert!(has(&part), "no row of the suite runs {}", entry.name);
    }
    for kernel in for_each_kernel!(names) {
        assert!(has(&format!("kernel:{kernel}:")), "no row of the suite runs {kernel}");
    }
}

#[test]
fn backends_of_this_machine_agree() {
    assert_eq!(mcu::native(), mcu::expected());
}

#[test]
fn every_machine_computes_the_bits_of_this_one() {
    let expected = mcu::expected();
    let names: Vec<_> = MACHINES.iter().map(|machine| machine.name).collect();
    let outcomes = run(&names, Variant::True);
    let ran =
        outcomes.iter().filter(|outcome| report(outcome, " suite") && report(outcome, " wrist")).count();
    let verdict = mcu::judge(&outcomes, &expected);
    let wanted = Verdict { passed: ran * expected.len(), failed: 0, skipped: MACHINES.len() - ran };
    assert_eq!(verdict, wanted, "{}", mcu::render(&outcomes, &expected, verdict));
}

#[test]
fn one_wrong_kernel_is_red_wherever_it_is_called_and_nowhere_else() {
    let expected = mcu::expected();
    let outcomes = run(&[BOARD], Variant::Canary);
    if !report(&outcomes[0], " canary") {
        return;
    }
    let rows = outcomes[0].rows.as_ref().unwrap();
    let red =
        |name: &str| mcu::compare(mcu::row(rows, name).unwrap(), mcu::row(&expected, name).unwrap()).is_err();
    let wrong = flatmin_parity::canary::WRONG;
    let calls_it = |spec: flatmin_sim::compose::Spec| {
        matches!(spec.optimizer, OptimizerSpec::Sgd { momentum: Some(_), nesterov: false, .. })
    };
    for (index, spec) in flatmin_parity::suite::specs().enumerate() {
        let name = format!("{index}:{spec}");
        assert_eq!(red(&name), calls_it(spec), "{name}");
    }
    for row in expected.iter().filter(|row| row.name.starts_with("kernel:")) {
        assert_eq!(red(&row.name), row.name.contains(wrong), "{}", row.name);
    }
    assert!(mcu::judge(&outcomes, &expected).failed > 0);
    // The session's canary is a wrong noise: what was measured before it is right, and every run that it touches is wrong.
    // Answers and beliefs may survive a few wrong last bits.
    for name in ["wrist:samples", "wrist:right:shipped"] {
        assert!(!red(name), "{name}");
    }
    for name in ["wrist:fold-1", "wrist:fold-2", "wrist:tune", "wrist:kept"] {
        assert!(red(name), "{name}");
    }
    say(&format!("ran: mcu {BOARD} wrist canary"));
}

#[test]
fn firmware_refuses_a_floating_point_unit_that_flushes_to_zero() {
    let outcomes = run(&[BOARD], Variant::FlushToZero);
    if report(&outcomes[0], " flush-to-zero") {
        let error = outcomes[0].rows.as_ref().unwrap_err().to_string();
        assert!(error.contains("FPSCR") && error.contains("[flush-to-zero]"), "{error}");
    }
}

#[test]
fn a_missing_row_a_strange_one_and_one_without_hashes_fail() {
    let machine = &MACHINES[0];
    let expected = mcu::expected();
    let failed = |rows| mcu::judge(&[Outcome { machine, rows: Ok(rows), log: Vec::new() }], &expected).failed;
    assert_eq!(failed(expected.clone()), 0);
    assert_eq!(failed(expected[1..].to_vec()), 1);
    let mut strange = expected.clone();
    strange[0].name = "strange".try_into().unwrap();
    assert_eq!(failed(strange), 2);
    let mut empty = expected.clone();
    empty.iter_mut().for_each(|row| row.hashes.clear());
    assert_eq!(
        mcu::judge(&[Outcome { machine, rows: Ok(empty.clone()), log: Vec::new() }], &empty).passed,
        0
    );
}

fn hash<B: Backend<Vector = [f32], Scalar = f32>>(mut b: B) -> u32 {
    let mut losses = Vec::new();
    let hash = problem::train(&mut b, &mut problem::Memory::new(), |_, loss| losses.push(loss)).unwrap();
    assert!(losses[losses.len() - 1] < losses[0], "training did not lower the loss: {losses:?}");
    hash
}

/// What a stranger sees first: `cargo run --release`, optimised for size.
#[test]
fn the_firmware_example_ends_with_the_hash_in_its_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/firmware-cortex-m");
    let line = format!("hash {:08x}", hash(Portable));
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains(&line), "the README should say `{line}`");
    let missing = mcu::compiler("thumbv7em-none-eabihf").is_err()
        || Command::new("qemu-system-arm").arg("--version").output().is_err();
    if missing {
        say("skipped: mcu example (no QEMU or no bare-metal compiler)");
        assert!(std::env::var_os("FLATMIN_MUST_RUN").is_none(), "CI must run this");
        return;
    }
    let arguments = [
        "cargo",
        "thumbv7em-none-eabihf",
        "run",
        "--release",
        "--quiet",
        "--locked",
        "--bin",
        "firmware-cortex-m",
    ];
    let script = folder.join("../../.ci/bare-metal");
    let output = Command::new(script).args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.lines().any(|l| l.trim() == line), "the host has `{line}`, the image says:\n{said}");
    say("ran: mcu example");
}
