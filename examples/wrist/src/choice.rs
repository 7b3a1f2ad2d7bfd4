//! What a build chooses: `FLATMIN_METHOD=sam FLATMIN_SCOPE=last cargo run --release --bin wrist`.
//!
//! | variable | values |
//! |---|---|
//! | `FLATMIN_METHOD` | `plain`, `sam`, `lpf` (default) |
//! | `FLATMIN_SCOPE` | `all` (default), `last`, `bias` |
//! | `FLATMIN_GUARD` | `off`, `accuracy`, `loss`, `trust` (default) |
//! | `FLATMIN_EPOCHS` | 1 to 999, default 15 |

use crate::net::{All, Biases, Last, Model};
use crate::personalise::{Guard, Settings};
use crate::tuner::{Lpf, Plain, Sam, Tuner};

/// Everything that is known when an image is built. What is not chosen is not in the image.
pub trait Choice {
    /// The network with its scope.
    type Net: Model;
    /// The method with its state.
    type Tuner: Tuner<Self::Net>;
    /// Everything else.
    const SETTINGS: Settings;
}

/// What the variables choose.
#[derive(Clone, Copy, Debug)]
pub struct Chosen;

impl Choice for Chosen {
    type Net = <Place<SCOPE> as Scope>::Net;
    type Tuner = <Place<METHOD> as Method>::Tuner;
    const SETTINGS: Settings = Settings {
        epochs: number(or(option_env!("FLATMIN_EPOCHS"), "15")),
        guard: match find(or(option_env!("FLATMIN_GUARD"), "trust"), ["off", "accuracy", "loss", "trust"]) {
            0 => Guard::Off,
            1 => Guard::Accuracy,
            2 => Guard::Loss,
            _ => Guard::Trust,
        },
        ..Settings::DEFAULT
    };
}

/// The memory of a session.
pub type Memory = crate::memory::Memory<Chosen>;

const METHOD: usize = find(or(option_env!("FLATMIN_METHOD"), "lpf"), ["plain", "sam", "lpf"]);
const SCOPE: usize = find(or(option_env!("FLATMIN_SCOPE"), "all"), ["all", "last", "bias"]);

/// A place in a list of names.
#[derive(Debug)]
pub struct Place<const N: usize>;

/// The network at a place.
pub trait Scope {
    /// With what trains of it.
    type Net: Model;
}

/// The method at a place.
pub trait Method {
    /// With its state.
    type Tuner: Tuner<<Chosen as Choice>::Net>;
}

macro_rules! places {
    ($list:ident $of:ident: $($place:literal $type:ty),*) => {
        $(impl $list for Place<$place> { type $of = $type; })*
    };
}
places!(Scope Net: 0 All, 1 Last, 2 Biases);
places!(Method Tuner: 0 Plain<<Chosen as Choice>::Net>, 1 Sam<<Chosen as Choice>::Net>, 2 Lpf<<Chosen as Choice>::Net>);

const fn or(chosen: Option<&'static str>, default: &'static str) -> &'static str {
    match chosen {
        Some(chosen) => chosen,
        None => default,
    }
}

const fn find<const N: usize>(chosen: &str, known: [&str; N]) -> usize {
    let mut place = 0;
    while place < N {
        if same(chosen.as_bytes(), known[place].as_bytes()) {
            return place;
        }
        place += 1;
    }
    panic!("a FLATMIN_ variable has an unknown value; see src/choice.rs of flatmin-wrist")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

const fn number(digits: &str) -> u32 {
    let digits = digits.as_bytes();
    let (mut number, mut i) = (0, 0);
    while i < digits.len() {
        assert!(digits[i].is_ascii_digit() && number < 100, "FLATMIN_EPOCHS is no number from 1 to 999");
        number = 10 * number + (digits[i] - b'0') as u32;
        i += 1;
    }
    assert!(number > 0, "FLATMIN_EPOCHS is no number from 1 to 999");
    number
}
