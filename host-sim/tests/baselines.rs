//! Acceptance numbers.

use flatmin_sim::baselines::{names, run};
use flatmin_sim::finetune::Silent;

#[test]
fn a_part_of_a_name_selects_rows() {
    let results = run(Some("diverges"), &Silent).unwrap();
    assert_eq!(results.len(), 1);
    assert!(results[0].pass && results[0].note == "at chance", "{:?}", results[0]);
    assert_eq!(results[0].n, 5);
    assert!(run(Some("no such row"), &Silent).unwrap_err().to_string().contains("names begin with"));
}

#[test]
fn names_are_unique() {
    let mut sorted: Vec<_> = names().collect();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names().count());
}
