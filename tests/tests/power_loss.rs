//! Power cuts at every write and erase, and at every byte of them.

use embedded_storage::nor_flash::NorFlash;
use flatmin::backend::Portable;
use flatmin::checkpoint::{CHUNK, Header, Region, Store};
use flatmin::hash::Crc32;
use flatmin_tests::flash::{Cut, Flash, FlashError, Operation, Torn};
use flatmin_tests::say;
use flatmin_tests::trained::Trained;

/// Bytes of the smallest erase: several to a slot, and one that is a slot.
const ERASE: usize = 512;
const LONG: usize = SLOT;
const SLOT: usize = 2048;

/// A store under test: what the exhaustive cuts are tried on.
trait Subject<F> {
    fn save(flash: &mut F, what: &Trained) -> Result<(), String>;
    fn confirm(flash: &mut F) -> Result<(), String>;
    fn roll_back(flash: &mut F) -> Result<(), String>;
    fn undo(flash: &mut F) -> Result<(), String>;
    /// The words of the current record.
    fn load(flash: &mut F) -> Option<Vec<u32>>;
    /// The words of the candidate.
    fn candidate(flash: &mut F) -> Option<Vec<u32>>;
    /// Whether a slot claims to hold a record that is not complete.
    fn lies(flash: &F) -> bool;
}

/// A way to use a store; its first step has the power cut.
#[derive(Clone, Copy, Debug)]
enum Script {
    FirstSave,
    Save,
    SaveDuringStep,
    Confirm,
    RollBack,
    Undo,
    /// Over an older confirmed record.
    SaveOverOlder,
    SaveOverUndone,
    SaveOverRejected,
    SaveOverCandidate,
}

const SCRIPTS: [Script; 10] = [
    Script::FirstSave,
    Script::Save,
    Script::SaveDuringStep,
    Script::Confirm,
    Script::RollBack,
    Script::Undo,
    Script::SaveOverOlder,
    Script::SaveOverUndone,
    Script::SaveOverRejected,
    Script::SaveOverCandidate,
];

/// What the power cuts found: operations of an uncut run, operations that were cut, cuts tried.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    operations: usize,
    cut: usize,
    tried: usize,
}

impl Script {
    /// The flash before the script: the first record confirmed, and for some the second as well.
    fn prepare<S: Subject<Flash<W, E>>, const W: usize, const E: usize>(self) -> Flash<W, E> {
        let mut flash = Flash::new(2 * SLOT / E);
        if !matches!(self, Self::FirstSave) {
            S::save(&mut flash, &Trained::after(1)).unwrap();
            S::confirm(&mut flash).unwrap();
        }
        if !matches!(self, Self::FirstSave | Self::Save | Self::SaveDuringStep) {
            S::save(&mut flash, &Trained::after(2)).unwrap();
        }
        if matches!(self, Self::Undo | Self::SaveOverOlder | Self::SaveOverUndone) {
            S::confirm(&mut flash).unwrap();
        }
        match self {
            Self::SaveOverUndone => S::undo(&mut flash).unwrap(),
            Self::SaveOverRejected => S::roll_back(&mut flash).unwrap(),
            _ => {}
        }
        flash.reboot();
        flash
    }

    fn run<S: Subject<F>, F>(self, flash: &mut F) -> Result<(), String> {
        match self {
            Self::FirstSave | Self::Save => S::save(flash, &Trained::after(2)),
            Self::SaveDuringStep => S::save(flash, &Trained::inside(2)),
            Self::Confirm => S::confirm(flash),
            Self::RollBack => S::roll_back(flash),
            Self::Undo => S::undo(flash),
            _ => S::save(flash, &Trained::after(3)),
        }
    }

    /// What a cut script may leave as the current record.
    fn allowed(self) -> Vec<Option<Vec<u32>>> {
        let record = |steps| Some(Trained::after(steps).words());
        match self {
            Self::FirstSave => vec![None],
            Self::Confirm | Self::Undo => vec![record(1), record(2)],
            Self::SaveOverOlder => vec![record(2)],
            _ => vec![record(1)],
        }
    }

