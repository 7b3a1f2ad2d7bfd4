//! Checkpoints under corruption, busy and broken flash, misuse, and futures that are dropped.

#![allow(clippy::drop_non_drop, reason = "a drop stands for the reset of a device, or for work given up")]

use embedded_storage::nor_flash::NorFlash;
use flatmin::backend::{Portable, Sliced};
use flatmin::checkpoint::{
    AsyncStore, Error, HEADER, Header, Misfit, Position, Region, Slot, Snapshot, Store, Target, VERSION,
};
use flatmin::hash::Crc32;
use flatmin::layout::{Kind, Segment};
use flatmin::methods::{Plain, Sam};
use flatmin::optimizers::Sgd;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::state::{State, Words};
use flatmin_tests::flash::{Flash, FlashError};
use flatmin_tests::trained::{Trained, other};
use flatmin_tests::trial::{N, NET, clock};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ERASE: usize = 512;
const SLOT: usize = 4 * ERASE;
type Memory = Flash<8, ERASE>;

fn opened<F: NorFlash>(flash: F, region: Region) -> Store<F> {
    let mut store = Store::new(flash, region).unwrap();
    store.open().finish().unwrap();
    store
}

fn store(flash: &mut Memory) -> Store<&mut Memory> {
    opened(flash, Region::new(0, SLOT as u32))
}

fn save_confirmed<F: NorFlash>(store: &mut Store<F>, what: &Trained)
where
    F::Error: PartialEq,
{
    assert!(store.save(what.snapshot()).unwrap().finish().is_ok());
    assert!(store.confirm().unwrap().finish().is_ok());
}

/// The steps of the record that loads, after comparing every word of it.
fn loaded<F: NorFlash>(store: &mut Store<F>) -> Result<u32, Error<F::Error>> {
    let (mut b, mut into) = (Portable, Trained::fresh());
    let position = store.load(into.target(&mut b))?.finish()?;
    into.resume_at(position);
    assert_eq!(
        into.words(),
        Trained::after(position.step).words(),
        "not the record of step {}",
        position.step
    );
    Ok(position.step)
}

/// Two confirmed records, of steps 1 and 2, in slots 0 and 1.
fn two() -> Memory {
    let mut flash = Memory::new(8);
    let mut store = store(&mut flash);
    save_confirmed(&mut store, &Trained::after(1));
    save_confirmed(&mut store, &Trained::after(2));
    flash
}

#[test]
fn what_was_confirmed_comes_back_with_every_bit() {
    let mut flash = two();
    let mut store = store(&mut flash);
    assert_eq!(loaded(&mut store), Ok(2));
    // A NaN's payload, an infinity, a denormal and a -0 survive.
    let odd = [0x7fc0_1234_u32, 0xff80_0000, 1, 0x8000_0000];
    let mut odd_one = Trained::after(3);
    for (w, bits) in odd_one.w.iter_mut().zip(odd) {
        *w = f32::from_bits(bits);
    }
    save_confirmed(&mut store, &odd_one);
    let (mut b, mut into) = (Portable, Trained::fresh());
    let position = store.load(into.target(&mut b)).unwrap().finish().unwrap();
    assert_eq!(position, Position { step: 3, total: 6, seed: 7, drawn: 3, phase: 1 });
    assert!(into.w.iter().zip(odd).all(|(w, bits)| w.to_bits() == bits));
}

#[test]
fn a_candidate_is_current_only_once_confirmed() {
    let mut flash = two();
    let mut at_work = store(&mut flash);
    assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    assert_eq!(loaded(&mut at_work), Ok(2));
    drop(at_work);
    // A reset passes the candidate by, but it is still there.
    let mut after_reset = store(&mut flash);
    assert_eq!(loaded(&mut after_reset), Ok(2));
    let (mut b, mut into) = (Portable, Trained::fresh());
    let position = after_reset.load_candidate(into.target(&mut b)).unwrap().finish().unwrap();
    assert_eq!(position.step, 3);
    assert!(after_reset.confirm().unwrap().finish().is_ok());
    assert_eq!(loaded(&mut after_reset), Ok(3));
    assert!(matches!(after_reset.confirm(), Err(Error::NoCandidate)));
    drop(after_reset);
    assert_eq!(loaded(&mut store(&mut flash)), Ok(3));
}

