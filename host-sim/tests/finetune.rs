//! The main job from settings to rows.

use flatmin::rng::{Draws, Key, Stream};
use flatmin_sim::data::{digits, tds};
use flatmin_sim::finetune::{Arm, Error, Row, Scope, Settings, Silent, Task, run};
use std::io::Write;
use tempfile::NamedTempFile;

const ARMS: [Arm; 10] = [
    Arm::Sgd,
    Arm::Sgd2x,
    Arm::SgdWd,
    Arm::Adam,
    Arm::Sam,
    Arm::Lpf,
    Arm::Rst,
    Arm::Ema,
    Arm::Swa,
    Arm::SamSwa,
];

/// One turned writer, every arm.
fn settings() -> Settings {
    Settings {
        tasks: vec![Task::Turned],
        arms: ARMS.to_vec(),
        person: Some(3),
        seeds: 1,
        lr: None,
        noise: 0.0,
        scope: Scope::All,
        replay: Some(0),
        data: None,
        threads: 1,
    }
}

fn rows(settings: &Settings) -> Vec<Row> {
    run(settings, &Silent).unwrap()
}

fn error(settings: &Settings) -> Error {
    run(settings, &Silent).unwrap_err()
}

fn of(rows: &[Row], arm: Arm) -> &Row {
    rows.iter().find(|row| row.method == arm).unwrap()
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let untimed = |threads| {
        let settings = Settings { seeds: 2, replay: None, noise: 0.2, threads, ..settings() };
        rows(&settings).into_iter().map(|row| Row { seconds: 0.0, ..row }).collect::<Vec<_>>()
    };
    assert_eq!(untimed(1), untimed(2));
}

#[test]
fn a_learning_rate_of_zero_changes_nothing() {
    for row in rows(&Settings { lr: Some(0.0), replay: None, ..settings() }) {
        assert_eq!((row.new_after, row.old_after), (row.new_before, row.old_before), "{:?}", row.method);
        assert!(row.curve.iter().all(|point| (point.new, point.old) == (row.curve[0].new, row.curve[0].old)));
    }
}

#[test]
fn every_arm_learns_and_counts_its_gradients() {
    let rows = rows(&settings());
    for row in &rows {
        assert!(row.new_after > row.new_before + 0.2, "{row:?}");
        assert!(!row.diverged && row.train_after > 0.9);
        assert_eq!(row.macs, row.gradients * 5_056);
        let epochs = if row.method == Arm::Sgd2x { 60 } else { 30 };
        assert!(row.curve.iter().map(|point| point.epoch).eq(0..=epochs));
        assert_eq!(row.curve[0].new, row.new_before);
        assert_eq!(row.curve.last().unwrap().new, row.new_after);
    }
    // 30 images in batches of 8 are 3 steps, and 6 images are dropped.
    let gradients = |arm| of(&rows, arm).gradients;
    for arm in [Arm::Sgd, Arm::SgdWd, Arm::Adam, Arm::Lpf, Arm::Ema, Arm::Swa] {
        assert_eq!(gradients(arm), 30 * 24);
    }
    for arm in [Arm::Sgd2x, Arm::Sam, Arm::SamSwa] {
        assert_eq!(gradients(arm), 60 * 24);
    }
    assert!((30 * 24 + 200..60 * 24 - 200).contains(&gradients(Arm::Rst)), "{}", gradients(Arm::Rst));
}

#[test]
fn replay_keeps_old_writers_and_is_the_default_for_sgd_and_sam() {
    let rows = rows(&Settings { replay: None, ..settings() });
    let replayed: Vec<_> = rows.iter().filter(|row| row.replay == 1).collect();
    assert_eq!((rows.len(), replayed.len()), (12, 2));
    for row in replayed {
        let factor = if row.method == Arm::Sam { 2 } else { 1 };
        assert_eq!(row.gradients, factor * 15 * 56, "60 images are 7 steps, for half the epochs");
        assert!(row.old_after > of(&rows, row.method).old_after);
    }
}

#[test]
fn memory_is_what_each_method_adds() {
    let rows = rows(&settings());
    let n = 4 * 2_410;
    let state = |arm| of(&rows, arm).ram.state;
    let sgd = of(&rows, Arm::Sgd).ram;
    assert_eq!((sgd.weights, sgd.gradient, sgd.activations), (n, n, 4 * (42 + 64)));
    assert!((n..n + 16).contains(&sgd.state), "a velocity and a few words");
    assert_eq!(of(&rows, Arm::Sam).ram.total(), sgd.total() + n, "the saved weights");
    assert_eq!(state(Arm::Swa), state(Arm::Sgd) + n + 4);
    assert_eq!(state(Arm::Ema), state(Arm::Swa));
    assert_eq!(state(Arm::SamSwa), state(Arm::Sam) + n + 4);
    assert_eq!(state(Arm::Lpf), state(Arm::Sam) + 4 * 44, "and a norm a filter");
    assert_eq!(state(Arm::Sgd2x), state(Arm::Sgd));
}

