//! The parity suite on the CPU, and that it can fail.

use flatmin_sim::parity::backends::{NAMES, Promise};
use flatmin_sim::parity::{Fault, Literal, Plan, Report, Tier, on, run, table};

fn plan(len: usize, steps: u32) -> Plan {
    Plan { backends: vec!["avx2", "cpu"], seed: 3, len, steps, gpu_from: None }
}

fn failed(report: &Report) -> Vec<&str> {
    report.findings.iter().filter(|finding| !finding.passed).map(|finding| &finding.subject[..]).collect()
}

#[test]
fn every_cpu_backend_has_the_bits_of_portable() {
    let report = run(&plan(5_000, 100), &mut |_| {});
    assert!(report.present.iter().any(|(name, _)| *name == "cpu"));
    assert_eq!(failed(&report), [""; 0]);
    assert!(report.counts().0 > 100 && report.findings.iter().all(|finding| finding.tier == Tier::Exact));
}

#[test]
fn the_written_definition_has_them_too() {
    let report = on(&plan(3_000, 20), "literal", Promise::Bits, Literal::default());
    assert_eq!(failed(&report), [""; 0]);
}

#[test]
fn one_ulp_fails_where_bits_are_promised_and_passes_where_closeness_is() {
    let spoiled = || Literal { fault: Some(Fault::Ulp) };
    let bits = on(&plan(3_000, 2), "spoiled", Promise::Bits, spoiled());
    assert_eq!(bits.counts().0, 0, "{}", table(&bits));
    let close = on(&plan(3_000, 2), "spoiled", Promise::Closeness, spoiled());
    // A sum of zeros has no scale.
    assert!(failed(&close).iter().all(|subject| subject.starts_with("non_finite")), "{}", table(&close));
}

#[test]
fn other_noise_and_another_order_fail_their_bars() {
    let shifted = on(&plan(3_000, 100), "spoiled", Promise::Closeness, Literal { fault: Some(Fault::Shift) });
    let subjects = failed(&shifted);
    for noisy in ["perturb", "reperturb", "lpf_sgd + momentum"] {
        assert!(subjects.contains(&noisy), "{noisy} passed\n{}", table(&shifted));
    }
    assert!(
        subjects.iter().all(|subject| subject.contains("perturb") || subject.starts_with("lpf")),
        "{subjects:?}"
    );
    let order = on(&plan(3_000, 2), "spoiled", Promise::Bits, Literal { fault: Some(Fault::Order) });
    assert!(failed(&order).contains(&"sq_norm") && failed(&order).contains(&"sam + adam"));
}

#[test]
fn what_is_missing_is_said_and_the_last_line_counts() {
    assert_eq!(NAMES.last(), Some(&"gpu"));
    let mut report = run(&plan(100, 1), &mut |_| {});
    report.absent.push(("gpu", "no such thing".into()));
    let text = table(&report);
    assert!(text.contains("absent: gpu (no such thing)"));
    let (passed, _) = report.counts();
    assert!(text.ends_with(&format!("\n{passed} passed, 0 failed\n")), "{text}");
    report.findings[0].passed = false;
    let text = table(&report);
    assert!(text.contains("FAIL") && text.ends_with(&format!("\n{} passed, 1 failed\n", passed - 1)));
}