#[test]
fn a_rolled_back_candidate_is_gone_and_undo_goes_back() {
    let mut flash = two();
    let mut at_work = store(&mut flash);
    assert!(matches!(at_work.roll_back(), Err(Error::NoCandidate)));
    assert!(at_work.undo().unwrap().finish().is_ok());
    assert_eq!(loaded(&mut at_work), Ok(1));
    assert!(matches!(at_work.undo(), Err(Error::NoOlder)));
    assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    assert!(at_work.roll_back().unwrap().finish().is_ok());
    assert!(matches!(at_work.confirm(), Err(Error::NoCandidate)));
    drop(at_work);
    let mut after_reset = store(&mut flash);
    assert_eq!(loaded(&mut after_reset), Ok(1));
    assert!(matches!(after_reset.slots(), [Slot::Confirmed(_), Slot::Rejected(_)]));
    save_confirmed(&mut after_reset, &Trained::after(4));
    assert_eq!(loaded(&mut after_reset), Ok(4));
}

#[test]
fn a_store_must_be_opened() {
    let mut flash = two();
    let mut store = Store::new(&mut flash, Region::new(0, SLOT as u32)).unwrap();
    let what = Trained::after(3);
    assert!(matches!(store.save(what.snapshot()), Err(Error::Closed)));
    assert!(matches!(store.confirm(), Err(Error::Closed)));
    assert!(matches!(store.roll_back(), Err(Error::Closed)));
    assert!(matches!(store.undo(), Err(Error::Closed)));
    assert!(matches!(loaded(&mut store), Err(Error::Closed)));
    // An opening that is given up half way has opened nothing.
    assert!(store.open().advance().unwrap().is_pending());
    assert!(matches!(loaded(&mut store), Err(Error::Closed)));
}

