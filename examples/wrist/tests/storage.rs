//! A session with windows and best epoch in flash: the bits of one in RAM, and a power cut costs no confirmed weights.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use flatmin::backend::Portable;
use flatmin::nn::Network;
use flatmin::tune::Outcome;
use flatmin_wrist::Error;
use flatmin_wrist::board::{Board, Nothing};
use flatmin_wrist::choice::Choice;
use flatmin_wrist::flash::{self, RamFlash};
use flatmin_wrist::keep::Checkpoints;
use flatmin_wrist::memory::{A_CLASS, LABELLED, Memory};
use flatmin_wrist::net::{All, CLASSES, Last, WINDOW};
use flatmin_wrist::personalise::{Guard, Settings};
use flatmin_wrist::pieces::{Grain, Unwatched};
use flatmin_wrist::report::Text;
use flatmin_wrist::session::{self, Start};
use flatmin_wrist::storage::{FlashKeeper, InFlash, InRam, Keeper, Storage, log};
use flatmin_wrist::tuner::{Lpf, LpfResidual, Plain};

macro_rules! choice {
    ($name:ident: $net:ty, $tuner:ty, $storage:ty, $guard:expr) => {
        struct $name;
        impl Choice for $name {
            type Net = $net;
            type Tuner = $tuner;
            type Storage = $storage;
            const SETTINGS: Settings = Settings { guard: $guard, ..Settings::DEFAULT };
        }
    };
}
choice!(Large: All, Lpf<All>, InRam<All>, Guard::Trust);
choice!(Small: All, LpfResidual<All>, InFlash, Guard::Trust);
choice!(LargeByAccuracy: All, Lpf<All>, InRam<All>, Guard::Accuracy);
choice!(SmallByAccuracy: All, LpfResidual<All>, InFlash, Guard::Accuracy);
choice!(LargeByLoss: All, Lpf<All>, InRam<All>, Guard::Loss);
choice!(SmallByLoss: All, LpfResidual<All>, InFlash, Guard::Loss);
choice!(Unguarded: Last, Plain<Last>, InFlash, Guard::Off);

/// What is left of 32 KiB is the stack's.
const _: () = assert!(size_of::<Memory<Small>>() <= 28 * 1024 + 512);

type Ran = (Result<session::Result, Error>, String, Vec<u32>);

fn run<C: Choice>(flash: impl NorFlash, grain: Grain) -> Ran {
    start::<C>(Start::Shipped, flash, grain)
}

fn start<C: Choice>(start: Start, flash: impl NorFlash, grain: Grain) -> Ran {
    let (mut log, mut memory) = (Text(String::new()), Box::new(Memory::<C>::NEW));
    let board = Board { delay: Nothing, pin: Nothing, flash, turns: &mut Unwatched, report: &mut log };
    let result = session::run(board, Portable, &mut memory, grain, start);
    let bits = bits(std::borrow::Borrow::<[f32]>::borrow(&memory.w));
    (result, log.0, bits)
}

fn bits(w: &[f32]) -> Vec<u32> {
    w.iter().map(|w| w.to_bits()).collect()
}

/// Every row and every event: windows, hashes after every step, scores, the decision, what was read back.
#[test]
fn the_small_session_has_the_bits_of_the_large_one() {
    fn check<Large: Choice, Small: Choice>() -> session::Result {
        let mut flash = RamFlash::NEW;
        let large = run::<Large>(&mut flash, Grain::WHOLE);
        for grain in [Grain::WHOLE, Grain::FINE] {
            let mut flash = RamFlash::NEW;
            let small = run::<Small>(&mut flash, grain);
            assert_eq!(small.1, large.1);
            assert_eq!((&small.0, &small.2), (&large.0, &large.2));
        }
        large.0.unwrap()
    }
    let trust = check::<Large, Small>();
    let [accuracy, loss] = [check::<LargeByAccuracy, SmallByAccuracy>(), check::<LargeByLoss, SmallByLoss>()];
    assert!([trust, accuracy, loss].iter().all(|result| result.stored));
    // Both ends of a guard are seen: an epoch that comes from flash, and the shipped weights.
    assert!(matches!(loss.outcome, Some(Outcome::Kept { .. })), "{:?}", loss.outcome);
    assert_eq!(accuracy.outcome, Some(Outcome::RolledBack));
}

#[test]
fn what_nobody_guards_is_saved_in_the_end() {
    let mut flash = RamFlash::NEW;
    let (result, _, w) = run::<Unguarded>(&mut flash, Grain::WHOLE);
    assert!(result.unwrap().stored);
    assert_eq!(stored::<Last>(&mut flash), w);
}

