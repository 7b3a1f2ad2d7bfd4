//! The decoder on flash images that nobody wrote: it never panics, never loads what is not whole, and the next save works.
//!
//! Random images, mutations of good ones (headers and marks with valid checksums among them), and random histories with
//! power cuts; what a mutation run once found, and a sample of each kind of damage, lies in `corpus/checkpoint` and is
//! replayed. Continuous integration has no nightly compiler, hence proptest and not cargo-fuzz.

#![allow(clippy::drop_non_drop, reason = "a drop stands for the reset of a device, or for work given up")]

use flatmin::checkpoint::{Error, HEADER, Header, Position, Region, Sink, Slot, Source, Store};
use flatmin::hash::Crc32;
use flatmin_tests::flash::{Cut, Flash, FlashError, Torn};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ERASE: usize = 64;
const SLOT: usize = 2 * ERASE;
const WORDS: usize = 14;
const PAYLOAD: usize = 48;
const LAYOUT: u32 = 0x1234;
type Memory = Flash<4, ERASE>;

/// A record of a few words: each is a function of the first.
#[derive(Clone, Debug, PartialEq)]
struct Record([u32; WORDS]);

impl Record {
    fn new(n: u32) -> Self {
        Self(std::array::from_fn(|i| n.wrapping_mul(0x9e37_79b9).rotate_left(i as u32)))
    }
}

impl Source for Record {
    fn words(&self) -> usize {
        WORDS
    }
    fn layout(&self) -> u32 {
        LAYOUT
    }
    fn step(&self) -> u32 {
        self.0[0]
    }
    fn fill(&self, from: usize, out: &mut [u8]) {
        for (chunk, word) in out.chunks_mut(4).zip(&self.0[from..]) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
    }
}

/// Where a record is loaded to.
struct Into([Option<u32>; WORDS]);

impl Sink for &mut Into {
    fn words(&self) -> usize {
        WORDS
    }
    fn layout(&self) -> u32 {
        LAYOUT
    }
    fn take(&mut self, from: usize, bytes: &[u8]) {
        for (i, word) in (from..).zip(bytes.as_chunks().0) {
            self.0[i] = Some(u32::from_le_bytes(*word));
        }
    }
    fn position(&self) -> Position {
        Position::default()
    }
}

fn opened(flash: &mut Memory) -> Store<&mut Memory> {
    let mut store = Store::new(flash, Region { chunk: 16, ..Region::new(0, SLOT as u32) }).unwrap();
    store.open().finish().unwrap();
    store
}

fn loaded(store: &mut Store<&mut Memory>) -> Result<Record, Error<FlashError>> {
    let mut into = Into([None; WORDS]);
    store.load(&mut into)?.finish()?;
    Ok(Record(into.0.map(|word| word.expect("a load fills every word"))))
}

/// A flash that holds `image`, every word of it written.
fn flash(image: &[u8]) -> Memory {
    let mut flash = Memory::new(2 * SLOT / ERASE);
    NorFlashAll::write_all(&mut flash, image);
    flash.reboot();
    flash
}

/// Writing a whole image.
trait NorFlashAll {
    fn write_all(&mut self, image: &[u8]);
}