#[test]
fn any_flipped_bit_costs_at_most_the_record_it_is_in() {
    let good = two();
    let payload = 48;
    let end = payload + Trained::after(1).words().len() * 4;
    let retired = end.next_multiple_of(8)..end.next_multiple_of(8) + 8;
    let mut fell_back = 0;
    for slot in 0..2 {
        // Every bit of header and marks, one bit of every byte of the payload, and of the erased rest.
        for byte in 0..SLOT {
            let bits = if byte < payload { 0..8 } else { byte % 8..byte % 8 + 1 };
            for bit in bits {
                let mut flash = good.clone();
                flash.bytes[slot * SLOT + byte] ^= 1 << bit;
                let mut store = store(&mut flash);
                let found = loaded(&mut store).unwrap();
                let matters = slot == 1 && (byte < end || retired.contains(&byte));
                assert_eq!(found, if matters { 1 } else { 2 }, "slot {slot} byte {byte} bit {bit}");
                fell_back += u32::from(matters);
                if matters && byte % 16 == 0 {
                    // The good record is not what is written over next.
                    assert!(store.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
                    assert_eq!(loaded(&mut store), Ok(1));
                }
            }
        }
    }
    assert!(fell_back > 1000, "{fell_back}");
}

#[test]
fn any_unreadable_word_costs_at_most_the_record_it_is_in() {
    let good = two();
    let length = 56 + (Trained::after(1).words().len() * 4).next_multiple_of(8);
    for byte in (0..2 * SLOT).step_by(8) {
        let mut flash = good.clone();
        flash.spoil(byte);
        let matters = (SLOT..SLOT + length).contains(&byte);
        let mut store = store(&mut flash);
        assert_eq!(loaded(&mut store), Ok(if matters { 1 } else { 2 }), "byte {byte}");
        save_confirmed(&mut store, &Trained::after(3));
        assert_eq!(loaded(&mut store), Ok(3), "byte {byte}");
    }
}

/// Three slots: records 1 and 2 confirmed, and record 3, which may be.
fn three(confirm: bool) -> Flash<8, ERASE> {
    let mut flash = Flash::new(12);
    let mut store = opened(&mut flash, THREE);
    save_confirmed(&mut store, &Trained::after(1));
    save_confirmed(&mut store, &Trained::after(2));
    assert!(store.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    assert!(!confirm || store.confirm().unwrap().finish().is_ok());
    drop(store);
    flash
}

const THREE: Region = Region { slots: 3, ..Region::new(0, SLOT as u32) };

#[test]
fn a_read_that_fails_once_costs_nothing() {
    let mut good = two();
    good.reads = 0;
    assert_eq!(loaded(&mut store(&mut good)), Ok(2));
    let reads = good.reads;
    assert!(reads > 12, "{reads}");
    for number in 0..reads {
        let mut flash = two();
        flash.reads = 0;
        flash.failing = number..number + 1;
        let mut at_work = store(&mut flash);
        assert_eq!(loaded(&mut at_work), Ok(2), "read {number}");
        assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
        drop(at_work);
        assert_eq!(loaded(&mut store(&mut flash)), Ok(2), "read {number}, after the next save");
    }
}

#[test]
fn what_could_not_be_read_is_told_and_overwritten_last() {
    let mut seen = 0;
    for confirm in [false, true] {
        let mut good = three(confirm);
        good.reads = 0;
        drop(opened(&mut good, THREE));
        for number in 0..good.reads {
            let case = format!("confirmed {confirm}, reads {number} and the next");
            let mut flash = three(confirm);
            flash.reads = 0;
            flash.failing = number..number + 2;
            let mut store = opened(&mut flash, THREE);
            let unreadable = store.slots().iter().filter(|slot| **slot == Slot::Unreadable).count();
            assert!(unreadable <= 1, "{case}");
            // The last read of one slot and the first of the next fail once each.
            seen += unreadable;
            assert!(store.save(Trained::after(4).snapshot()).unwrap().finish().is_ok(), "{case}");
            drop(store);
            let mut store = opened(&mut flash, THREE);
            assert_eq!(loaded(&mut store), Ok(if confirm { 3 } else { 2 }), "{case}");
            if store.confirm().and_then(|task| task.finish()).is_ok() {
                let steps = loaded(&mut store).unwrap();
                drop(store);
                assert_eq!(loaded(&mut opened(&mut flash, THREE)), Ok(steps), "{case}");
                assert!(steps == 3 || steps == 4, "{case}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_number_that_an_unreadable_record_may_have_is_not_used_again() {
    let mut flash = three(true);
    flash.spoil(2 * SLOT);
    let mut store = opened(&mut flash, THREE);
    assert!(matches!(store.slots(), [Slot::Confirmed(_), Slot::Confirmed(_), Slot::Unreadable]));
    save_confirmed(&mut store, &Trained::after(4));
    drop(store);
    flash.heal(2 * SLOT);
    let mut store = opened(&mut flash, THREE);
    assert!(matches!(store.slots(), [Slot::Confirmed(_), Slot::Confirmed(_), Slot::Confirmed(_)]));
    assert_eq!(loaded(&mut store), Ok(4));
}

#[test]
fn an_unreadable_slot_is_erased_in_the_end() {
    let mut flash = three(true);
    flash.spoil(2 * SLOT);
    let mut store = opened(&mut flash, THREE);
    // It is kept until something newer is confirmed.
    save_confirmed(&mut store, &Trained::after(4));
    assert!(store.save(Trained::after(5).snapshot()).unwrap().finish().is_ok());
    assert!(matches!(store.slots(), [Slot::Confirmed(_), Slot::Confirmed(_), Slot::Candidate(_)]));
    assert!(store.confirm().unwrap().finish().is_ok());
    assert_eq!(loaded(&mut store), Ok(5));
}

#[test]
fn without_a_current_record_a_candidate_goes_before_what_cannot_be_read() {
    let mut flash = Memory::new(8);
    let mut at_work = store(&mut flash);
    save_confirmed(&mut at_work, &Trained::after(1));
    assert!(at_work.save(Trained::after(2).snapshot()).unwrap().finish().is_ok());
    drop(at_work);
    (flash.reads, flash.failing) = (0, 0..2);
    let mut at_work = store(&mut flash);
    assert!(matches!(at_work.slots(), [Slot::Unreadable, Slot::Candidate(_)]));
    assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    drop(at_work);
    assert_eq!(loaded(&mut store(&mut flash)), Ok(1));
}

#[test]
fn a_flash_that_erases_to_zeros_is_refused() {
    let mut flash = Memory::new(8);
    flash.erased = 0;
    flash.bytes.fill(0);
    let mut store = store(&mut flash);
    for _ in 0..3 {
        assert!(matches!(store.save(Trained::after(1).snapshot()).unwrap().finish(), Err(Error::Damaged)));
        assert!(matches!(store.confirm(), Err(Error::NoCandidate)));
    }
}

#[test]
fn a_mark_that_was_not_erased_is_noticed_by_the_save() {
    let retired = 48 + (Trained::after(1).words().len() * 4).next_multiple_of(8);
    for at in [32, 39, 40, 47, retired, retired + 7] {
        let mut flash = two();
        flash.bytes[at] = 0x7f;
        flash.stuck = Some(at);
        let mut store = store(&mut flash);
        assert!(matches!(store.save(Trained::after(3).snapshot()).unwrap().finish(), Err(Error::Damaged)));
        assert_eq!(loaded(&mut store), Ok(2));
        drop(store);
        // The next erase gets it.
        flash.stuck = None;
        let mut store = crate::store(&mut flash);
        save_confirmed(&mut store, &Trained::after(3));
        drop(store);
        assert_eq!(loaded(&mut crate::store(&mut flash)), Ok(3), "byte {at}");
    }
}

#[test]
fn a_word_that_fails_between_open_and_load_costs_the_record() {
    let mut flash = two();
    let mut store = opened(flash.clone(), Region::new(0, SLOT as u32));
    let (mut b, mut into) = (Portable, Trained::fresh());
    let mut load = store.load(into.target(&mut b)).unwrap();
    assert!(load.advance().unwrap().is_pending());
    drop(load);
    // The same with a flash that rots meanwhile.
    flash = store.into_flash();
    for unreadable in [false, true] {
        let shared = std::cell::RefCell::new(flash.clone());
        let mut store = opened(Shared(&shared), Region::new(0, SLOT as u32));
        if unreadable {
            shared.borrow_mut().spoil(SLOT + 600);
        } else {
            shared.borrow_mut().bytes[SLOT + 600] ^= 1;
        }
        let said = loaded(&mut store);
        assert_eq!(said, Err(if unreadable { Error::Flash(FlashError::TornWord) } else { Error::Damaged }));
        assert_eq!(loaded(&mut store), Ok(1));
    }
}

/// A flash that the test can reach while a store has it.
struct Shared<'a>(&'a std::cell::RefCell<Memory>);

impl embedded_storage::nor_flash::ErrorType for Shared<'_> {
    type Error = FlashError;
}

impl embedded_storage::nor_flash::ReadNorFlash for Shared<'_> {
    const READ_SIZE: usize = Memory::READ_SIZE;
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        embedded_storage::nor_flash::ReadNorFlash::read(&mut *self.0.borrow_mut(), offset, bytes)
    }
    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Shared<'_> {
    const WRITE_SIZE: usize = Memory::WRITE_SIZE;
    const ERASE_SIZE: usize = Memory::ERASE_SIZE;
    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        NorFlash::erase(&mut *self.0.borrow_mut(), from, to)
    }
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        NorFlash::write(&mut *self.0.borrow_mut(), offset, bytes)
    }
}