    /// What it may leave as the candidate.
    fn candidates(self) -> Vec<Vec<u32>> {
        let steps: &[u32] = match self {
            Self::SaveOverOlder | Self::SaveOverUndone | Self::SaveOverRejected => &[3],
            Self::SaveOverCandidate => &[2, 3],
            _ => &[2],
        };
        steps.iter().map(|steps| Trained::after(*steps).words()).collect()
    }
}

/// Cuts the power at every byte of every write and erase of `script`, reboots, and looks.
fn exhaust<S: Subject<Flash<W, E>>, const W: usize, const E: usize>(script: Script) -> Result<Found, String> {
    let before = script.prepare::<S, W, E>();
    let (mut uncut, allowed, candidates) = (before.clone(), script.allowed(), script.candidates());
    let next = Trained::after(4);
    script.run::<S, _>(&mut uncut)?;
    let operations = uncut.log.clone();
    let mut found = Found { operations: operations.len(), cut: 0, tried: 0 };
    for (number, operation) in operations.iter().enumerate() {
        let mut reached = false;
        let (step, kinds) = match operation.erase {
            // An erase knows no bytes: every word will do.
            true => (W.max(Torn::WORD), &Torn::ERASE[..]),
            false => (1, &Torn::WRITE[..]),
        };
        for bytes in (0..=operation.len).step_by(step) {
            for torn in kinds.iter().copied() {
                let mut flash = before.clone();
                flash.cut = Some(Cut { operation: number, bytes, torn });
                let case = format!(
                    "{script:?}, words of {W}, erases of {E}: {operation:?} cut after {bytes} bytes, {torn:?}"
                );
                if script.run::<S, _>(&mut flash).is_ok() {
                    return Err(format!("{case}: the script succeeds without power"));
                }
                reached |= flash.log.len() == number + 1;
                flash.reboot();
                // What stood in a slot dies in any order when it is erased; what is written has one.
                if !matches!(torn, Torn::Only | Torn::Spared) && S::lies(&flash) {
                    return Err(format!("{case}: a slot has a header without its payload"));
                }
                after_the_cut::<S, _>(&mut flash, &allowed, &candidates, &next)
                    .map_err(|what| format!("{case}: {what}"))?;
                found.tried += 1;
            }
        }
        found.cut += usize::from(reached);
    }
    Ok(found)
}

/// The last confirmed record is there, or the one whose confirmation was cut; what stands beside it is whole; and the next
/// save succeeds.
fn after_the_cut<S: Subject<F>, F>(
    flash: &mut F,
    allowed: &[Option<Vec<u32>>],
    candidates: &[Vec<u32>],
    next: &Trained,
) -> Result<(), String> {
    let current = S::load(flash);
    if !allowed.contains(&current) {
        return Err("the last confirmed record is not there".into());
    }
    if let Some(candidate) = S::candidate(flash)
        && !candidates.contains(&candidate)
    {
        return Err("the candidate is not what was saved".into());
    }
    S::save(flash, next).map_err(|what| format!("the next save fails: {what}"))?;
    if S::load(flash) != current {
        return Err("the next save has changed the current record".into());
    }
    S::confirm(flash).map_err(|what| format!("the next confirm fails: {what}"))?;
    if S::load(flash) != Some(next.words()) {
        return Err("the next record is not there".into());
    }
    Ok(())
}

/// The store of the crate.
struct Ours;

fn region(chunk: usize) -> Region {
    Region { chunk: chunk as u32, ..Region::new(0, SLOT as u32) }
}

impl<const W: usize, const E: usize> Subject<Flash<W, E>> for Ours {
    fn save(flash: &mut Flash<W, E>, what: &Trained) -> Result<(), String> {
        let mut store = opened(flash);
        let save = store.save(what.snapshot()).map_err(|e| e.to_string())?;
        save.finish().map_err(|e| e.to_string())
    }

    fn confirm(flash: &mut Flash<W, E>) -> Result<(), String> {
        opened(flash).confirm().and_then(|task| task.finish()).map_err(|e| e.to_string())
    }

    fn roll_back(flash: &mut Flash<W, E>) -> Result<(), String> {
        opened(flash).roll_back().and_then(|task| task.finish()).map_err(|e| e.to_string())
    }