impl NorFlashAll for Memory {
    fn write_all(&mut self, image: &[u8]) {
        use embedded_storage::nor_flash::NorFlash;
        for (at, word) in (0_u32..).step_by(4).zip(image.as_chunks::<4>().0) {
            // What is erased may still be written.
            if word != &[0xff; 4] {
                self.write(at, word).unwrap();
            }
        }
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.bytes(bytes);
    crc.finish()
}

/// What must hold for any image.
fn survives(image: &[u8]) {
    let mut memory = flash(image);
    let mut store = opened(&mut memory);
    let slots = store.slots().to_vec();
    for (slot, what) in slots.iter().enumerate() {
        let bytes = &image[slot * SLOT..][..SLOT];
        if let Slot::Confirmed(header) | Slot::Candidate(header) = what {
            assert_eq!(Header::decode(bytes), Ok(*header));
            let payload = &bytes[PAYLOAD..][..header.words as usize * 4];
            assert_eq!(crc(payload), header.crc, "slot {slot} is not whole: {what:?}");
            assert!(bytes[40..48].iter().all(|byte| *byte == 0xff), "slot {slot} was rolled back: {what:?}");
            let retired = &bytes[PAYLOAD + payload.len()..][..8];
            assert!(retired.iter().all(|byte| *byte == 0xff), "slot {slot} was to be erased: {what:?}");
        }
    }
    let before = loaded(&mut store);
    match &before {
        Ok(record) => {
            let current = store.current().unwrap();
            let mut bytes = [0; WORDS * 4];
            record.fill(0, &mut bytes);
            assert_eq!(crc(&bytes), current.crc);
        }
        Err(Error::Empty) => assert!(store.current().is_none()),
        Err(Error::Layout { .. } | Error::Version { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    // The next save and the next confirm succeed, and until then nothing changes.
    let next = Record::new(77);
    store.save(next.clone()).unwrap().finish().unwrap();
    assert_eq!(loaded(&mut store).ok(), before.ok());
    store.confirm().unwrap().finish().unwrap();
    assert_eq!(loaded(&mut store), Ok(next.clone()));
    drop(store);
    assert_eq!(loaded(&mut opened(&mut memory)), Ok(next));
}

/// Two confirmed records, or one and a candidate.
fn good(confirm: bool) -> Vec<u8> {
    let mut memory = Memory::new(2 * SLOT / ERASE);
    let mut store = opened(&mut memory);
    store.save(Record::new(1)).unwrap().finish().unwrap();
    store.confirm().unwrap().finish().unwrap();
    store.save(Record::new(2)).unwrap().finish().unwrap();
    if confirm {
        store.confirm().unwrap().finish().unwrap();
    }
    memory.bytes
}

/// One change of an image.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(usize, u8),
    /// A word of a header, with the checksum made good.
    Header(usize, usize, u32),
    Copy(usize, usize, usize),
    Erase(usize, usize),
    /// The checksum of the payload is made to fit what is there, and the header's too.
    Seal(usize),
}

fn mutate(image: &mut [u8], mutation: &Mutation) {
    let seal = |image: &mut [u8], slot: usize| {
        let header = &mut image[slot * SLOT..][..HEADER];
        let crc = crc(&header[..28]);
        header[28..].copy_from_slice(&crc.to_le_bytes());
    };
    match *mutation {
        Mutation::Byte(at, value) => image[at] = value,
        Mutation::Header(slot, word, value) => {
            image[slot * SLOT + 4 * word..][..4].copy_from_slice(&value.to_le_bytes());
            seal(image, slot);
        }
        Mutation::Copy(from, to, len) => {
            let len = len.min(image.len() - from.max(to));
            image.copy_within(from..from + len, to);
        }
        Mutation::Erase(at, len) => {
            let end = image.len().min(at + len);
            image[at..end].fill(0xff);
        }
        Mutation::Seal(slot) => {
            let bytes = &mut image[slot * SLOT..][..SLOT];
            let words = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
            let end = SLOT.min(PAYLOAD + words.saturating_mul(4));
            let payload = crc(&bytes[PAYLOAD..end]);
            bytes[20..24].copy_from_slice(&payload.to_le_bytes());
            seal(image, slot);
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = 0..2 * SLOT;
    let value = prop_oneof![any::<u32>(), 0..40_u32, Just(u32::MAX), Just(u32::MAX / 4)];
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, value)| Mutation::Byte(at, value)),
        (0..2_usize, 0..7_usize, value).prop_map(|(slot, word, value)| Mutation::Header(slot, word, value)),
        (at.clone(), at.clone(), 1..SLOT).prop_map(|(from, to, len)| Mutation::Copy(from, to, len)),
        (at, 1..SLOT).prop_map(|(at, len)| Mutation::Erase(at, len)),
        (0..2_usize).prop_map(Mutation::Seal),
    ]
}

/// What a firmware does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    Save,
    Confirm,
    RollBack,
    Undo,
    Reset,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Save),
        3 => Just(Act::Confirm),
        1 => Just(Act::RollBack),
        1 => Just(Act::Undo),
        1 => Just(Act::Reset),
    ]
}