#[test]
fn swapped_slots_make_no_difference() {
    let mut flash = two();
    flash.bytes[..2 * SLOT].rotate_left(SLOT);
    let mut store = store(&mut flash);
    assert_eq!(loaded(&mut store), Ok(2));
    // The older one, now in slot 1, is the one to go. (The mock's record of written words was not swapped, but both
    // slots are written.)
    save_confirmed(&mut store, &Trained::after(3));
    assert_eq!(loaded(&mut store), Ok(3));
}

#[test]
fn a_header_over_another_records_payload_is_no_record() {
    let mut flash = two();
    let (old, new) = flash.bytes.split_at_mut(SLOT);
    new[HEADER..SLOT].copy_from_slice(&old[HEADER..SLOT]);
    assert_eq!(loaded(&mut store(&mut flash)), Ok(1));
    // A mark that belongs to another record confirms nothing.
    let mut flash = two();
    flash.bytes.copy_within(32..40, SLOT + 32);
    let mut store = store(&mut flash);
    assert!(matches!(store.slots(), [Slot::Confirmed(_), Slot::Torn(_)]));
    assert_eq!(loaded(&mut store), Ok(1));
}

/// Rewrites a header with a valid checksum.
fn forge(bytes: &mut [u8], word: usize, value: u32) {
    bytes[4 * word..4 * word + 4].copy_from_slice(&value.to_le_bytes());
    let mut crc = Crc32::new();
    crc.bytes(&bytes[..28]);
    bytes[28..32].copy_from_slice(&crc.finish().to_le_bytes());
}

