//! What waits: futures that are polled as often as an argument says, and dropped unfinished.
//!
//! The compiler gives every `async fn` a panic for a poll after the last one. It sees that there is none only where it
//! has the whole future before it, so every type of future is polled at one place of this image.

use crate::board::{Flash, Later, poll};
use crate::steps::objective;
use flatmin::averages::Swa;
use flatmin::backend::{Portable, Sliced};
use flatmin::checkpoint::{AsyncStore, AsyncTask, Region, Snapshot, Target};
use flatmin::drive::{step_async, step_sliced_async};
use flatmin::method::{Clock, Request};
use flatmin::methods::Sam;
use flatmin::optimizers::{NoMomentum, Sgd};

type Method<'a> = Sam<Sgd<NoMomentum>, &'a mut [f32]>;

type Mean<'a> = Swa<&'a mut [f32]>;

/// An objective whose first call is ready at once.
fn later(w: &[f32], g: &mut [f32], request: Request) -> Later<Result<f32, ()>> {
    Later(request.accumulate, objective(w, g, request))
}

must_not_panic! {
    fn step_that_waits(w: &mut [f32], g: &mut [f32], method: &mut Method<'_>, clock: &Clock, polls: u32) -> bool {
        let mut b = Portable;
        let step = step_async(method, &mut b, w, g, clock, later);
        poll(step, polls).is_some_and(|loss| loss.is_ok())
    }

    fn sliced_step_that_waits(
        w: &mut [f32], g: &mut [f32], method: &mut Method<'_>, clock: &Clock, budget: usize, polls: u32,
    ) -> bool {
        let mut b = Sliced::new(Portable, budget);
        let step = step_sliced_async(method, &mut b, w, g, clock, later, || Later(true, ()));
        poll(step, polls).is_some_and(|loss| loss.is_ok())
    }

    fn open_that_waits(bytes: &mut [u8], region: &Region, polls: u32) -> usize {
        let Ok(store) = AsyncStore::new(Flash(bytes), *region) else { return 0 };
        let mut store = store.retry_if(|_| true);
        let opened = poll(AsyncTask::finish(store.open()), polls).is_some();
        let found = AsyncStore::current(&store).is_some() || AsyncStore::candidate(&store).is_some();
        let slots = AsyncStore::slots(&store).len();
        let Flash(bytes) = AsyncStore::into_flash(store);
        slots + bytes.len() + usize::from(opened && found)
    }

    fn save_that_waits(
        store: &mut AsyncStore<Flash<'_>>, source: Snapshot<'_, Portable, Method<'_>, Mean<'_>>, polls: u32,
    ) -> bool {
        store.save(source).is_ok_and(|task| poll(task.finish(), polls).is_some())
    }

    fn marks_that_wait(store: &mut AsyncStore<Flash<'_>>, which: u32, polls: u32) -> bool {
        let task = match which {
            0 => store.confirm(),
            1 => store.roll_back(),
            _ => store.undo(),
        };
        task.is_ok_and(|task| poll(task.finish(), polls).is_some())
    }

    fn load_that_waits(
        store: &mut AsyncStore<Flash<'_>>, target: Target<'_, Portable, Method<'_>, Mean<'_>>, candidate: bool,
        polls: u32,
    ) -> bool {
        let task = if candidate { store.load_candidate(target) } else { store.load(target) };
        task.is_ok_and(|task| poll(task.finish(), polls).is_some())
    }

    fn piece_that_waits(
        store: &mut AsyncStore<Flash<'_>>, target: Target<'_, Portable, Method<'_>, ()>, polls: u32,
    ) -> bool {
        let Ok(mut task) = store.load(target) else { return false };
        poll(AsyncTask::advance(&mut task), polls).is_some()
    }
}