    fn undo(flash: &mut Flash<W, E>) -> Result<(), String> {
        opened(flash).undo().and_then(|task| task.finish()).map_err(|e| e.to_string())
    }

    fn load(flash: &mut Flash<W, E>) -> Option<Vec<u32>> {
        let (mut store, mut b, mut into) = (opened(flash), Portable, Trained::fresh());
        let position = store.load(into.target(&mut b)).ok()?.finish().unwrap();
        into.resume_at(position);
        Some(into.words())
    }

    fn candidate(flash: &mut Flash<W, E>) -> Option<Vec<u32>> {
        let (mut store, mut b, mut into) = (opened(flash), Portable, Trained::fresh());
        let position = store.load_candidate(into.target(&mut b)).ok()?.finish().unwrap();
        into.resume_at(position);
        Some(into.words())
    }

    fn lies(flash: &Flash<W, E>) -> bool {
        let payload = 32usize.next_multiple_of(W) + 2 * 8usize.next_multiple_of(W);
        (0..2).any(|slot| {
            let bytes = &flash.bytes[slot * SLOT..][..SLOT];
            Header::decode(bytes).is_ok_and(|header| {
                let mut crc = Crc32::new();
                crc.bytes(&bytes[payload..][..header.words as usize * 4]);
                crc.finish() != header.crc
            })
        })
    }
}

fn opened<const W: usize, const E: usize>(flash: &mut Flash<W, E>) -> Store<&mut Flash<W, E>> {
    let mut store = Store::new(flash, region(CHUNK)).unwrap();
    store.open().finish().unwrap();
    store
}

fn exhaust_ours<const W: usize>() {
    exhaust_scripts::<W, ERASE>();
    exhaust_scripts::<W, LONG>();
}

fn exhaust_scripts<const W: usize, const E: usize>() {
    let (mut operations, mut tried) = (0, 0);
    for script in SCRIPTS {
        let found = exhaust::<Ours, W, E>(script).unwrap();
        assert_eq!(found.cut, found.operations, "{script:?}: some operation was never cut");
        assert!(found.operations > 0);
        (operations, tried) = (operations + found.operations, tried + found.tried);
    }
    say(&format!(
        "ran: power_loss (words of {W}, erases of {E}: {operations} cut points = {operations} writes and erases of the uncut runs, {tried} cuts)"
    ));
}

#[test]
fn no_cut_costs_the_confirmed_record_with_words_of_1() {
    exhaust_ours::<1>();
}

#[test]
fn no_cut_costs_the_confirmed_record_with_words_of_4() {
    exhaust_ours::<4>();
}

#[test]
fn no_cut_costs_the_confirmed_record_with_words_of_8() {
    exhaust_ours::<8>();
}

#[test]
fn no_cut_costs_the_confirmed_record_with_words_of_32() {
    exhaust_ours::<32>();
}

/// A store that writes its header first, without a checksum, as one does who has not thought of power cuts: header,
/// mark and payload at bytes 0, 32 and 64 of a slot.
struct HeaderFirst;

impl HeaderFirst {
    /// The newest record that is confirmed, or that is not: slot and words.
    fn newest<const W: usize>(flash: &Flash<W, ERASE>, confirmed: bool) -> Option<(usize, Vec<u32>)> {
        let of = |slot: usize| {
            let bytes = &flash.bytes[slot * SLOT..];
            let n = usize::from(u16::from_le_bytes([bytes[2], bytes[3]]));
            let words = bytes.get(64..64 + 4 * n)?.as_chunks().0;
            let words = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            (bytes[0] == 42 && (bytes[32] == 42) == confirmed).then_some((bytes[1], (slot, words)))
        };
        (0..2).filter_map(of).max_by_key(|(sequence, _)| *sequence).map(|(_, found)| found)
    }

    fn sequence<const W: usize>(flash: &Flash<W, ERASE>) -> u8 {
        (0..2).map(|slot| flash.bytes[slot * SLOT + 1].wrapping_add(1)).max().unwrap_or(0)
    }
}

