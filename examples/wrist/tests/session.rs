//! A whole session on the host: with every guard, in pieces of any size, under a watchdog.

use flatmin::backend::Portable;
use flatmin::tune::Outcome;
use flatmin_wrist::board::{Board, Nothing, Pulses};
use flatmin_wrist::choice::{Choice, Chosen};
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::memory::Memory;
use flatmin_wrist::net::{All, Biases, Last};
use flatmin_wrist::personalise::{Guard, Settings};
use flatmin_wrist::pieces::{Grain, Turns, Unwatched, WATCHDOG, Watched};
use flatmin_wrist::report::Text;
use flatmin_wrist::session::{self, Start};
use flatmin_wrist::storage::InRam;
use flatmin_wrist::tuner::{Lpf, Plain, Sam};
use std::cell::Cell;
use std::task::Poll;

fn run<C: Choice>(grain: Grain, turns: &mut impl Turns) -> (session::Result, String, u32) {
    let (mut log, mut pin, mut flash) = (Text(String::new()), Pulses::default(), RamFlash::NEW);
    let mut memory = Box::new(Memory::<C>::NEW);
    let board = Board { delay: Nothing, pin: &mut pin, flash: &mut flash, turns, report: &mut log };
    let result = session::run(board, Portable, &mut memory, grain, Start::Confirmed);
    (result.unwrap(), log.0, pin.0)
}

#[test]
fn bits_do_not_depend_on_pieces() {
    let (result, whole, phases) = run::<Chosen>(Grain::WHOLE, &mut Unwatched);
    // LPF-SGD begins, and resumes after each of four gradients.
    assert_eq!(phases, (2 * 9 + 105) * 5);
    assert!(result.stored);
    for (slice, units) in [(64, 1), (7, 3), (1000, 50)] {
        let cut = run::<Chosen>(Grain { slice, units }, &mut Unwatched);
        assert_eq!(cut.1, whole, "slices of {slice}, {units} units");
        assert_eq!(cut.0, result);
        assert_eq!(cut.2, phases, "a phase is one pulse, in whatever pieces");
    }
}

/// What a firmware engineer sees: the shipped model is good, and better after four labels an exercise.
#[test]
fn the_person_gains_and_old_users_lose_nothing() {
    let (result, log, _) = run::<Chosen>(Grain::WHOLE, &mut Unwatched);
    let [before, after] = result.new;
    assert_eq!((before.total, after.total), (200, 200));
    assert!(after.right >= before.right + 5, "{log}");
    assert!(result.old[1].right + 1 >= result.old[0].right);
    assert_eq!(result.outcome, Some(Outcome::Kept { epoch: 15 }));
    let steps = |name| log.lines().filter(|line| line.starts_with(&format!("row {name} "))).count();
    assert_eq!([steps("wrist:fold-1"), steps("wrist:fold-2"), steps("wrist:tune")], [9, 9, 105]);
}

macro_rules! choice {
    ($name:ident: $net:ty, $tuner:ty, $guard:expr) => {
        struct $name;
        impl Choice for $name {
            type Net = $net;
            type Tuner = $tuner;
            type Storage = InRam<$net>;
            const SETTINGS: Settings = Settings { guard: $guard, epochs: 4, ..Settings::DEFAULT };
        }
    };
}
choice!(Unguarded: All, Sam<All>, Guard::Off);
choice!(HeldOut: Last, Plain<Last>, Guard::Accuracy);
choice!(ByLoss: Biases, Lpf<Biases>, Guard::Loss);

#[test]
fn every_choice_ends_with_weights_that_a_reset_leads_to() {
    fn check<C: Choice>(guarded: bool) {
        let (result, log, _) = run::<C>(Grain::FINE, &mut Unwatched);
        assert!(result.stored, "{log}");
        assert_eq!(result.outcome.is_some(), guarded);
        assert!(result.new[1].right + 20 >= result.new[0].right, "{log}");
    }
    check::<Unguarded>(false);
    check::<HeldOut>(true);
    check::<ByLoss>(true);
}

/// Every look at the clock takes a tenth of what the watchdog bears.
#[test]
fn a_watchdog_sees_whoever_does_not_come_around() {
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + WATCHDOG / 10);
        ticks.get()
    };
    let fed = Cell::new(0);
    let mut turns = Watched::new(&clock, || fed.set(fed.get() + 1));
    let mut left = 100;
    let _ = turns.finish(|| {
        left -= 1;
        if left > 0 { Poll::Pending } else { Poll::Ready(()) }
    });
    assert!(!turns.has_bitten() && fed.get() > 10 && turns.longest() > 0);
    turns.aside(|| ticks.set(ticks.get() + 10 * WATCHDOG));
    assert!(!turns.has_bitten(), "what is aside is not counted");
    ticks.set(ticks.get() + WATCHDOG);
    turns.rest();
    assert!(turns.has_bitten());
}