#[test]
fn a_version_from_the_future_is_told_and_passed_by() {
    let mut flash = two();
    forge(&mut flash.bytes[SLOT..], 1, VERSION + 1);
    let mut at_work = store(&mut flash);
    assert!(
        matches!(at_work.slots(), [Slot::Confirmed(_), Slot::Future { version, sequence: 1 }] if *version == VERSION + 1)
    );
    assert_eq!(loaded(&mut at_work), Ok(1));
    drop(at_work);
    let mut none = flash.clone();
    for slot in 0..2 {
        forge(&mut none.bytes[slot * SLOT..], 1, 0);
    }
    assert_eq!(loaded(&mut store(&mut none)), Err(Error::Empty));
    forge(&mut flash.bytes, 1, VERSION + 1);
    let mut at_work = store(&mut flash);
    assert_eq!(loaded(&mut at_work), Err(Error::Version { found: VERSION + 1 }));
    // This firmware's next record is the newest all the same.
    save_confirmed(&mut at_work, &Trained::after(3));
    assert_eq!(at_work.current().map(|header| header.sequence), Some(2));
    assert_eq!(loaded(&mut at_work), Ok(3));
}

#[test]
fn sequence_numbers_may_wrap_around() {
    let mut flash = two();
    for (slot, sequence) in [(0, u32::MAX - 1), (1, u32::MAX)] {
        forge(&mut flash.bytes[slot * SLOT..], 2, sequence);
        // The mark names the record.
        let mut crc = Crc32::new();
        crc.bytes(b"GOOD");
        crc.bytes(&sequence.to_le_bytes());
        flash.bytes[slot * SLOT + 36..][..4].copy_from_slice(&crc.finish().to_le_bytes());
    }
    let mut store = store(&mut flash);
    assert_eq!(loaded(&mut store), Ok(2));
    save_confirmed(&mut store, &Trained::after(3));
    assert_eq!(store.current().map(|header| header.sequence), Some(0));
    assert_eq!(loaded(&mut store), Ok(3));
    save_confirmed(&mut store, &Trained::after(4));
    assert_eq!(loaded(&mut store), Ok(4));
}

#[test]
fn an_absurd_length_is_no_record() {
    for words in [u32::MAX, 1 << 30, SLOT as u32 / 4, (SLOT as u32 - 56) / 4 + 1, 0] {
        let mut flash = two();
        forge(&mut flash.bytes[SLOT..], 4, words);
        let mut store = store(&mut flash);
        assert_eq!(loaded(&mut store), Ok(1), "{words} words");
    }
}

#[test]
fn a_record_of_another_shape_is_refused_and_nothing_is_changed() {
    let mut flash = two();
    let mut store = store(&mut flash);
    let refused = |result: Result<Position, Error<FlashError>>, case: &str| {
        assert!(matches!(result, Err(Error::Layout { .. })), "{case}: {result:?}");
    };
    let (mut w, mut swa) = (vec![0.5; N], Trained::fresh().swa);
    let mut b = Portable;
    // Another optimizer.
    let mut method = other();
    let target = Target::new(&mut b, NET, &mut w, &mut method, &mut swa).unwrap();
    refused(store.load(target).and_then(|task| task.finish()), "optimizer");
    // No average.
    let mut method = Trained::fresh().method;
    let (mut b, mut none) = (Portable, ());
    let target = Target::new(&mut b, NET, &mut w, &mut method, &mut none).unwrap();
    refused(store.load(target).and_then(|task| task.finish()), "average");
    // Another tag.
    let mut b = Portable;
    let target = Target::new(&mut b, NET, &mut w, &mut method, &mut swa).unwrap().tag(1);
    refused(store.load(target).and_then(|task| task.finish()), "tag");
    // The same number of weights, in another shape.
    let mut b = Portable;
    let flat = [Segment { filters: N as u32, fan_in: 1, kind: Kind::Weight }];
    let target = Target::new(&mut b, &flat, &mut w, &mut method, &mut swa).unwrap();
    refused(store.load(target).and_then(|task| task.finish()), "shape");
    assert!(w.iter().all(|w| *w == 0.5));
    State::<Portable>::visit(&method, &mut |v| assert!(v.iter().all(|v| *v == 0.0)));
    assert_eq!(loaded(&mut store), Ok(2));
}

