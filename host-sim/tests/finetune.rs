//! The main job from settings to rows.

use flatmin::rng::{Draws, Key, Stream};
use flatmin_sim::data::{digits, tds};
use flatmin_sim::finetune::{
    Arm, BaseKind, Error, Guard, HARM, Options, Row, Scope, Selection, Settings, Silent, Study, Task, run,
    sequence,
};
use flatmin_sim::tolerance::{CHANCE, F64_SUM};
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
        replay: Some(0),
        threads: 1,
        ..Settings::default()
    }
}

fn noisy(noise: f32) -> Options {
    Options { noise, ..Options::default() }
}

fn scoped(scope: Scope) -> Options {
    Options { scope, ..Options::default() }
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
        let settings = Settings { seeds: 2, replay: None, options: noisy(0.2), threads, ..settings() };
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
    let last = rows(&Settings { options: scoped(Scope::Last), ..spar.clone() });
    assert_eq!((last[0].ram.weights, last[0].lr), (4 * 119, 0.001));
    assert!(last.iter().all(|row| row.old_before > 0.9 && row.curve.len() == 31));
    let digits =
        |scope| rows(&Settings { options: scoped(scope), arms: vec![Arm::Sgd], ..settings() }).remove(0);
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
    let at = |noise| {
        rows(&Settings { options: noisy(noise), arms: arms.clone(), ..settings() }).remove(0).new_after
    };
    assert!(at(0.9) < at(0.0) - 0.3);
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
        assert!((accuracy - 0.1).abs() < CHANCE.value, "{accuracy} is not chance");
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
    assert!(nobody.contains("no writer 99") && nobody.contains("13"), "{nobody}");
    let wrong = message(&Settings { options: noisy(1.5), ..settings() });
    assert!(wrong.contains("noise = 1.5") && wrong.contains("between 0 and 1"), "{wrong}");
    let wise = Options { wise_ft: true, guard: Guard::Trust, ..Options::default() };
    assert!(message(&Settings { options: wise, ..settings() }).contains("--guard accuracy"));
    let anchor = Options { anchor: f32::NAN, ..Options::default() };
    assert!(message(&Settings { options: anchor, ..settings() }).contains("anchor = NaN"));
    let blob = Options { base: BaseKind::File, ..Options::default() };
    assert!(message(&Settings { options: blob, ..settings() }).contains("blob"));
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

/// One person of the wrist, SGD.
fn wrist(options: Options) -> Settings {
    let arms = vec![Arm::Sgd];
    Settings { tasks: vec![Task::Spar], arms, person: Some(6), options, threads: 2, ..settings() }
}

#[test]
fn a_guard_keeps_or_rolls_back_and_the_row_says_which() {
    let mut rolled_back = 0;
    for guard in [Guard::Accuracy, Guard::Loss, Guard::Trust] {
        for noise in [0.0, 1.0] {
            let options = Options { guard, noise, ..Options::default() };
            let row = rows(&Settings { lr: Some(0.01), ..wrist(options) }).remove(0);
            assert_eq!((row.options, row.rolled_back), (options, row.kept.is_none()));
            assert_eq!(row.harmed, row.new_after < row.new_before - HARM);
            if row.rolled_back {
                assert_eq!((row.new_after, row.old_after), (row.new_before, row.old_before));
                rolled_back += 1;
            }
        }
    }
    assert!(rolled_back >= 1, "not even labels that are all wrong were refused");
}

#[test]
fn a_guard_costs_what_it_says() {
    let of = |guard| rows(&wrist(Options { guard, ..Options::default() })).remove(0);
    let [off, accuracy, trust] = [Guard::Off, Guard::Accuracy, Guard::Trust].map(of);
    // 28 windows in batches of 8 are 3 steps for 30 epochs; 21 are 2; the folds of 14 are one step for 7.
    let gradients = [off.gradients, accuracy.gradients, trust.gradients];
    assert_eq!(gradients, [30 * 24, 30 * 16, 30 * 24 + 2 * 7 * 8]);
    let n = 4 * 1_911;
    assert_eq!(accuracy.ram.state, off.ram.state + n);
    assert_eq!(trust.ram.state, off.ram.state + n + 4 + 4 * 28, "the mean with its count, and trust");
}

#[test]
fn an_anchor_holds_and_distillation_and_interpolation_change_what_they_should() {
    let run = |replay, options| {
        rows(&Settings { lr: Some(0.01), replay: Some(replay), ..wrist(options) }).remove(0)
    };
    let plain = Options::default();
    let (free, held) = (run(0, plain), run(0, Options { anchor: 100.0, ..plain }));
    assert!((held.new_after - held.new_before).abs() < (free.new_after - free.new_before).abs());
    assert_eq!(held.ram.state, free.ram.state + 4 * 42, "a strength a filter");
    let distil = Options { distil: true, ..plain };
    let curves = |replay, options| run(replay, options).curve;
    let nothing = Settings { replay: Some(0), ..wrist(distil) };
    assert!(error(&nothing).to_string().contains("--replay 1 or more"), "there is nothing to hold");
    assert_ne!(curves(1, distil), curves(1, plain));
    let wise = run(0, Options { wise_ft: true, guard: Guard::Accuracy, ..plain });
    assert!(wise.alpha.is_some_and(|alpha| (0.0..=1.0).contains(&alpha)));
    assert_eq!(wise.rolled_back, wise.alpha == Some(0.0));
    assert_eq!(run(0, plain).alpha, None);
}

#[test]
fn features_are_kept_with_the_same_bits_for_less_work_and_more_memory() {
    for (task, kept, values, head, body) in
        [(Task::Spar, 56, 16, 112, 31_040), (Task::Turned, 60, 32, 320, 2_048)]
    {
        let of = |features| {
            let options = Options { features, ..scoped(Scope::Last) };
            rows(&Settings { tasks: vec![task], replay: Some(1), ..wrist(options) }).remove(0)
        };
        let (anew, kept_once) = (of(false), of(true));
        let bits = |row: &Row| (row.new_after, row.old_after, row.curve.clone(), row.gradients);
        assert_eq!(bits(&anew), bits(&kept_once));
        // Forward pass and weight gradient of the head; the frozen layers every time, or once a sample.
        assert_eq!(anew.macs, anew.gradients * (2 * head + body));
        assert_eq!(kept_once.macs, anew.gradients * 2 * head + kept as u64 * body);
        let ram = [&anew, &kept_once].map(|row| row.ram.total());
        assert_eq!(ram[1] - ram[0], kept * (4 * values + 1));
    }
    let all = Settings { ..wrist(Options { features: true, ..Options::default() }) };
    assert!(error(&all).to_string().contains("--scope last"));
}

#[test]
fn stored_samples_can_be_herded() {
    let of = |selection, replay| {
        rows(&Settings { replay: Some(replay), ..wrist(Options { selection, ..Options::default() }) })
            .remove(0)
    };
    let [random, herded] = [Selection::Random, Selection::Herding].map(|selection| of(selection, 1));
    assert_ne!(random.curve, herded.curve);
    assert_eq!(of(Selection::Random, 0).curve, of(Selection::Herding, 0).curve, "nothing is stored");
    assert_eq!(serde_json::to_value(herded.options).unwrap()["selection"], "herding");
}

#[test]
fn tolerance_and_patience_are_the_guards() {
    let of = |tolerance, patience| {
        let options = Options { guard: Guard::Accuracy, tolerance, patience, ..Options::default() };
        rows(&Settings { lr: Some(0.01), person: Some(8), ..wrist(options) }).remove(0)
    };
    let free = of(None, None);
    let best = free.kept.expect("this person is helped");
    assert!(best > 1 && free.old_after < free.old_before, "or there is nothing to end, or to refuse");
    assert_eq!(of(Some(2.0), Some(1000)).kept, free.kept, "limits that nothing reaches");
    assert!(of(None, Some(1)).kept < free.kept, "patience for one epoch");
    assert!(of(Some(0.0), None).rolled_back, "old users lose, and may not");
    let refused = |options| error(&wrist(options)).to_string();
    let guarded = Options { guard: Guard::Accuracy, ..Options::default() };
    let negative = refused(Options { tolerance: Some(-1.0), ..guarded });
    assert!(negative.contains("from 0 to 2"), "{negative}");
    let unguarded = refused(Options { tolerance: Some(0.1), guard: Guard::Off, ..guarded });
    assert!(unguarded.contains("give --guard with it"), "{unguarded}");
    let trusting = refused(Options { patience: Some(3), guard: Guard::Trust, ..guarded });
    assert!(trusting.contains("--guard accuracy or loss"), "{trusting}");
}

#[test]
fn the_study_of_wrong_labels_runs_on_the_wrist_with_and_without_guards() {
    let settings = Settings {
        tasks: vec![Task::Turned, Task::Spar],
        studies: vec![Study::WrongLabels],
        ..wrist(Options::default())
    };
    let rows = rows(&settings);
    assert_eq!(rows.len(), 3 * 2 * 3 * 3, "draws, methods, guards, shares");
    assert!(
        rows.iter().all(|row| row.task == Task::Spar && row.study == Study::WrongLabels && row.lr == 0.01)
    );
    let same_start = |a: &Row, b: &Row| a.seed != b.seed || a.new_before == b.new_before;
    assert!(rows.iter().all(|a| rows.iter().all(|b| same_start(a, b))));
}

#[test]
fn a_flat_base_is_another_base() {
    let of = |arm| {
        let options = Options { base: BaseKind::Method(arm), ..Options::default() };
        rows(&Settings { options, arms: vec![Arm::Sgd], ..settings() }).remove(0)
    };
    let (sgd, sam, swa) = (of(Arm::Sgd), of(Arm::Sam), of(Arm::Swa));
    assert!(sgd.old_before != sam.old_before || sgd.new_before != sam.new_before);
    assert!(sam.old_before > 0.9 && swa.old_before > 0.9);
    assert_eq!(serde_json::to_value(sam.options).unwrap()["base"], "sam");
}

#[test]
fn a_sequence_has_a_matrix_and_its_transfer() {
    let settings = Settings { arms: vec![Arm::Sgd], replay: Some(1), ..settings() };
    let settings = Settings { person: None, tasks: vec![Task::Digits], ..settings };
    let found = sequence::run(&settings, &Silent).unwrap();
    let [one] = &found[..] else { panic!("{} sequences", found.len()) };
    assert_eq!((one.people.len(), one.accuracy.len(), one.old.len()), (4, 5, 5));
    assert!(one.accuracy.iter().all(|row| row.len() == 4) && one.old[0] > 0.9);
    let a = &one.accuracy;
    let transfer = ((a[4][0] - a[1][0]) + (a[4][1] - a[2][1]) + (a[4][2] - a[3][2])) / 3.0;
    assert!((one.backward_transfer() - transfer).abs() < F64_SUM.value);
    let learnt = (a[1][0] + a[2][1] + a[3][2] + a[4][3]) / 4.0;
    assert!((one.just_learnt() - learnt).abs() < F64_SUM.value);
    assert_eq!(sequence::run(&settings, &Silent).unwrap(), found);
    let text = flatmin_sim::report::sequence::render(&found);
    assert!(text.contains("sgd+replay") && text.contains("after no. 4"), "{text}");
}

#[test]
fn a_guard_survives_divergence() {
    for guard in [Guard::Accuracy, Guard::Loss, Guard::Trust] {
        let options = Options { guard, ..Options::default() };
        let row = rows(&Settings { lr: Some(1e30), ..wrist(options) }).remove(0);
        assert!(row.diverged && row.rolled_back && !row.harmed, "{guard:?}");
        assert_eq!((row.new_after, row.old_after), (row.new_before, row.old_before), "{guard:?}");
    }
}

#[test]
fn empty_classes_and_classes_of_one_sample_are_no_obstacle() {
    let mut digits = tds::decode(digits::BYTES).unwrap();
    let tds::Body::Samples(samples) = &mut digits.body else { panic!("not samples") };
    // The writer has no 7, and the first half of the form a single 5.
    let mut fives = 0;
    for (label, _) in samples.labels.iter_mut().zip(&samples.groups).filter(|(_, group)| **group == 3) {
        fives += u32::from(*label == 5);
        match *label {
            7 => *label = 1,
            5 if fives > 1 => *label = 6,
            _ => {}
        }
    }
    let file = file(&tds::encode(&digits).unwrap());
    let data = Some(file.path().to_owned());
    for guard in [Guard::Off, Guard::Accuracy, Guard::Loss, Guard::Trust] {
        let options = Options { guard, noise: 0.2, ..Options::default() };
        let settings = Settings {
            tasks: vec![Task::Digits],
            data: data.clone(),
            options,
            replay: Some(1),
            ..settings()
        };
        for row in rows(&Settings { arms: vec![Arm::Sgd, Arm::Swa], ..settings }) {
            assert!((0.0..=1.0).contains(&row.new_after) && row.old_after > 0.5, "{guard:?} {row:?}");
        }
    }
}

#[test]
fn trust_keeps_the_average_of_the_method() {
    let options = Options { guard: Guard::Trust, noise: 0.2, ..Options::default() };
    let arms = vec![Arm::Sgd, Arm::Ema, Arm::Swa];
    let rows = rows(&Settings { arms, lr: Some(0.01), ..wrist(options) });
    let lines = |a: Arm, b: Arm| (of(&rows, a).curve.clone(), of(&rows, b).curve.clone());
    for (a, b) in [(Arm::Sgd, Arm::Ema), (Arm::Sgd, Arm::Swa), (Arm::Ema, Arm::Swa)] {
        let (one, other) = lines(a, b);
        assert_ne!(one, other, "{a:?} and {b:?}");
    }
}

/// Digits of the first samples of some writers, so many each.
fn few(writers: &[u8], each: usize) -> NamedTempFile {
    let mut digits = tds::decode(digits::BYTES).unwrap();
    let tds::Body::Samples(samples) = &mut digits.body else { panic!("not samples") };
    let groups = &samples.groups;
    let of_writer = |writer: &u8| -> Vec<usize> {
        (0..groups.len()).filter(|&i| groups[i] == *writer).take(each).collect()
    };
    let kept: Vec<usize> = writers.iter().flat_map(of_writer).collect();
    let column = |values: &[u8]| kept.iter().map(|&i| values[i]).collect::<Vec<_>>();
    let (labels, groups, splits) =
        (column(&samples.labels), column(&samples.groups), column(&samples.splits));
    let values = kept.iter().flat_map(|&i| samples.values[64 * i..][..64].to_vec()).collect();
    digits.body = tds::Body::Samples(tds::Samples { scale: samples.scale, labels, groups, splits, values });
    file(&tds::encode(&digits).unwrap())
}

#[test]
fn files_with_hardly_anybody_are_refused_or_used_but_no_reason_to_panic() {
    let all = |file: &NamedTempFile, guard| Settings {
        tasks: vec![Task::Digits, Task::Turned],
        arms: vec![Arm::Sgd, Arm::SamSwa],
        person: None,
        data: Some(file.path().to_owned()),
        options: Options { guard, noise: 0.2, ..Options::default() },
        replay: None,
        ..settings()
    };
    for (writers, each) in
        [(&[0][..], 1), (&[0], 100), (&[0, 1], 1), (&[0, 1], 30), (&[0, 1, 2], 2), (&[0, 1, 2], 11)]
    {
        let file = few(writers, each);
        for guard in [Guard::Off, Guard::Accuracy, Guard::Loss, Guard::Trust] {
            if let Ok(rows) = run(&all(&file, guard), &Silent) {
                assert!(rows.iter().all(|row| (0.0..=1.0).contains(&row.new_after)));
            }
        }
        let found = sequence::run(&all(&file, Guard::Off), &Silent);
        match (found, writers.len()) {
            (Ok(found), 3..) => assert!(found.iter().all(|one| one.people.len() == writers.len() - 1)),
            (Err(error), 3..) => assert!(error.to_string().contains("no sample is left"), "{error}"),
            (Err(error), there) => {
                let said = error.to_string();
                assert!(
                    said.contains("at least 3 people") && said.contains(&format!("have {there}")),
                    "{said}"
                );
            }
            (Ok(_), there) => panic!("a sequence of {there}"),
        }
    }
}

#[test]
fn a_sequence_tunes_for_each_person_on_others_and_says_how() {
    let settings = Settings { arms: vec![Arm::Sgd], person: None, replay: Some(0), seeds: 2, ..settings() };
    let found = sequence::run(&Settings { tasks: vec![Task::Digits], ..settings }, &Silent).unwrap();
    for one in &found {
        // Digits without replay: 0.003 for people at even places, 0.0003 for those at odd ones; writers are numbered from 0.
        let tuned = one.people.iter().map(|person| if person % 2 == 0 { 0.003 } else { 0.0003 });
        assert!(one.lr.iter().copied().eq(tuned), "{one:?}");
    }
    let text = flatmin_sim::report::sequence::render(&found);
    assert!(text.contains("standard error over 2 seeds") && text.contains(" ± "), "{text}");
    assert!(text.replace('\n', " ").contains("sgd 0.0003 to 0.003"), "{text}");
}