impl<const W: usize> Subject<Flash<W, ERASE>> for HeaderFirst {
    fn save(flash: &mut Flash<W, ERASE>, what: &Trained) -> Result<(), String> {
        let slot = Self::newest(flash, true).map_or(0, |(slot, _)| 1 - slot);
        let words = what.words();
        let mut header = [0xff; 32];
        header[..2].copy_from_slice(&[42, Self::sequence(flash)]);
        header[2..4].copy_from_slice(&(words.len() as u16).to_le_bytes());
        let mut payload: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        payload.resize(payload.len().next_multiple_of(32), 0xff);
        let base = (slot * SLOT) as u32;
        let mut all = || {
            for unit in 0..(SLOT / ERASE) as u32 {
                flash.erase(base + unit * ERASE as u32, base + (unit + 1) * ERASE as u32)?;
            }
            flash.write(base, &header)?;
            flash.write(base + 64, &payload)
        };
        all().map_err(|error: FlashError| format!("{error:?}"))
    }

    fn confirm(flash: &mut Flash<W, ERASE>) -> Result<(), String> {
        let (slot, _) = Self::newest(flash, false).ok_or("no candidate")?;
        flash.write((slot * SLOT + 32) as u32, &[42; 32]).map_err(|error| format!("{error:?}"))
    }

    fn roll_back(_: &mut Flash<W, ERASE>) -> Result<(), String> {
        Err("not there".into())
    }

    fn undo(_: &mut Flash<W, ERASE>) -> Result<(), String> {
        Err("not there".into())
    }

    fn load(flash: &mut Flash<W, ERASE>) -> Option<Vec<u32>> {
        Self::newest(flash, true).map(|(_, words)| words)
    }

    fn candidate(flash: &mut Flash<W, ERASE>) -> Option<Vec<u32>> {
        Self::newest(flash, false).map(|(_, words)| words)
    }

    fn lies(_: &Flash<W, ERASE>) -> bool {
        false
    }
}

#[test]
fn a_store_that_writes_its_header_first_is_caught() {
    let said = exhaust::<HeaderFirst, 4, ERASE>(Script::Save).unwrap_err();
    assert!(said.contains("erase: false") && said.contains("the candidate is not what was saved"), "{said}");
}

/// The crate's own format, its header written before the payload: the checksum hides it from a load, the image does not.
struct Reordered;

impl<const W: usize> Subject<Flash<W, ERASE>> for Reordered {
    fn save(flash: &mut Flash<W, ERASE>, what: &Trained) -> Result<(), String> {
        let mut good = flash.clone();
        (good.cut, good.log) = (None, Vec::new());
        <Ours as Subject<Flash<W, ERASE>>>::save(&mut good, what)?;
        let mut log: Vec<Operation> = good.log.clone();
        // The prepared flash saves without a cut; the script itself has the header moved up.
        let header = log.pop().unwrap();
        let erases = log.iter().filter(|operation| operation.erase).count();
        log.insert(erases, header);
        for Operation { erase, at, len } in log {
            if erase {
                flash.erase(at as u32, (at + len) as u32)
            } else {
                flash.write(at as u32, &good.bytes[at..at + len])
            }
            .map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    }

    fn confirm(flash: &mut Flash<W, ERASE>) -> Result<(), String> {
        Ours::confirm(flash)
    }

    fn roll_back(flash: &mut Flash<W, ERASE>) -> Result<(), String> {
        Ours::roll_back(flash)
    }

    fn undo(flash: &mut Flash<W, ERASE>) -> Result<(), String> {
        Ours::undo(flash)
    }

    fn load(flash: &mut Flash<W, ERASE>) -> Option<Vec<u32>> {
        Ours::load(flash)
    }

    fn candidate(flash: &mut Flash<W, ERASE>) -> Option<Vec<u32>> {
        Ours::candidate(flash)
    }

    fn lies(flash: &Flash<W, ERASE>) -> bool {
        <Ours as Subject<Flash<W, ERASE>>>::lies(flash)
    }
}

#[test]
fn a_header_before_its_payload_is_caught() {
    let said = exhaust::<Reordered, 8, ERASE>(Script::Save).unwrap_err();
    assert!(said.contains("a header without its payload"), "{said}");
}

#[test]
fn a_save_during_a_step_holds_the_start_of_the_step() {
    let (before, inside) = (Trained::after(2), Trained::inside(2));
    assert_ne!(before.w, inside.w);
    assert_eq!(inside.words(), before.words());
}