#[test]
fn bad_calls_are_refused() {
    let mut w = vec![0.0; N + 1];
    let (mut method, mut b) = (Plain::new(Sgd::new()), Portable);
    let position = Position::default();
    assert!(matches!(
        Snapshot::new(&b, NET, &w, &method, &(), position),
        Err(flatmin::Error::Length { what: "weights", .. })
    ));
    assert!(matches!(
        Target::new(&mut b, NET, &mut w, &mut method, &mut ()),
        Err(flatmin::Error::Length { what: "weights", .. })
    ));
    let mut flash = Memory::new(8);
    let mut store = opened(&mut flash, Region::new(0, ERASE as u32));
    let needed = Trained::fresh().words().len() * 4;
    let what = Trained::fresh();
    assert!(matches!(store.save(what.snapshot()), Err(Error::Room { needed: n, room: 456 }) if n == needed));
    assert!(matches!(loaded(&mut store), Err(Error::Empty)));
}

#[test]
fn half_a_kernel_is_never_saved() {
    let mut sliced = Sliced::new(Portable, 7);
    let mut method = Sam::new(Sgd::new(), vec![0.0; N]);
    let (mut w, mut g, mut saved) = (Trained::fresh().w, vec![0.1; N], 0);
    let mut begun = false;
    loop {
        let snapshot = Snapshot::new(&sliced, NET, &w, &method, &(), Position::default());
        let refused = matches!(snapshot, Err(flatmin::Error::Unfinished));
        saved += usize::from(!refused);
        let progress = if begun {
            sliced.resume(&mut method, &mut w, flatmin::method::Eval { g: &mut g[..], loss: 0.5 })
        } else {
            sliced.begin(&mut method, &mut w, &clock(0))
        };
        match progress.unwrap() {
            flatmin::backend::Progress::Pending => {}
            flatmin::backend::Progress::Ready(flatmin::method::Next::Done) => break,
            flatmin::backend::Progress::Ready(_) => begun = true,
        }
    }
    // Before the step, and before each of its two gradients is taken.
    assert_eq!(saved, 3);
}

#[test]
fn regions_that_do_not_fit_are_named() {
    let misfit = |region: Region| Store::new(Memory::new(8), region).map(|_| ()).unwrap_err();
    let good = Region::new(0, SLOT as u32);
    for (region, expected) in [
        (Region { start: 8, ..good }, Misfit::Unaligned),
        (Region { slot: 0, ..good }, Misfit::Unaligned),
        (Region { slot: 100, ..good }, Misfit::Unaligned),
        (Region { slots: 1, ..good }, Misfit::Slots),
        (Region { slots: 9, ..good }, Misfit::Slots),
        (Region { slots: 3, ..good }, Misfit::Capacity),
        (Region { slot: u32::MAX - 511, ..good }, Misfit::Capacity),
        (Region { start: ERASE as u32, ..good }, Misfit::Capacity),
        (Region { chunk: 0, ..good }, Misfit::Chunk),
        (Region { chunk: 12, ..good }, Misfit::Chunk),
        (Region { chunk: 512, ..good }, Misfit::Chunk),
    ] {
        assert_eq!(misfit(region), Error::Region(expected), "{region:?}");
    }
    assert_eq!(
        Store::new(Flash::<12, 24>::new(8), Region::new(0, 48)).map(|_| ()).unwrap_err(),
        Error::Region(Misfit::Unit)
    );
}

