//! When training counts as diverged.

use flatmin::tune::{Diverged, Divergence, Score, at_chance};

#[test]
fn both_bounds_must_be_exceeded() {
    let mut watch = Divergence::new(7);
    assert_eq!(watch.epoch(1.0), None);
    // ln 7 + 3 = 4.95: ten times the first epoch's is more.
    for (loss, diverged) in [(4.9, false), (9.9, false), (10.1, true)] {
        assert_eq!(watch.epoch(loss).is_some(), diverged, "{loss}");
    }
    let mut late = Divergence::new(7);
    assert_eq!(late.epoch(0.1), None);
    for (loss, diverged) in [(1.1, false), (4.9, false), (5.0, true)] {
        assert_eq!(late.epoch(loss).is_some(), diverged, "{loss}");
    }
}

#[test]
fn a_loss_that_is_no_number_is_divergence_at_once_and_no_first_epoch() {
    let mut watch = Divergence::new(7);
    for loss in [f32::NAN, f32::INFINITY] {
        assert_eq!(watch.epoch(loss), Some(Diverged::NonFinite));
    }
    assert_eq!(watch.epoch(1.0), None);
    assert_eq!(watch.epoch(20.0), Some(Diverged::Exploded { loss: 20.0, first: 1.0 }));
}

#[test]
fn chance_is_within_two_standard_errors_on_either_side() {
    // 70 answers in 7 classes: 10 by chance, standard error 2.93.
    for (right, chance) in [(4, false), (5, true), (10, true), (15, true), (16, false)] {
        assert_eq!(at_chance(right, 70, 7), chance, "{right}");
    }
    // All-wrong labels are no fault of the model.
    assert!(!at_chance(0, 70, 7));
    for (right, total, classes) in [(0, 0, 7), (5, 5, 1), (0, 5, 1), (3, 9, 0)] {
        assert!(!at_chance(right, total, classes), "{right} of {total} in {classes}");
    }
    let score = |right, loss| Score { right, total: 70, loss };
    let answers = |right, loss| Divergence::new(7).answers(&score(right, loss), &score(60, 1.0));
    assert_eq!(answers(10, 1.0), Some(Diverged::AtChance { right: 10, total: 70 }));
    assert_eq!((answers(50, 1.0), answers(50, f32::NAN)), (None, Some(Diverged::NonFinite)));
}

#[test]
fn wrong_labels_are_no_divergence() {
    let score = |right| Score { right, total: 70, loss: 1.0 };
    let watch = Divergence::new(7);
    // The factory weights are at chance by these labels, or below it: so many are wrong that right answers say nothing.
    for factory in [0, 4, 10, 15] {
        assert_eq!(watch.answers(&score(10), &score(factory)), None, "{factory}");
    }
    assert!(watch.answers(&score(10), &score(16)).is_some());
    assert_eq!(watch.answers(&Score::default(), &Score::default()), None);
}
