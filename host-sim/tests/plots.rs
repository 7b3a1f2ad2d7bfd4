//! Pictures are drawn from any rows; they stay in the build folder (`target/tmp`) to be looked at.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/studies.rs"]
mod studies;

use flatmin_sim::finetune::{Arm, Row, Task};
use flatmin_sim::plot::{Format, Kind, Picture};
use flatmin_sim::report::summary::Summary;
use std::path::Path;

const FORMATS: [Format; 3] = [Format::File, Format::Page, Format::Phone];

/// Every picture of these rows in every format.
fn pictures(name: &str, rows: &[Row]) -> Vec<(Kind, Format, String)> {
    let mut drawn = Vec::new();
    for summary in &Summary::of(rows) {
        for picture in Picture::all(summary) {
            for format in FORMATS {
                let svg = picture.svg(format).unwrap();
                let file = format!("{}-{name}-{format:?}.svg", picture.stem());
                std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(file), &svg).unwrap();
                assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
                assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", picture.stem());
                assert_eq!(svg.contains(&picture.words().title), format == Format::File);
                drawn.push((picture.kind, format, svg));
            }
        }
    }
    drawn
}

#[test]
fn every_method_is_named_in_every_picture() {
    for (name, rows) in
        [("spar", made_up::rows(Task::Spar, 10, 1)), ("turned", made_up::rows(Task::Turned, 14, 1))]
    {
        let drawn = pictures(name, &rows);
        assert_eq!(drawn.len(), 3 * FORMATS.len());
        for (kind, format, picture) in drawn {
            for line in &Summary::of(&rows)[0].lines {
                let named = picture.contains(&format!("\n{}\n", line.label()));
                assert!(named, "{} in {kind:?} of {name}, {format:?}", line.label());
            }
            assert_eq!(picture.contains("before"), kind == Kind::TradeOff);
        }
    }
}

#[test]
fn files_have_names_of_their_own() {
    let summaries = Summary::of(&studies::everything());
    let mut stems: Vec<String> =
        summaries.iter().flat_map(Picture::all).map(|picture| picture.stem()).collect();
    assert!(stems.contains(&"harm-spar-20".to_owned()), "{stems:?}");
    let count = stems.len();
    stems.sort();
    stems.dedup();
    assert_eq!(stems.len(), count, "{stems:?}");
}

#[test]
fn harm_is_told_guard_by_guard() {
    let drawn = pictures("guards", &studies::wrong_labels());
    let [summary] = &Summary::of(&studies::wrong_labels())[..] else { panic!("one study of one task") };
    for (_, format, picture) in drawn.iter().filter(|(kind, ..)| *kind == Kind::Harm(0.2)) {
        for line in summary.lines.iter().filter(|line| line.options.noise == 0.2) {
            let harmed = 100.0 * line.harmed as f64 / line.runs as f64;
            assert!(picture.contains(&format!("{harmed:.0} % harmed")), "{format:?}: {}", line.label());
        }
        assert!(picture.contains("no guard") && picture.contains("guard: trust"));
    }
    assert!(drawn.iter().any(|(kind, ..)| *kind == Kind::Harm(0.0)));
}

#[test]
fn methods_with_wrong_labels_show_harm() {
    let mut rows = made_up::rows(Task::Spar, 4, 1);
    rows.iter_mut().for_each(|row| row.options.noise = 0.3);
    let drawn = pictures("noisy", &rows);
    assert!(drawn.iter().any(|(kind, ..)| *kind == Kind::Harm(0.3)));
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
    pictures("without-curves", &bare);
    let mut large = made_up::rows(Task::Spar, 1, 1);
    large.iter_mut().for_each(|row| row.ram.state = 1 << 20);
    pictures("large", &large);
}
