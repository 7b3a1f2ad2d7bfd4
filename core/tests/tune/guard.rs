//! What the guard keeps, and what never beats the factory weights.

use flatmin::backend::Portable;
use flatmin::tune::{
    Criterion, CrossValidation, Diverged, Guard, Outcome, Rule, Score, Scores, Verdict, fold,
};

const FACTORY: [f32; 2] = [1.0, 2.0];

fn score(right: u32, total: u32, loss: f32) -> Score {
    Score { right, total, loss }
}

fn scores(new: Score, old: Score) -> Scores {
    Scores { new, old }
}

/// The outcome of a run with these epochs, and the weights in place: those of epoch e are [10 e, 10 e].
fn run(rule: Rule, factory: Scores, epochs: &[Scores]) -> (Outcome, [f32; 2]) {
    let mut guard = Guard::new(rule, factory, [f32::NAN; 2]);
    let mut w = FACTORY;
    for scores in epochs {
        w = [w[0].mul_add(0.0, 10.0 * (guard.epochs() + 1) as f32); 2];
        if guard.observe::<Portable>(&mut Portable, &w, *scores).unwrap() == Verdict::Stop {
            break;
        }
    }
    let outcome = guard.finish::<Portable>(&mut Portable, &mut w, &FACTORY).unwrap();
    assert_eq!(outcome, guard.outcome());
    (outcome, w)
}

#[test]
fn the_first_of_the_best_epochs_is_kept() {
    let factory = scores(score(3, 7, 0.0), score(27, 28, 0.0));
    let at = |new, old| scores(score(new, 7, 0.0), score(old, 28, 0.0));
    let epochs = [at(4, 26), at(5, 27), at(6, 23), at(5, 27), at(4, 28)];
    // One of 7 weighs as much as four of 28.
    assert_eq!(run(Rule::default(), factory, &epochs), (Outcome::Kept { epoch: 2 }, [20.0; 2]));
    let loses = [at(4, 23), at(3, 27), at(2, 28)];
    assert_eq!(run(Rule::default(), factory, &loses), (Outcome::RolledBack, FACTORY));
}

/// What keeps the weights elsewhere hears and decides the same.
#[test]
fn scores_alone_are_judged_as_with_weights() {
    let factory = scores(score(3, 7, 0.0), score(27, 28, 0.0));
    let at = |new, old| scores(score(new, 7, 0.0), score(old, 28, 0.0));
    let mut with = Guard::new(Rule { patience: 2, ..Rule::default() }, factory, [0.0; 2]);
    let mut alone = Guard::new(Rule { patience: 2, ..Rule::default() }, factory, ());
    for (new, expected) in [
        (2, Verdict::NoBetter { since: 1 }),
        (5, Verdict::Better),
        (5, Verdict::NoBetter { since: 1 }),
        (4, Verdict::Stop),
    ] {
        assert_eq!(alone.judge(at(new, 27)), expected);
        assert_eq!(with.observe::<Portable>(&mut Portable, &FACTORY, at(new, 27)), Ok(expected));
    }
    assert_eq!((alone.outcome(), alone.best()), (Outcome::Kept { epoch: 2 }, at(5, 27)));
    alone.heed(Some(Diverged::NonFinite));
    assert_eq!((alone.judge(at(7, 28)), alone.outcome()), (Verdict::Stop, Outcome::RolledBack));
}

#[test]
fn nothing_beats_the_factory_weights_without_evidence() {
    let some = score(3, 7, 7.0);
    let none = Score::default();
    let nan = score(7, 7, f32::NAN);
    for criterion in [Criterion::Accuracy, Criterion::Loss] {
        let rule = Rule { criterion, ..Rule::default() };
        let rolled_back = |factory, epoch| run(rule, factory, &[epoch]) == (Outcome::RolledBack, FACTORY);
        assert!(rolled_back(scores(none, none), scores(none, none)), "no samples");
        assert!(rolled_back(scores(some, some), scores(some, some)), "no difference");
        assert!(rolled_back(scores(score(0, 7, 9.0), none), scores(score(0, 7, 9.0), none)), "all wrong");
        if criterion == Criterion::Loss {
            assert!(rolled_back(scores(some, some), scores(nan, some)), "a loss that is no number");
            assert!(rolled_back(scores(nan, some), scores(some, some)), "of the factory");
        }
    }
}

#[test]
fn samples_of_one_class_and_single_samples_are_evidence() {
    let (before, after) =
        (scores(score(0, 1, 2.0), Score::default()), scores(score(1, 1, 0.5), Score::default()));
    for criterion in [Criterion::Accuracy, Criterion::Loss] {
        let rule = Rule { criterion, ..Rule::default() };
        assert_eq!(run(rule, before, &[after]).0, Outcome::Kept { epoch: 1 });
    }
}

#[test]
fn a_score_counts_the_first_of_the_greatest_logits_and_no_nan() {
    let mut score = Score::default();
    for (logits, label) in [
        (&[1.0, 3.0, 3.0][..], 1),
        (&[1.0, 3.0, 3.0], 2),
        (&[f32::NAN, 0.0, -1.0], 1),
        (&[f32::NAN; 3], 0),
        (&[0.0, 1.0, 2.0], 9),
        (&[], 0),
    ] {
        score.add(logits, label);
    }
    assert_eq!((score.right, score.total), (2, 6));
    assert!(score.loss.is_nan());
}

