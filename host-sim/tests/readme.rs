//! README.md shows the registry and the bill as they are.

use flatmin_sim::report::methods::{BEGIN, END, markdown};
use std::process::Command;

/// What README.md says between two markers.
fn between(begin: &str, end: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, rest) = readme.split_once(begin).expect("the marker that begins it");
    rest.split_once(end).expect("the marker that ends it").0.to_owned()
}

#[test]
fn the_methods_table_is_that_of_the_registry() {
    let table = between(BEGIN, END);
    let new = markdown();
    let new = new.trim().trim_start_matches(BEGIN).trim_end_matches(END);
    assert_eq!(table.trim(), new.trim(), "run `flatmin-sim methods --markdown` and paste what it prints");
}

/// The command that stands there, and its table up to the first empty line after it.
#[test]
fn the_bill_is_what_its_command_prints() {
    let text = between("<!-- budget:begin -->", "<!-- budget:end -->");
    let mut blocks = text.split("```").skip(1).step_by(2);
    let [command, shown] = [blocks.next().unwrap(), blocks.next().unwrap()];
    let asked =
        command.trim().strip_prefix("sh\ncargo run --release -- ").expect("a command of this program");
    let done =
        Command::new(env!("CARGO_BIN_EXE_flatmin-sim")).args(asked.split_whitespace()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let printed = String::from_utf8(done.stdout).unwrap();
    let table: Vec<&str> = printed.splitn(3, "\n\n").take(2).collect();
    let table = table.join("\n\n");
    let shown = shown.strip_prefix("text\n").unwrap().trim_end();
    assert_eq!(shown, table.trim_end(), "paste what `{asked}` prints");
}
