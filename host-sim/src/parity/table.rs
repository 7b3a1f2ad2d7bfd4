//! The report as text.

use super::{Finding, Report, Tier};
use std::fmt::Write;

/// Every comparison in a line, what was missing, and the sum.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    for (name, about) in &report.present {
        let _ = writeln!(out, "\n{name}{}{about} against portable", if about.is_empty() { "" } else { ": " });
        let _ = writeln!(
            out,
            "  {:<28} {:>5}  {:<5}  {:>10}  {:>9}  {:>19}",
            "", "steps", "tier", "largest ULP", "absolute", "measured / bar"
        );
        for finding in report.findings.iter().filter(|finding| finding.backend == *name) {
            out += &line(finding);
        }
    }
    out += "\n";
    for (name, why) in &report.absent {
        let _ = writeln!(out, "absent: {name} ({why})");
    }
    let (passed, failed) = report.counts();
    let _ = writeln!(out, "{passed} passed, {failed} failed");
    out
}

fn line(finding: &Finding) -> String {
    let Finding { subject, steps, tier, deviation, measured, bar, passed, .. } = finding;
    let steps = if *steps == 0 { String::new() } else { steps.to_string() };
    let (tier, against) = match tier {
        Tier::Exact => ("exact", "bits".to_owned()),
        Tier::Ulp => ("ulp", format!("{measured:.1e} / {bar:.1e}")),
        Tier::Drift => ("drift", format!("{measured:.1e} / {bar:.1e}")),
    };
    let ulp = if deviation.ulp == u32::MAX { "NaN".to_owned() } else { deviation.ulp.to_string() };
    let verdict = if *passed { "" } else { "  FAIL" };
    format!(
        "  {subject:<28} {steps:>5}  {tier:<5}  {ulp:>11}  {:>9.1e}  {against:>19}{verdict}\n",
        deviation.absolute
    )
}
