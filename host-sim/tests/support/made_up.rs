//! Rows that nobody measured, close to real ones, to see what reports make of them.

use flatmin_sim::finetune::{Arm, Options, Point, Ram, Row, Study, Task};
use flatmin_sim::report::label::ARMS;

/// Where an arm ends up: new and old accuracy in percent, gradients, RAM beside the weights' 7,644 bytes in vectors.
struct End {
    new: f64,
    old: f64,
    epochs: u32,
    gradients: u64,
    vectors: usize,
}

fn end(task: Task, arm: Arm, replay: u32) -> End {
    let (new, old) = match (task, arm, replay > 0) {
        (Task::Spar, Arm::Sgd, false) => (87.7, 93.6),
        (Task::Spar, Arm::Sgd2x, _) => (88.0, 92.9),
        (Task::Spar, Arm::SgdWd, _) => (87.6, 93.6),
        (Task::Spar, Arm::Adam, _) => (87.9, 93.7),
        (Task::Spar, Arm::Sam, false) => (88.2, 92.7),
        (Task::Spar, Arm::Lpf, _) => (88.2, 93.3),
        (Task::Spar, Arm::Rst, _) => (88.3, 93.1),
        (Task::Spar, Arm::Ema, _) => (87.6, 93.8),
        (Task::Spar, Arm::Swa, _) => (87.4, 94.1),
        (Task::Spar, Arm::SamSwa, _) => (87.8, 93.3),
        (Task::Spar, Arm::Sgd, true) => (90.1, 92.7),
        (Task::Spar, Arm::Sam, true) => (90.8, 92.7),
        (_, Arm::Sgd, false) => (92.0, 86.6),
        (_, Arm::Sgd2x, _) => (92.3, 86.0),
        (_, Arm::SgdWd, _) => (92.1, 86.7),
        (_, Arm::Adam, _) => (92.6, 86.4),
        (_, Arm::Sam, false) => (91.8, 87.6),
        (_, Arm::Lpf, _) => (90.8, 88.2),
        (_, Arm::Rst, _) => (91.9, 87.2),
        (_, Arm::Ema, _) => (91.9, 86.6),
        (_, Arm::Swa, _) => (91.1, 86.8),
        (_, Arm::SamSwa, _) => (91.5, 87.5),
        (_, Arm::Sgd, true) => (92.4, 93.1),
        (_, Arm::Sam, true) => (93.3, 92.9),
    };
    let epochs = if replay > 0 { 15 } else { 30 } * if arm == Arm::Sgd2x { 2 } else { 1 };
    let a_step = if matches!(arm, Arm::Sam | Arm::SamSwa) { 2 } else { 1 };
    let vectors = match arm {
        Arm::Sgd | Arm::Sgd2x | Arm::SgdWd => 1,
        Arm::SamSwa => 3,
        _ => 2,
    };
    End { new, old, epochs, gradients: u64::from(epochs) * 24 * a_step, vectors }
}

/// A number in [-1, 1] that depends on all of `parts` and on nothing else.
pub(crate) fn wobble(parts: [u32; 4]) -> f64 {
    let mix = parts
        .iter()
        .fold(2_166_136_261_u32, |h, p| (h ^ p).wrapping_mul(16_777_619).rotate_left(13) ^ 0x9E37);
    f64::from(mix % 2001) / 1000.0 - 1.0
}

fn row(task: Task, person: u8, seed: u32, method: Arm, replay: u32) -> Row {
    let End { new, old, epochs, gradients, vectors } = end(task, method, replay);
    let before = if task == Task::Spar { (84.0, 96.0) } else { (46.3, 97.2) };
    let of_person = 6.0 * wobble([1, person.into(), 7, 0]);
    let of_run = |salt| 1.1 * wobble([method as u32 + 31 * replay, person.into(), seed, salt]);
    let point = |epoch: u32| {
        let share = 1.0 - (-f64::from(epoch) / 5.0).exp();
        let noise = 0.004 * share;
        Point {
            epoch,
            new: (before.0 + (new - before.0) * share + of_person + share * of_run(1)) / 100.0
                + noise * wobble([epoch, 3, method as u32, person.into()]),
            old: (before.1 + (old - before.1) * share + share * of_run(2)) / 100.0
                + noise * wobble([epoch, 4, method as u32, person.into()]),
        }
    };
    let curve: Vec<Point> = (0..=epochs).map(point).collect();
    let (first, last) = (curve[0], curve[curve.len() - 1]);
    Row {
        task,
        person,
        seed,
        method,
        replay,
        study: Study::Methods,
        options: Options::default(),
        lr: 0.003,
        harmed: last.new < first.new - 0.01,
        rolled_back: false,
        kept: None,
        alpha: None,
        new_before: first.new,
        new_after: last.new.min(1.0),
        old_before: first.old,
        old_after: last.old,
        train_after: 1.0,
        gradients,
        macs: gradients * 93_000,
        ram: Ram { weights: 7_644, gradient: 7_644, state: vectors * 7_644, activations: 5_900 },
        diverged: method == Arm::SamSwa && person == 3 && seed == 0,
        curve,
        seconds: gradients as f64 * 0.000_13,
    }
}

/// Every method for these people, without stored samples, and sgd and sam also with one, as the real job runs them.
pub(crate) fn rows(task: Task, people: u8, seeds: u32) -> Vec<Row> {
    let arms = || ARMS.into_iter().map(|arm| (arm, 0)).chain([(Arm::Sgd, 1), (Arm::Sam, 1)]);
    let of = |person| {
        (0..seeds).flat_map(move |seed| arms().map(move |(arm, replay)| row(task, person, seed, arm, replay)))
    };
    (1..=people).flat_map(of).collect()
}
