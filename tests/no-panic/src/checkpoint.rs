//! Checkpoints on a flash.

use crate::board::{Failed, Flash};
use core::task::Poll;
use flatmin::averages::Swa;
use flatmin::backend::Portable;
use flatmin::checkpoint::{
    Header, Load, Mark, NoHeader, Position, Region, Save, Scan, Sink, Slot, Snapshot, Source, Store, Target,
    Task,
};
use flatmin::layout::Segment;
use flatmin::methods::Sam;
use flatmin::optimizers::{NoMomentum, Sgd};
use flatmin::rng::Key;
use flatmin::state::{State, Words};

type Method<'a> = Sam<Sgd<NoMomentum>, &'a mut [f32]>;

type Mean<'a> = Swa<&'a mut [f32]>;

must_not_panic! {
    fn checkpoint(
        bytes: &mut [u8], region: &[u32; 2], w: &mut [f32], a: &mut [f32], b: &mut [f32], c: &mut [f32],
        position: &Position, segments: &[Segment],
    ) -> u32 {
        let [start, slot] = *region;
        let Ok(mut store) = Store::new(Flash(bytes), Region::new(start, slot)) else { return 1 };
        let mut method = Sam::new(Sgd::new().momentum(0.9, &mut *a), &mut *b);
        let mut swa = Swa::new(&mut *c);
        let opened = store.open().finish().is_ok();
        let saved = Snapshot::new(&Portable, segments, w, &method, &swa, *position).is_ok_and(|snapshot| {
            store.save(snapshot.tag(slot)).is_ok_and(|task| task.finish().is_ok())
        });
        let confirmed = store.confirm().is_ok_and(|task| task.finish().is_ok());
        let undone = store.undo().is_ok_and(|task| task.finish().is_ok());
        let dropped = store.roll_back().is_ok_and(|task| task.finish().is_ok());
        let loaded = Target::new(&mut Portable, segments, w, &mut method, &mut swa).is_ok_and(|target| {
            store.load(target).is_ok_and(|task| task.finish().is_ok())
        });
        let candidate = Target::new(&mut Portable, segments, w, &mut method, &mut swa).is_ok_and(|target| {
            store.load_candidate(target).is_ok_and(|task| task.finish().is_ok())
        });
        let found = store.current().map_or(0, |header| header.step) + store.slots().len() as u32;
        [opened, saved, confirmed, undone, dropped, loaded, candidate].iter().fold(found, |sum, ok| sum + u32::from(*ok))
    }

    fn piecewise(bytes: &mut [u8], region: &Region, source: Snapshot<'_, Portable, Method<'_>, Mean<'_>>) -> u32 {
        let Ok(store) = Store::new(Flash(bytes), *region) else { return 1 };
        let mut store = store.retry_if(|_: &Failed| true);
        let mut scan: Task<'_, Flash<'_>, Scan<'_>> = store.open();
        let opened = Task::advance(&mut scan).is_ok();
        let _ = Task::finish(scan);
        let saved = store.save(source).is_ok_and(|mut save: Task<'_, _, Save<'_, _>>| {
            matches!(Task::advance(&mut save), Ok(Poll::Pending)) && Task::finish(save).is_ok()
        });
        let marked = store.confirm().is_ok_and(|mut mark: Task<'_, _, Mark<'_>>| {
            matches!(Task::advance(&mut mark), Ok(Poll::Pending)) && Task::finish(mark).is_ok()
        });
        let waits = Store::candidate(&store).map_or(0, |header| header.step);
        let kept = Store::slots(&store).iter().filter(|slot| matches!(slot, Slot::Confirmed(_))).count() as u32;
        let Flash(bytes) = store.into_flash();
        waits + kept + bytes.len() as u32 + u32::from(opened) + u32::from(saved) + u32::from(marked)
    }

    fn piecewise_load(store: &mut Store<Flash<'_>>, target: Target<'_, Portable, Method<'_>, Mean<'_>>) -> u32 {
        let Ok(mut task) = store.load(target) else { return 0 };
        let done: Result<Poll<Position>, _> = Task::<'_, _, Load<'_, _>>::advance(&mut task);
        u32::from(done.is_ok()) + Task::finish(task).map_or(0, |position| position.step)
    }

    fn source(
        w: &[f32], segments: &[Segment], method: &Method<'_>, mean: &Mean<'_>, position: &Position, from: usize,
        out: &mut [u8], other: &Method<'_>, tag: u32,
    ) -> u32 {
        let Ok(snapshot) = Snapshot::new(&Portable, segments, w, method, mean, *position) else { return 0 };
        let snapshot = Snapshot::tag(snapshot, tag).started_at(State::<Portable>::scalars(other));
        Source::fill(&snapshot, from, out);
        let words = Source::words(&snapshot) + Snapshot::bytes(&snapshot);
        words as u32 ^ Source::layout(&snapshot) ^ Snapshot::layout(&snapshot) ^ Source::step(&snapshot)
    }

    fn sink(
        w: &mut [f32], segments: &[Segment], method: &mut Method<'_>, mean: &mut Mean<'_>, from: usize, bytes: &[u8],
        tag: u32,
    ) -> u32 {
        let mut b = Portable;
        let Ok(target) = Target::new(&mut b, segments, w, method, mean) else { return 0 };
        let mut target = Target::tag(target, tag);
        Sink::take(&mut target, from, bytes);
        Sink::position(&target).step ^ Sink::words(&target) as u32 ^ Sink::layout(&target)
    }

    fn header(bytes: &[u8]) -> Result<[u8; flatmin::checkpoint::HEADER], NoHeader> {
        Header::decode(bytes).map(|header| header.encode())
    }

    fn position(position: &Position, key: &Key, from: &mut &[u32]) -> u32 {
        let mut sum = position.draws(*key).word();
        Words::put(*position, &mut |word| sum ^= word);
        let mut next = || from.split_first().map_or(0, |(word, _)| *word);
        sum ^ <Position as Words>::take(&mut next).step
    }
}
