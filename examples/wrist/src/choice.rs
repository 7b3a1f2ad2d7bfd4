//! What a build chooses: `FLATMIN_METHOD=sam FLATMIN_SCOPE=last cargo run --release --bin wrist`.
//!
//! | variable | values |
//! |---|---|
//! | `FLATMIN_MEMORY` | `large` (default): 64 KiB of RAM; `small`: 32 KiB, with windows and epochs in flash |
//! | `FLATMIN_METHOD` | `plain`, `sam`, `lpf` (default; in `small` without a copy of the weights) |
//! | `FLATMIN_SCOPE` | `all` (default), `last`, `bias` |
//! | `FLATMIN_GUARD` | `off`, `accuracy`, `loss`, `trust` (default) |
//! | `FLATMIN_EPOCHS` | 1 to 999, default 15 |
//! | `FLATMIN_LOG` | `defmt` (default), `off`: the exit status alone tells |

use crate::net::{All, Biases, Last, Model};
use crate::personalise::{Guard, Settings};
use crate::storage::{InFlash, InRam, Storage};
use crate::tuner::{Lpf, LpfResidual, Plain, Sam, Tuner};

/// Everything that is known when an image is built. What is not chosen is not in the image.
pub trait Choice {
    /// The network with its scope.
    type Net: Model;
    /// The method with its state.
    type Tuner: Tuner<Self::Net>;
    /// Where labelled windows and the weights of an epoch are kept.
    type Storage: Storage<Self::Net>;
    /// Everything else.
    const SETTINGS: Settings;
}

/// What the variables choose.
#[derive(Clone, Copy, Debug)]
pub struct Chosen;

impl Choice for Chosen {
    type Net = <Place<SCOPE> as Scope>::Net;
    type Tuner = <Place<{ METHOD + 3 * MEMORY }> as Method>::Tuner;
    type Storage = <Place<MEMORY> as Room>::Storage;
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

/// What a session may take of RAM, stack included.
pub const RAM: usize = [64, 32][MEMORY] * 1024;
/// Of it, what is left to the stack at least; whether that is enough is measured.
pub const STACK: usize = [8192, 3840][MEMORY];
/// What the rows of a session are called.
pub const NAME: &str = ["wrist", "wrist-small"][MEMORY];

/// Whether the firmware says anything.
pub const LOG: bool = find(or(option_env!("FLATMIN_LOG"), "defmt"), ["off", "defmt"]) == 1;

const MEMORY: usize = find(or(option_env!("FLATMIN_MEMORY"), "large"), ["large", "small"]);
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

/// Where things are kept at a place.
pub trait Room {
    /// With its static memory.
    type Storage: Storage<<Chosen as Choice>::Net>;
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
places!(Room Storage: 0 InRam<Net>, 1 InFlash);
places!(Method Tuner: 0 Plain<Net>, 1 Sam<Net>, 2 Lpf<Net>, 3 Plain<Net>, 4 Sam<Net>, 5 LpfResidual<Net>);

type Net = <Chosen as Choice>::Net;

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