#[test]
fn chunks_and_write_units_do_not_change_the_record() {
    fn record<const W: usize>(chunk: u32) -> Header {
        let mut flash = Flash::<W, ERASE>::new(16);
        let mut store = opened(&mut flash, Region { chunk, ..Region::new(0, 2 * SLOT as u32) });
        save_confirmed(&mut store, &Trained::after(2));
        assert_eq!(loaded(&mut store).map_err(|_| ()), Ok(2));
        store.current().unwrap()
    }
    let expected = record::<1>(256);
    for chunk in [4, 64, 96, 252] {
        assert_eq!(record::<1>(chunk), expected);
        assert_eq!(record::<4>(chunk), expected);
    }
    assert_eq!(record::<32>(96), expected);
    assert_eq!(record::<256>(256), expected);
}

#[test]
fn with_three_slots_a_candidate_outlives_the_next_save() {
    let region = Region { slots: 3, ..Region::new(0, SLOT as u32) };
    let mut flash = Memory::new(12);
    let mut store = opened(&mut flash, region);
    save_confirmed(&mut store, &Trained::after(1));
    for steps in 2..6 {
        let what = Trained::after(steps);
        let mut save = store.save(what.snapshot()).unwrap();
        while save.advance().unwrap().is_pending() {}
        drop(save);
        // A save that is given up half way leaves the candidate before it.
        let next = Trained::after(steps + 1);
        let mut save = store.save(next.snapshot()).unwrap();
        for _ in 0..5 {
            assert!(save.advance().unwrap().is_pending());
        }
        drop(save);
        assert_eq!(store.candidate().map(|header| header.step), Some(steps));
        assert_eq!(loaded(&mut store), Ok(1));
    }
    let sequences: Vec<_> = store.slots().iter().map(|slot| format!("{slot:?}")).collect();
    assert!(store.confirm().unwrap().finish().is_ok(), "{sequences:?}");
    assert_eq!(loaded(&mut store), Ok(5));
}

#[test]
fn a_busy_flash_makes_everything_later_and_nothing_else() {
    let expected = two().bytes;
    for every in 2..6 {
        let mut flash = Memory::new(8);
        flash.busy_every = every;
        let mut store =
            Store::new(&mut flash, Region::new(0, SLOT as u32)).unwrap().retry_if(|e| *e == FlashError::Busy);
        store.open().finish().unwrap();
        save_confirmed(&mut store, &Trained::after(1));
        save_confirmed(&mut store, &Trained::after(2));
        assert_eq!(loaded(&mut store), Ok(2));
        assert_eq!(flash.bytes, expected);
    }
}

#[test]
fn a_write_that_fails_half_way_is_never_repeated_in_place() {
    let mut uncut = two();
    let mut at_work = store(&mut uncut);
    assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    let before = two();
    let writes = uncut.log.len() - before.log.len();
    for number in 0..writes {
        let mut flash = before.clone();
        flash.break_at = Some(before.log.len() + number);
        let mut store = store(&mut flash);
        let what = Trained::after(3);
        let mut save = store.save(what.snapshot()).unwrap();
        // The mock panics if a word is written twice.
        let mut failures = 0;
        while !matches!(save.advance(), Ok(Poll::Ready(()))) {
            failures += 1;
            assert!(failures < 100);
        }
        drop(save);
        assert!(store.confirm().unwrap().finish().is_ok());
        assert_eq!(loaded(&mut store), Ok(3), "operation {number}");
    }
}