/// Twenty thousand windows: those that count are read as they came, and none is lost once the log is full.
#[test]
fn a_full_log_passes_windows_by() {
    let (mut flash, mut index) = (RamFlash::NEW, InFlash { index: log::Index::NEW });
    let mut keeper = keeper(&mut index, &mut flash).unwrap();
    let window =
        |class: u8, i: usize| [f32::from(class), (i % 100) as f32].map(|x| x * 0.01).repeat(WINDOW / 2);
    for i in 0..20_000 {
        let class = (i % CLASSES) as u8;
        keeper.offer(&window(class, i), class).unwrap();
    }
    let mut x = [0.0; WINDOW];
    for i in 0..LABELLED {
        let class = keeper.read(i, &mut x).unwrap();
        assert_eq!(class, keeper.labels()[i]);
        assert!(
            (0..100).any(|i| x[..] == window(class, i)[..]),
            "window {i} is none of those that were labelled"
        );
    }
    let of = |class| keeper.labels().iter().filter(|label| usize::from(**label) == class).count();
    assert!((0..CLASSES).all(|class| of(class) == A_CLASS));
    assert_eq!(keeper.read(LABELLED, &mut x), Ok(u8::MAX));
    assert_eq!(writes(&mut flash), log::BYTES / RamFlash::ERASE_SIZE + 4 * log::LOG, "the log was not full");
}

/// What a reset leads to.
fn stored<N: flatmin_wrist::net::Model>(flash: &mut RamFlash) -> Vec<u32> {
    let mut w = vec![0.0; N::TRAINABLE];
    Checkpoints::<N, _>::open(flash, &mut Unwatched).unwrap().load(&mut Unwatched, &mut w).unwrap();
    bits(&w)
}

/// A flash whose power goes after some writes and erases: half of the next one is done, and nothing after it.
struct Cut<'a> {
    flash: &'a mut RamFlash,
    left: usize,
}

impl Cut<'_> {
    /// How much of `len` bytes is done.
    fn done(&mut self, len: usize) -> usize {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 { len } else { len / 8 * 4 }
    }
}

impl ErrorType for Cut<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Cut<'_> {
    const READ_SIZE: usize = RamFlash::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        if self.left == 0 { Err(NorFlashErrorKind::Other) } else { self.flash.read(offset, bytes) }
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Cut<'_> {
    const WRITE_SIZE: usize = RamFlash::WRITE_SIZE;
    const ERASE_SIZE: usize = RamFlash::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        match self.left {
            0 => return Err(NorFlashErrorKind::Other),
            // Half an erase leaves anything: here, zeros.
            1 => self.flash.write(from, &[0; 2048])?,
            _ => self.flash.erase(from, to)?,
        }
        self.left -= 1;
        if self.left > 0 { Ok(()) } else { Err(NorFlashErrorKind::Other) }
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        if self.left == 0 {
            return Err(NorFlashErrorKind::Other);
        }
        let done = self.done(bytes.len());
        self.flash.write(offset, &bytes[..done])?;
        if self.left > 0 { Ok(()) } else { Err(NorFlashErrorKind::Other) }
    }
}