fn torn() -> impl Strategy<Value = Torn> {
    prop_oneof![
        Just(Torn::Prefix),
        Just(Torn::Noise),
        Just(Torn::Unreadable),
        Just(Torn::Only),
        Just(Torn::Spared)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_images_are_survived(image in proptest::collection::vec(any::<u8>(), 2 * SLOT)) {
        survives(&image);
    }

    #[test]
    fn mutated_images_are_survived(
        confirm in any::<bool>(),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let mut image = good(confirm);
        for mutation in &mutations {
            mutate(&mut image, mutation);
        }
        survives(&image);
    }

    /// A model of the store: the records that may be current after each act, with the power cut in some of them.
    #[test]
    fn any_history_with_power_cuts_keeps_a_confirmed_record(
        acts in proptest::collection::vec((act(), proptest::option::weighted(0.3, (0..8_usize, 0..64_usize, torn()))), 1..25)
    ) {
        let mut memory = Memory::new(2 * SLOT / ERASE);
        let (mut current, mut candidate, mut older) = (None, None, None);
        let mut dropped = Vec::new();
        // Every record is another one.
        for (n, (act, cut)) in (0_u32..).zip(acts) {
            memory.reboot();
            memory.cut = cut.map(|(operation, bytes, torn)| Cut { operation, bytes, torn });
            let mut store = opened(&mut memory);
            let done = match act {
                Act::Save => store.save(Record::new(n)).unwrap().finish().is_ok(),
                Act::Confirm => store.confirm().and_then(|task| task.finish()).is_ok(),
                Act::RollBack => store.roll_back().and_then(|task| task.finish()).is_ok(),
                Act::Undo => store.undo().and_then(|task| task.finish()).is_ok(),
                Act::Reset => false,
            };
            drop(store);
            memory.reboot();
            if done {
                match act {
                    Act::RollBack => dropped.extend(candidate.clone()),
                    Act::Undo => dropped.extend(current.clone()),
                    _ => {}
                }
            }
            let found = loaded(&mut opened(&mut memory)).ok();
            // The record that is current if the act happened.
            let next = match act {
                Act::Confirm if candidate.is_some() => candidate.clone(),
                Act::Undo if older.is_some() => older.clone(),
                _ => current.clone(),
            };
            if done {
                prop_assert_eq!(&found, &next, "{:?} was done", act);
            } else {
                prop_assert!(found == current || found == next, "{:?} was cut: {:?}", act, found);
            }
            // What the model knows afterwards, of what is there.
            let mut store = opened(&mut memory);
            if found != current {
                older = if matches!(act, Act::Confirm) { current } else { None };
                current = found;
            }
            if store.slots().iter().filter(|slot| matches!(slot, Slot::Confirmed(_))).count() < 2 {
                older = None;
            }
            let mut into = Into([None; WORDS]);
            let there = store.load_candidate(&mut into).is_ok_and(|task| task.finish().is_ok());
            candidate = there.then(|| Record(into.0.map(Option::unwrap)));
            for gone in &dropped {
                prop_assert!(Some(gone) != current.as_ref() && Some(gone) != candidate.as_ref(), "{:?} is back", gone);
            }
            if matches!(act, Act::Save) && done {
                prop_assert_eq!(&candidate, &Some(Record::new(n)));
            }
        }
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/checkpoint")
}

/// A sample of every kind of damage, by name.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let with = |confirm, mutations: &[Mutation]| {
        let mut image = good(confirm);
        mutations.iter().for_each(|mutation| mutate(&mut image, mutation));
        image
    };
    vec![
        ("absurd-length", with(true, &[Mutation::Header(1, 4, u32::MAX)])),
        ("absurd-length-sealed", with(true, &[Mutation::Header(1, 4, u32::MAX), Mutation::Seal(1)])),
        ("both-future", with(true, &[Mutation::Header(0, 1, 9), Mutation::Header(1, 1, 9)])),
        ("candidate", with(false, &[])),
        ("erased", vec![0xff; 2 * SLOT]),
        ("foreign-layout", with(true, &[Mutation::Header(1, 3, 5)])),
        ("header-of-the-other", with(true, &[Mutation::Copy(0, SLOT, HEADER)])),
        ("no-words", with(true, &[Mutation::Header(1, 4, 0), Mutation::Seal(1)])),
        ("one-word-more-than-fits", with(true, &[Mutation::Header(1, 4, 19), Mutation::Seal(1)])),
        ("as-many-words-as-fit", with(true, &[Mutation::Header(1, 4, 18), Mutation::Seal(1)])),
        ("same-record-twice", with(true, &[Mutation::Copy(0, SLOT, SLOT)])),
        ("torn-confirmation", with(true, &[Mutation::Byte(SLOT + 36, 0xff)])),
        ("torn-rejection", with(true, &[Mutation::Byte(SLOT + 40, 0x7f)])),
        ("two", with(true, &[])),
        ("version-zero", with(true, &[Mutation::Header(1, 1, 0)])),
        ("wrapped-sequence", with(true, &[Mutation::Header(0, 2, u32::MAX)])),
        ("zeros", vec![0; 2 * SLOT]),
    ]
}

/// Files are replayed as they are, so that a format that changes by accident shows.
#[test]
fn the_corpus_is_survived_and_complete() {
    if std::env::var_os("FLATMIN_WRITE_CORPUS").is_some() {
        for (name, image) in samples() {
            std::fs::write(corpus().join(name).with_extension("bin"), image).unwrap();
        }
    }
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(corpus()).unwrap() {
        let path = entry.unwrap().path();
        let image = std::fs::read(&path).unwrap();
        assert_eq!(image.len(), 2 * SLOT, "{}", path.display());
        survives(&image);
        found.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    for (name, image) in samples() {
        assert!(found.contains(name), "corpus/checkpoint/{name}.bin is missing");
        let file = std::fs::read(corpus().join(name).with_extension("bin")).unwrap();
        assert_eq!(file, image, "{name}: the format has changed; a new format needs a new version");
    }
}
