//! What waits: futures that are polled as often as an argument says, and dropped unfinished.

use crate::board::{Flash, Wait, poll};
use crate::steps::objective;
use flatmin::averages::Swa;
use flatmin::backend::{Portable, Sliced};
use flatmin::checkpoint::{AsyncStore, AsyncTask, Region, Snapshot, Target};
use flatmin::drive::{step_async, step_sliced_async};
use flatmin::method::Clock;
use flatmin::methods::Sam;
use flatmin::optimizers::{NoMomentum, Sgd};

type Method<'a> = Sam<Sgd<NoMomentum>, &'a mut [f32]>;

type Mean<'a> = Swa<&'a mut [f32]>;

must_not_panic! {
    fn step_that_waits(w: &mut [f32], g: &mut [f32], method: &mut Method<'_>, clock: &Clock, polls: u32) -> bool {
        let mut b = Portable;
        let step = step_async(method, &mut b, w, g, clock, async |w, g, request| {
            Wait(request.accumulate).await;
            objective(w, g, request)
        });
        poll(step, polls).is_some_and(|loss| loss.is_ok())
    }

    fn sliced_step_that_waits(
        w: &mut [f32], g: &mut [f32], method: &mut Method<'_>, clock: &Clock, budget: usize, polls: u32,
    ) -> bool {
        let mut b = Sliced::new(Portable, budget);
        let between = async || Wait(true).await;
        let step = step_sliced_async(method, &mut b, w, g, clock, async |w, g, r| objective(w, g, r), between);
        poll(step, polls).is_some_and(|loss| loss.is_ok())
    }

    fn save_that_waits(
        bytes: &mut [u8], region: &Region, source: Snapshot<'_, Portable, Method<'_>, Mean<'_>>, polls: u32,
    ) -> usize {
        let Ok(store) = AsyncStore::new(Flash(bytes), *region) else { return 0 };
        let mut store = store.retry_if(|_| true);
        let opened = poll(AsyncTask::finish(store.open()), polls).is_some();
        let saved = store.save(source).is_ok_and(|task| poll(task.finish(), polls).is_some());
        let confirmed = store.confirm().is_ok_and(|task| poll(task.finish(), polls).is_some());
        let undone = store.undo().is_ok_and(|task| poll(task.finish(), polls).is_some());
        let dropped = store.roll_back().is_ok_and(|task| poll(task.finish(), polls).is_some());
        let found = AsyncStore::current(&store).is_some() || AsyncStore::candidate(&store).is_some();
        let slots = AsyncStore::slots(&store).len();
        let Flash(bytes) = AsyncStore::into_flash(store);
        slots + bytes.len() + usize::from([opened, saved, confirmed, undone, dropped, found].contains(&true))
    }

    fn load_that_waits(
        store: &mut AsyncStore<Flash<'_>>, target: Target<'_, Portable, Method<'_>, Mean<'_>>, polls: u32,
    ) -> bool {
        let Ok(mut task) = store.load(target) else { return false };
        poll(AsyncTask::advance(&mut task), polls).is_some()
    }

    fn load_of_a_candidate_that_waits(
        store: &mut AsyncStore<Flash<'_>>, target: Target<'_, Portable, Method<'_>, Mean<'_>>, polls: u32,
    ) -> bool {
        store.load_candidate(target).is_ok_and(|task| poll(task.finish(), polls).is_some())
    }
}