#[test]
fn tolerance_patience_and_least_gain_bind() {
    let factory = scores(score(5, 10, 0.0), score(10, 10, 0.0));
    let at = |new, old| scores(score(new, 10, 0.0), score(old, 10, 0.0));
    let rule = Rule { tolerance: 0.15, ..Rule::default() };
    assert_eq!(run(rule, factory, &[at(9, 8), at(7, 9)]).0, Outcome::Kept { epoch: 2 });
    let rule = Rule { min_gain: 0.15, ..Rule::default() };
    assert_eq!(run(rule, factory, &[at(6, 10), at(7, 10), at(8, 10)]).0, Outcome::Kept { epoch: 2 });
    let rule = Rule { patience: 2, ..Rule::default() };
    let late = [at(5, 10), at(5, 9), at(9, 10)];
    assert_eq!(run(rule, factory, &late), (Outcome::RolledBack, FACTORY), "stopped before the good epoch");
}

#[test]
fn undo_and_redo() {
    let factory = scores(score(0, 1, 0.0), Score::default());
    let mut guard = Guard::new(Rule::default(), factory, [0.0; 2]);
    let better = scores(score(1, 1, 0.0), Score::default());
    guard.observe::<Portable>(&mut Portable, &[7.0, 8.0], better).unwrap();
    let mut w = [0.0; 2];
    guard.undo::<Portable>(&mut Portable, &mut w, &FACTORY).unwrap();
    assert_eq!(w, FACTORY);
    guard.finish::<Portable>(&mut Portable, &mut w, &FACTORY).unwrap();
    assert_eq!((w, guard.weights::<Portable>()), ([7.0, 8.0], Some(&[7.0, 8.0][..])));
}

#[test]
fn vectors_of_another_length_are_refused() {
    let mut guard = Guard::new(Rule::default(), Scores::default(), [0.0; 2]);
    let mut three = [5.0; 3];
    assert!(guard.observe::<Portable>(&mut Portable, &three, Scores::default()).is_err());
    assert!(guard.finish::<Portable>(&mut Portable, &mut three, &FACTORY).is_err());
    assert!(guard.undo::<Portable>(&mut Portable, &mut three, &FACTORY).is_err());
    assert_eq!((three, guard.epochs()), ([5.0; 3], 0));
}

#[test]
fn folds_are_a_partition_that_spreads_every_class() {
    let labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3];
    let folds = 4;
    let of = |i| fold(&labels, i, folds);
    for class in 0..4_u8 {
        let counts: Vec<usize> = (0..folds)
            .map(|k| (0..labels.len()).filter(|&i| labels[i] == class && of(i) == k).count())
            .collect();
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 1, "class {class}: {counts:?}");
    }
    assert_eq!(of(10), 3, "a class of one sample does not join the others' first fold");
    assert_eq!((fold(&labels, 99, 4), fold(&labels, 0, 0)), (0, 0));
}

#[test]
fn cross_validation_decides_over_all_folds_at_once() {
    let mut table = [Scores::default(); 3];
    let mut validation = CrossValidation::new(&mut table);
    let at = |right| scores(score(right, 7, 0.0), Score::default());
    // Each fold alone would choose another epoch.
    for (epoch, rights) in [[3, 3], [6, 2], [5, 4]].into_iter().enumerate() {
        rights.into_iter().for_each(|right| validation.record(epoch, at(right)));
    }
    validation.record(99, at(7));
    assert_eq!(validation.decide(&Rule::default()), Outcome::Kept { epoch: 2 });
    let strict = Rule { min_gain: 0.25, ..Rule::default() };
    assert_eq!(validation.decide(&strict), Outcome::RolledBack);
    assert_eq!(CrossValidation::new(&mut []).decide(&Rule::default()), Outcome::RolledBack);
}

#[test]
fn nothing_of_a_run_that_diverged_is_kept() {
    let at = |right| scores(score(right, 10, 0.0), Score::default());
    let mut guard = Guard::new(Rule::default(), at(5), [0.0; 2]);
    let observe = |guard: &mut Guard<[f32; 2]>, right| {
        guard.observe::<Portable>(&mut Portable, &[7.0, 8.0], at(right)).unwrap()
    };
    guard.heed(None);
    assert_eq!(observe(&mut guard, 8), Verdict::Better);
    let found = Diverged::Exploded { loss: 90.0, first: 1.0 };
    guard.heed(Some(found));
    guard.heed(Some(Diverged::NonFinite));
    assert_eq!(observe(&mut guard, 10), Verdict::Stop);
    assert_eq!((guard.diverged(), guard.outcome(), guard.best()), (Some(found), Outcome::RolledBack, at(5)));
    assert!(guard.weights::<Portable>().is_none());
    let mut w = [3.0; 2];
    assert_eq!(guard.finish::<Portable>(&mut Portable, &mut w, &FACTORY), Ok(Outcome::RolledBack));
    assert_eq!(w, FACTORY);
}
