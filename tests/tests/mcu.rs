//! The bits of an emulated microcontroller: the firmware example's run, here and under QEMU.

use flatmin::backend::{Backend, Cpu, Portable};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[allow(unreachable_pub, reason = "the file is a module of the firmware")]
#[path = "../../examples/firmware-cortex-m/src/problem.rs"]
mod problem;

fn hash<B: Backend<Vector = [f32], Scalar = f32>>(mut b: B) -> u32 {
    let mut losses = Vec::new();
    let hash = problem::train(&mut b, &mut problem::Memory::new(), |_, loss| losses.push(loss)).unwrap();
    assert_eq!(losses.len(), problem::STEPS as usize);
    assert!(losses[losses.len() - 1] < losses[0], "training did not lower the loss: {losses:?}");
    hash
}

/// Speaks past the test harness, which would keep it from whoever reads the log.
#[expect(clippy::explicit_write, reason = "eprintln! is captured by the harness")]
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn backends_of_this_machine_agree() {
    let portable = hash(Portable);
    assert_eq!(hash(Cpu::detect()), portable);
}

/// Builds the image, runs it on the emulated Cortex-M4F and reads the hash it prints. The image knows no hash.
#[test]
fn cortex_m4f_prints_the_hash_of_the_host() {
    let script = root().join(".ci/bare-metal");
    let works = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let compiler = works(Command::new(&script).args(["which", "thumbv7em-none-eabihf"]));
    if !compiler || !works(Command::new("qemu-system-arm").arg("--version")) {
        say(
            "skipped: mcu (no QEMU or no bare-metal compiler; `.ci/bare-metal install` as root installs both)",
        );
        assert!(std::env::var_os("FLATMIN_MUST_RUN").is_none(), "CI must run this test");
        return;
    }
    let output = Command::new(script)
        .args(["cargo", "thumbv7em-none-eabihf", "run", "--release", "--quiet"])
        .current_dir(root().join("examples/firmware-cortex-m"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let line = format!("hash {:08x}", hash(Portable));
    assert!(said.lines().any(|l| l.trim() == line), "the host has `{line}`, the image says:\n{said}");
    say(&format!("ran: mcu (mps2-an386, {line})"));
}
