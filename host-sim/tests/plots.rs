//! Pictures are drawn from any rows; they stay in the build folder (`target/tmp`) to be looked at.

#[path = "support/made_up.rs"]
mod made_up;

use flatmin_sim::finetune::{Arm, Row, Task};
use flatmin_sim::plot;
use flatmin_sim::report::summary::Summary;
use std::path::Path;

fn pictures(name: &str, rows: &[Row]) -> [String; 2] {
    let summary = &Summary::of(rows)[0];
    let pictures = [plot::tradeoff(summary).unwrap(), plot::curves(summary).unwrap()];
    for (kind, picture) in ["tradeoff", "curves"].iter().zip(&pictures) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{kind}-{name}.svg"));
        std::fs::write(file, picture).unwrap();
    }
    pictures
}

#[test]
fn every_method_is_named_in_both() {
    for (name, rows) in
        [("spar", made_up::rows(Task::Spar, 10, 1)), ("turned", made_up::rows(Task::Turned, 14, 1))]
    {
        for picture in pictures(name, &rows) {
            assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
            for line in &Summary::of(&rows)[0].lines {
                assert!(picture.contains(&format!("\n{}\n", line.label())), "{} in {name}", line.label());
            }
            assert!(!picture.contains("NaN") && !picture.contains("inf"));
        }
        assert!(pictures(name, &rows)[0].contains("before"));
    }
}

#[test]
fn few_rows_are_enough() {
    pictures("one-run", &made_up::rows(Task::Spar, 1, 1));
    let only =
        |arm| made_up::rows(Task::Spar, 3, 2).into_iter().filter(|row| row.method == arm).collect::<Vec<_>>();
    pictures("only-sgd", &only(Arm::Sgd));
    pictures("without-sgd", &only(Arm::Swa));
    let mut bare = made_up::rows(Task::Digits, 1, 1);
    bare.truncate(2);
    bare.iter_mut().for_each(|row| row.curve.clear());
    let [tradeoff, curves] = pictures("without-curves", &bare);
    assert!(!tradeoff.contains("NaN") && !curves.contains("NaN"));
}