fn keeper<'a, F: NorFlash + 'a>(index: &'a mut InFlash, flash: F) -> Result<FlashKeeper<'a, All, F>, Error> {
    let mut keeper = Storage::<All>::open(index, flash, &[0.01; 6], 10)?;
    keeper.begin(&mut Unwatched)?;
    Ok(keeper)
}

/// A confirmed record, a better epoch beside it, and the power goes at any moment of writing one that is better still.
#[test]
fn a_cut_while_the_best_epoch_is_written_leaves_the_confirmed_weights() {
    let [confirmed, better, best] = [1.0, 2.0, 3.0].map(|w| vec![w; All::TRAINABLE]);
    let (turns, erases) = (&mut Unwatched, log::BYTES / RamFlash::ERASE_SIZE);
    let mut cuts = 0;
    loop {
        let mut flash = RamFlash::NEW;
        let (mut index, mut copy) = (InFlash { index: log::Index::NEW }, vec![0.0; All::TRAINABLE]);
        assert!(keeper(&mut index, &mut flash).unwrap().finish(turns, &confirmed, &mut copy).unwrap());
        keeper(&mut index, &mut flash).unwrap().keep_epoch(turns, &better).unwrap();
        let mut cut = Cut { flash: &mut flash, left: erases + 1 + cuts };
        let written = keeper(&mut index, &mut cut).unwrap().keep_epoch(turns, &best);
        assert_eq!(stored::<All>(&mut flash), bits(&confirmed), "cut {cuts}");
        if written.is_ok() {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 2 + All::TRAINABLE * 4 / 256, "{cuts} cuts are no whole record");
}

/// A whole session after another, cut in its training: the first one's weights.
#[test]
fn a_session_that_is_cut_leaves_the_weights_of_the_one_before() {
    let mut flash = RamFlash::NEW;
    let (first, _, w) = run::<Small>(&mut flash, Grain::WHOLE);
    assert!(first.unwrap().stored);
    let appended = writes(&mut flash);
    assert!(
        appended < log::BYTES / RamFlash::ERASE_SIZE + 4 * log::LOG,
        "the shipped recording fills the log"
    );
    let (cut, _, _) = run::<Small>(Cut { flash: &mut flash, left: appended + 20 }, Grain::WHOLE);
    assert!(matches!(cut, Err(Error::Checkpoint(_))), "{cut:?}");
    assert_eq!(stored::<All>(&mut flash), w);
}

/// Erases and writes of the log in a session, from what lies in it.
fn writes(flash: &mut RamFlash) -> usize {
    let mut bytes = vec![0; log::BYTES];
    flash.read(flash::LOG, &mut bytes).unwrap();
    let windows =
        bytes.chunks(log::BYTES / log::LOG).filter(|window| window.iter().any(|byte| *byte != 0xff));
    let windows = windows.count();
    log::BYTES / RamFlash::ERASE_SIZE + 4 * windows
}

/// What lies before the session's part of a flash is the program.
#[test]
fn the_program_is_out_of_reach() {
    let (before, refused) = (flash::START - RamFlash::ERASE_SIZE as u32, Err(NorFlashErrorKind::OutOfBounds));
    let mut flash = RamFlash::NEW;
    for from in [0, before] {
        assert_eq!(flash.erase(from, from + RamFlash::ERASE_SIZE as u32), refused);
        assert_eq!(flash.write(from, &[0; 4]), refused);
        assert_eq!(flash.read(from, &mut [0; 4]), refused);
    }
    for chip in [0, 0x0800_0000, 0x1000_0000] {
        let end = chip + flash::START as usize;
        assert!(flash::is_behind(chip + 1000) && flash::is_behind(end) && !flash::is_behind(end + 1));
    }
}

/// The hash of the weights that answer in the end.
fn kept(log: &str) -> &str {
    log.lines().find(|line| line.starts_with("row wrist:kept ")).unwrap()
}

/// After a reset, and after one in the middle of another training run: the first session's weights answer.
#[test]
fn a_reset_leads_to_the_weights_of_the_session_before() {
    fn check<C: Choice>() {
        let mut flash = RamFlash::NEW;
        let (first, log, _) = start::<C>(Start::Confirmed, &mut flash, Grain::WHOLE);
        let first = first.unwrap();
        assert!(log.starts_with("no confirmed weights in flash that fit"), "{log}");
        let again = |flash: &mut RamFlash| {
            // Not a single write or erase.
            let (second, said, _) = start::<C>(Start::Confirmed, Cut { flash, left: 1 }, Grain::WHOLE);
            let second = second.unwrap();
            assert_eq!((second.new, second.old), ([first.new[1]; 2], [first.old[1]; 2]));
            assert!(second.stored && second.outcome.is_none());
            assert!(said.starts_with("confirmed weights are in flash"), "{said}");
            assert!(!said.contains("row wrist:tune "));
            assert_eq!(kept(&said), kept(&log));
        };
        again(&mut flash);
        let left = 5 + writes(&mut flash);
        let (cut, _, _) = run::<C>(Cut { flash: &mut flash, left }, Grain::WHOLE);
        assert!(cut.is_err(), "{cut:?}");
        again(&mut flash);
    }
    check::<Small>();
    check::<Large>();
}

/// Weights of another scope, and a candidate that nobody confirmed, are none.
#[test]
fn what_does_not_fit_leads_to_the_shipped_weights() {
    let mut flash = RamFlash::NEW;
    run::<Unguarded>(&mut flash, Grain::WHOLE).0.unwrap();
    let (result, log, _) = start::<Small>(Start::Confirmed, &mut flash, Grain::WHOLE);
    assert!(result.unwrap().outcome.is_some() && log.starts_with("no confirmed weights"), "{log}");
    let (mut flash, mut index) = (RamFlash::NEW, InFlash { index: log::Index::NEW });
    let w = vec![1.0; All::TRAINABLE];
    keeper(&mut index, &mut flash).unwrap().keep_epoch(&mut Unwatched, &w).unwrap();
    let (result, said, _) = start::<Small>(Start::Confirmed, &mut flash, Grain::WHOLE);
    assert!(result.unwrap().outcome.is_some() && said.starts_with("no confirmed weights"), "{said}");
}
