//! Independent pieces of work on several threads.

use super::{Error, Progress, Settings};
use crate::gpu;
use crate::train::{Device, Trainer, all, at_once};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use std::future::Future;

/// Does `work` on every item with `threads` workers (0: one a core). Results come in the order of the items, and so
/// does the first error: nothing depends on the number of threads.
pub(crate) fn in_order<'a, T: Sync, R: Send>(
    threads: usize,
    progress: &dyn Progress,
    what: &str,
    items: &'a [T],
    work: impl Fn(&'a T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    progress.begin(what, items.len() as u64);
    let one = |item: &'a T| {
        let result = work(item);
        progress.advance();
        result
    };
    // One item at a time: runs differ in length.
    let results: Vec<_> = pool.install(|| items.par_iter().with_max_len(1).map(one).collect());
    progress.end();
    results.into_iter().collect()
}

/// [`in_order`] for work that trains. On a GPU all items are begun at once, and trainings that agree in shape are replicas of
/// one run, with the results of runs alone.
pub(crate) fn training<'a, T: Sync, R: Send, F>(
    settings: &Settings,
    progress: &dyn Progress,
    what: &str,
    items: &'a [T],
    work: impl Fn(&'a T, Trainer) -> F + Sync,
) -> Result<Vec<R>, Error>
where
    F: Future<Output = Result<R, Error>> + Send,
{
    if settings.device != Device::Gpu {
        return in_order(settings.threads, progress, what, items, |item| {
            at_once(work(item, Trainer::default()))
        });
    }
    let pool = ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    progress.begin(what, items.len() as u64);
    let begin = |trainer: &Trainer| items.iter().map(|item| work(item, trainer.clone())).collect();
    let train = |waiting: &[_], meanwhile: &mut dyn FnMut()| gpu::train(waiting, progress, meanwhile);
    let results = pool.install(|| all(progress, begin, train));
    progress.end();
    results.into_iter().collect()
}
