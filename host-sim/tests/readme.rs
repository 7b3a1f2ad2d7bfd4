//! README.md shows the registry as it is.

use flatmin_sim::report::methods::{BEGIN, END, markdown};

#[test]
fn the_methods_table_is_that_of_the_registry() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, rest) = readme.split_once(BEGIN).expect("the marker that begins the table");
    let (table, _) = rest.split_once(END).expect("the marker that ends it");
    let new = markdown();
    let new = new.trim().trim_start_matches(BEGIN).trim_end_matches(END);
    assert_eq!(table.trim(), new.trim(), "run `flatmin-sim methods --markdown` and paste what it prints");
}
