//! The way between two sets of weights.

use flatmin::backend::{Cpu, Portable};
use flatmin::tune::wise_ft::{WiseFt, interpolate};
use flatmin::tune::{Outcome, Rule, Score, Scores};

fn scores(new: u32) -> Scores {
    Scores { new: Score { right: new, total: 10, loss: 0.0 }, old: Score::default() }
}

/// What a search keeps when `right(alpha)` samples are right, and 5 with the factory weights.
fn search(steps: u32, right: impl Fn(f32) -> u32) -> (f32, Outcome, usize) {
    let mut search = WiseFt::new(Rule::default(), scores(5), steps);
    let mut tried = 0;
    while let Some(alpha) = search.next() {
        search.observe(scores(right(alpha)));
        tried += 1;
    }
    (search.alpha(), search.outcome(), tried)
}

#[test]
fn both_ends_are_reached_and_bad_arguments_refused() {
    let (factory, tuned) = ([0.1, -3.0, 1e30], [0.7, 2.0, -1e30]);
    let mut w = [f32::NAN; 3];
    interpolate::<Cpu>(&mut Cpu::detect(), &mut w, &factory, &tuned, 0.0).unwrap();
    assert_eq!(w, factory);
    interpolate::<Portable>(&mut Portable, &mut w, &[0.0, -2.0, 8.0], &[4.0, 2.0, 0.0], 0.25).unwrap();
    assert_eq!(w, [1.0, -1.0, 6.0]);
    for alpha in [-0.1, 1.1, f32::NAN] {
        assert!(interpolate::<Portable>(&mut Portable, &mut w, &factory, &tuned, alpha).is_err());
    }
    assert!(interpolate::<Portable>(&mut Portable, &mut w, &factory[..2], &tuned, 0.5).is_err());
    assert!(interpolate::<Portable>(&mut Portable, &mut w, &factory, &tuned[..2], 0.5).is_err());
    assert_eq!(w, [1.0, -1.0, 6.0]);
}

#[test]
fn the_best_point_is_kept_the_farther_of_equals_and_none_when_none_is_better() {
    assert_eq!(search(4, |alpha| if alpha == 0.5 { 9 } else { 8 }), (0.5, Outcome::Kept { epoch: 2 }, 4));
    assert_eq!(search(4, |_| 8), (1.0, Outcome::Kept { epoch: 4 }, 4));
    assert_eq!(search(4, |_| 5), (0.0, Outcome::RolledBack, 4));
    assert_eq!(search(0, |_| 9), (0.0, Outcome::RolledBack, 0));
}
