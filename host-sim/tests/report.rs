//! What reports make of rows.

#[path = "support/made_up.rs"]
mod made_up;

use flatmin_sim::finetune::{Arm, Guard, Options, Row, Scope, Study, Task};
use flatmin_sim::report::summary::Summary;
use flatmin_sim::report::table::{self, Conditions, WIDTH};
use flatmin_sim::report::{rows, verdict};

fn both() -> Vec<Row> {
    [made_up::rows(Task::Turned, 14, 1), made_up::rows(Task::Spar, 10, 3)].concat()
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn the_table_is_recomputed_from_json_lines() {
    let measured = both();
    let lines = rows::to_lines(&measured).unwrap();
    assert_eq!(lines.lines().count(), measured.len());
    let read = rows::from_lines(&lines).unwrap();
    assert_eq!(read, measured);
    let conditions = Conditions::default();
    let printed = table::render(&Summary::of(&measured), &conditions);
    assert_eq!(table::render(&Summary::of(&read), &conditions), printed);
    println!("{printed}");
}

#[test]
fn the_order_of_rows_of_a_method_does_not_matter() {
    let mut measured = both();
    let summaries = Summary::of(&measured);
    measured.sort_by_key(|row| (row.task as u8, row.method as u8, row.replay));
    let sorted = Summary::of(&measured);
    for (one, other) in summaries.iter().zip(&sorted) {
        let mut lines: Vec<String> = one.lines.iter().map(|line| format!("{:?}", line.against)).collect();
        let mut others: Vec<String> = other.lines.iter().map(|line| format!("{:?}", line.against)).collect();
        lines.sort();
        others.sort();
        assert_eq!(lines, others);
    }
}

#[test]
fn tables_fit_a_terminal() {
    let conditions =
        Conditions { noise: 0.2, scope: Scope::Bias, lr: Some(0.01), data: Some("my.tds".into()) };
    let mut measured = both();
    for row in measured.iter_mut().filter(|row| row.method == Arm::Adam) {
        // Far worse than sgd: the widest differences there are.
        row.new_after -= 0.3 + 0.01 * f64::from(row.person);
        row.old_after -= 0.2 + 0.02 * f64::from(row.person);
    }
    for conditions in [Conditions::default(), conditions] {
        let text = table::render(&Summary::of(&measured), &conditions);
        assert!(widest(&text) <= WIDTH, "{}:\n{text}", widest(&text));
    }
}

#[test]
fn numbers_of_a_table_are_those_of_the_rows() {
    let base = made_up::rows(Task::Spar, 2, 1);
    let mut measured: Vec<Row> =
        base.into_iter().filter(|row| row.replay == 0 && matches!(row.method, Arm::Sgd | Arm::Sam)).collect();
    for row in &mut measured {
        (row.new_before, row.old_before, row.train_after) = (0.8, 0.9, 1.0);
        let gain = if row.method == Arm::Sam { 0.01 * f64::from(row.person) } else { 0.0 };
        (row.new_after, row.old_after) = (0.85 + gain, 0.88 - gain);
    }
    let text = table::render(&Summary::of(&measured), &Conditions::default());
    let words = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let sam = "sam 80.0 → 86.5 90.0 → 86.5 100.0 13.5 +1.5 ± 0.5 -1.5 ± 0.5 1,440 134 M 0.19 s 36,476 (35.6)";
    assert_eq!(words("sam "), sam);
    assert!(words("sgd ").contains("100.0 15.0 base base 720"), "{text}");
    assert!(text.contains("2 people are too few"), "{text}");
}

#[test]
fn a_single_run_has_no_differences() {
    let text = table::render(&Summary::of(&made_up::rows(Task::Spar, 1, 1)), &Conditions::default());
    assert!(!text.lines().any(|line| line.starts_with("sam") && line.contains('±')), "{text}");
    assert!(text.contains("A single run a method"), "{text}");
}

#[test]
fn verdicts_say_no_more_than_the_numbers() {
    let say = |rows: &[Row]| verdict::verdict(&Summary::of(rows)[0]);
    let only = |keep: fn(&Row) -> bool| {
        made_up::rows(Task::Spar, 10, 2).into_iter().filter(keep).collect::<Vec<_>>()
    };
    let all = say(&only(|_| true));
    assert!(
        all.contains("sam+replay is the best of 11") && all.contains("Without more stored samples"),
        "{all}"
    );
    let one = say(&only(|row| row.replay == 0 && matches!(row.method, Arm::Sgd | Arm::Ema)));
    assert!(one.contains("does not beat sgd by 2 standard errors"), "{one}");
    let no_sgd = say(&only(|row| row.method == Arm::Lpf));
    assert!(no_sgd.contains("add it to --method"), "{no_sgd}");
    let only_sgd = say(&only(|row| row.method == Arm::Sgd && row.replay == 0));
    assert!(only_sgd.contains("sgd ran alone"), "{only_sgd}");
}

#[test]
fn sgd_with_fewest_stored_samples_is_the_base() {
    let mut measured = made_up::rows(Task::Spar, 4, 1);
    measured.retain(|row| row.replay == 1);
    let summary = &Summary::of(&measured)[0];
    assert_eq!(summary.base().unwrap().label(), "sgd+replay");
    assert!(summary.lines.iter().any(|line| line.against.is_some()));
}

#[test]
fn nothing_comes_of_nothing() {
    assert!(Summary::of(&[]).is_empty());
    assert_eq!(table::render(&[], &Conditions::default()), "");
}

/// The rows of sgd and sam+replay as the study of wrong labels has them.
fn wrong_labels() -> Vec<Row> {
    let mut all = Vec::new();
    for noise in [0.0, 0.2] {
        for guard in [Guard::Off, Guard::Accuracy, Guard::Trust] {
            let wanted = |row: &Row| {
                (row.method, row.replay) == (Arm::Sgd, 0) || (row.method, row.replay) == (Arm::Sam, 1)
            };
            let rows = made_up::rows(Task::Spar, 10, 3).into_iter().filter(wanted);
            all.extend(rows.map(|row| Row {
                study: Study::WrongLabels,
                options: Options { noise, guard, ..Options::default() },
                rolled_back: guard != Guard::Off && row.person < 4,
                harmed: noise > 0.0 && row.seed == 0,
                ..row
            }));
        }
    }
    all
}

#[test]
fn the_table_of_wrong_labels_is_recomputed_from_json_lines() {
    let measured = [made_up::rows(Task::Spar, 4, 1), wrong_labels()].concat();
    let read = rows::from_lines(&rows::to_lines(&measured).unwrap()).unwrap();
    assert_eq!(read, measured);
    let text = table::render(&Summary::of(&read), &Conditions::default());
    let at = text.find("20 % of the user's labels wrong").unwrap();
    let line = text[at..].lines().find(|line| line.starts_with("sam+replay  trust")).unwrap();
    assert_eq!(line.matches("33 %").count(), 1, "ten of thirty harmed: {line}");
    assert_eq!(line.matches("30 %").count(), 1, "nine of thirty rolled back: {line}");
    assert!(widest(&text) <= WIDTH, "{}:\n{text}", widest(&text));
}

#[test]
fn what_keeps_old_users_fits_and_names_what_was_done() {
    let mut measured = Vec::new();
    for (anchor, distil) in [(0.0, false), (0.1, false), (0.0, true)] {
        let sgd = made_up::rows(Task::Turned, 14, 1).into_iter().filter(|row| row.method == Arm::Sgd);
        let options = Options { anchor, distil, guard: Guard::Accuracy, wise_ft: true, ..Options::default() };
        measured.extend(sgd.map(|row| Row { study: Study::Keeping, options, ..row }));
    }
    let text = table::render(&Summary::of(&measured), &Conditions::default());
    assert!(text.contains("sgd+replay+distil+wise-ft, accuracy"), "{text}");
    assert!(widest(&text) <= WIDTH, "{}:\n{text}", widest(&text));
}