#[test]
fn a_smaller_scope_trains_and_pays_for_less() {
    let spar = Settings { tasks: vec![Task::Spar], arms: vec![Arm::Sgd, Arm::Sam], ..settings() };
    let last = rows(&Settings { scope: Scope::Last, ..spar.clone() });
    assert_eq!((last[0].ram.weights, last[0].lr), (4 * 119, 0.001));
    assert!(last.iter().all(|row| row.old_before > 0.9 && row.curve.len() == 31));
    let digits = |scope| rows(&Settings { scope, arms: vec![Arm::Sgd], ..settings() }).remove(0);
    let (all, bias) = (digits(Scope::All), digits(Scope::Bias));
    assert_eq!(bias.ram.weights, 4 * 42);
    assert_eq!(
        (bias.new_before, bias.old_before),
        (all.new_before, all.old_before),
        "one base model for all"
    );
    assert!(bias.macs < all.macs);
}

#[test]
fn wrong_labels_cost_accuracy() {
    let arms = vec![Arm::Sgd];
    let noisy = |noise| rows(&Settings { noise, arms: arms.clone(), ..settings() }).remove(0).new_after;
    assert!(noisy(0.9) < noisy(0.0) - 0.3);
}

#[test]
fn shuffled_labels_leave_nothing_to_learn() {
    let mut digits = tds::decode(digits::BYTES).unwrap();
    let tds::Body::Samples(samples) = &mut digits.body else { panic!("not samples") };
    Draws::new(Key::new(1, Stream::Shuffle, 0)).shuffle(&mut samples.labels);
    let file = file(&tds::encode(&digits).unwrap());
    let data = Some(file.path().to_owned());
    let rows =
        rows(&Settings { data, person: None, arms: vec![Arm::Sgd, Arm::Sam], threads: 0, ..settings() });
    let mean = |value: fn(&Row) -> f64| rows.iter().map(value).sum::<f64>() / rows.len() as f64;
    for accuracy in [mean(|row| row.new_before), mean(|row| row.new_after), mean(|row| row.old_after)] {
        assert!((accuracy - 0.1).abs() < 0.04, "{accuracy} is not chance");
    }
}

#[test]
fn a_file_with_the_embedded_data_gives_the_embedded_rows() {
    let file = file(digits::BYTES);
    let untimed = |data| {
        let tasks = vec![Task::Spar, Task::Digits];
        let data: Option<std::path::PathBuf> = data;
        // Spar does not fit the file and is left out.
        let tasks = if data.is_some() { tasks } else { vec![Task::Digits] };
        let settings = Settings { tasks, data, arms: vec![Arm::Swa], ..settings() };
        rows(&settings).into_iter().map(|row| Row { seconds: 0.0, ..row }).collect::<Vec<_>>()
    };
    assert_eq!(untimed(Some(file.path().to_owned())), untimed(None));
}

#[test]
fn divergence_is_told_and_not_fatal() {
    for row in rows(&Settings { lr: Some(1e30), ..settings() }) {
        // AdamW's and weight decay's steps are finite for a while, but no model survives them.
        assert!(row.diverged, "{:?}", row.method);
        assert_eq!(row.curve.len(), if row.method == Arm::Sgd2x { 61 } else { 31 });
    }
}

#[test]
fn errors_say_what_to_do() {
    let message = |settings: &Settings| error(settings).to_string();
    let nobody = message(&Settings { person: Some(99), ..settings() });
    assert!(nobody.contains("no person 99") && nobody.contains("13"), "{nobody}");
    let noise = message(&Settings { noise: 1.5, ..settings() });
    assert!(noise.contains("noise = 1.5") && noise.contains("between 0 and 1"), "{noise}");
    assert!(matches!(error(&Settings { seeds: 0, ..settings() }), Error::Setting { name: "seeds", .. }));
    assert!(matches!(error(&Settings { lr: Some(f32::NAN), ..settings() }), Error::Setting { .. }));
    assert!(matches!(error(&Settings { arms: vec![], ..settings() }), Error::Setting { name: "arms", .. }));

    let digits = file(digits::BYTES);
    let data = Some(digits.path().to_owned());
    let spar = message(&Settings { data, tasks: vec![Task::Spar], ..settings() });
    assert!(spar.contains("turned and digits"), "{spar}");

    let mut ten = tds::decode(digits::BYTES).unwrap();
    ten.classes = 11;
    let eleven = file(&tds::encode(&ten).unwrap());
    let shape = message(&Settings { data: Some(eleven.path().to_owned()), ..settings() });
    assert!(shape.contains("11 classes") && shape.contains("64 values in 10 classes"), "{shape}");
}