#[test]
fn a_mark_that_fails_half_way_closes_the_store() {
    let mut flash = two();
    let mut at_work = store(&mut flash);
    assert!(at_work.save(Trained::after(3).snapshot()).unwrap().finish().is_ok());
    drop(at_work);
    flash.break_at = Some(flash.log.len());
    let mut at_work = store(&mut flash);
    assert!(matches!(at_work.confirm().unwrap().finish(), Err(Error::Flash(FlashError::Broken))));
    assert!(matches!(loaded(&mut at_work), Err(Error::Closed)));
    at_work.open().finish().unwrap();
    assert!(matches!(at_work.slots(), [Slot::Torn(_), Slot::Confirmed(_)]));
    assert_eq!(loaded(&mut at_work), Ok(2));
    save_confirmed(&mut at_work, &Trained::after(4));
    assert_eq!(loaded(&mut at_work), Ok(4));
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

async fn opened_async(flash: &mut Memory) -> AsyncStore<&mut Memory> {
    let mut store = AsyncStore::new(flash, Region::new(0, SLOT as u32)).unwrap();
    store.open().finish().await.unwrap();
    store
}

async fn save_confirmed_async(
    store: &mut AsyncStore<&mut Memory>,
    what: &Trained,
) -> Result<(), Error<FlashError>> {
    store.save(what.snapshot())?.finish().await?;
    store.confirm()?.finish().await
}

#[test]
fn the_asynchronous_store_writes_the_same_image() {
    let mut flash = Memory::new(8);
    block_on(async {
        let mut store = opened_async(&mut flash).await;
        save_confirmed_async(&mut store, &Trained::after(1)).await.unwrap();
        save_confirmed_async(&mut store, &Trained::after(2)).await.unwrap();
        let (mut b, mut into) = (Portable, Trained::fresh());
        let position = store.load(into.target(&mut b)).unwrap().finish().await.unwrap();
        into.resume_at(position);
        assert_eq!(into.words(), Trained::after(2).words());
    });
    assert_eq!(flash.bytes, two().bytes);
    assert_eq!(flash.log, two().log);
}

/// Polls a future `polls` times, then drops it.
fn drop_after<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(value);
        }
    }
    None
}

#[test]
fn a_future_dropped_anywhere_harms_nothing() {
    let before = two();
    let (what, mut polls, mut finished) = (Trained::after(3), 0, false);
    while !finished {
        let mut flash = before.clone();
        let mut store = block_on(opened_async(&mut flash));
        let mut save = store.save(what.snapshot()).unwrap();
        // One operation is dropped, begun or not, and the same save goes on. (The mock panics if a word is written twice.)
        let mut left = polls;
        let mut dropped = false;
        loop {
            let said = if dropped {
                Some(block_on(save.advance()))
            } else {
                // Three polls make an operation.
                let said = drop_after(save.advance(), left.min(3));
                left = left.saturating_sub(3);
                dropped = said.is_none();
                said
            };
            if let Some(Ok(Poll::Ready(()))) = said {
                finished = !dropped;
                break;
            }
        }
        drop(save);
        assert_eq!(store.current().map(|header| header.step), Some(2), "{polls} polls");
        assert!(block_on(store.confirm().unwrap().finish()).is_ok(), "{polls} polls");
        drop(store);
        assert_eq!(loaded(&mut crate::store(&mut flash)), Ok(3), "{polls} polls");
        polls += 1;
    }
    assert!(polls > 20, "{polls}");
}

#[test]
fn a_dropped_confirm_is_settled_by_reading() {
    for polls in 0..8 {
        let mut flash = two();
        let mut store = block_on(opened_async(&mut flash));
        block_on(store.save(Trained::after(3).snapshot()).unwrap().finish()).unwrap();
        let mut confirm = store.confirm().unwrap();
        drop_after(confirm.advance(), polls);
        // Before the write began the mark reads as erased, and only opening the store tells.
        let settled = block_on(confirm.finish());
        drop(store);
        let found = loaded(&mut crate::store(&mut flash)).unwrap();
        assert_eq!(settled.is_ok(), found == 3, "{polls} polls");
        assert!(found == 2 || found == 3);
    }
}

#[test]
fn positions_and_generators_resume() {
    let key = Key::new(7, Stream::Shuffle, 3);
    let mut words = Vec::new();
    let mut draws = Draws::new(key);
    for n in 0..20 {
        assert_eq!(draws.position(), n);
        let position = Position { step: 1, total: 2, seed: u64::MAX - 5, drawn: n, phase: 9 };
        let mut row = Vec::new();
        position.put(&mut |word| row.push(word));
        assert_eq!(row.len(), Position::LEN);
        let mut row = row.into_iter();
        assert_eq!(Position::take(&mut || row.next().unwrap()), position);
        let mut again = position.draws(key);
        assert_eq!(again.position(), n);
        let word = draws.word();
        assert_eq!(again.word(), word);
        assert_eq!(again.word(), draws.clone().word());
        words.push(word);
    }
    words.dedup();
    assert_eq!(words.len(), 20);
}
