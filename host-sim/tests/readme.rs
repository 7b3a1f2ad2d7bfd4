//! README.md says what the registry says.

use flatmin_sim::report::methods::{BEGIN, END, markdown};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

#[test]
fn the_table_of_methods_is_the_registry() {
    let readme = std::fs::read_to_string(README).unwrap();
    let (_, rest) =
        readme.split_once(BEGIN).expect("README.md has lost the beginning of its table of methods");
    let (block, _) = rest.split_once(END).expect("README.md has lost the end of its table of methods");
    assert!(
        block.trim() == markdown().trim(),
        "README.md is behind the registry: put the output of `cargo run --release -- methods --markdown` between \
         {BEGIN} and {END}"
    );
}
