//! Independent pieces of work on several threads.

use super::{Error, Progress};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

/// Does `work` on every item with `threads` workers (0: one a core). Results come in the order of the items, and so
/// does the first error: nothing depends on the number of threads.
pub(crate) fn in_order<T: Sync, R: Send>(
    threads: usize,
    progress: &dyn Progress,
    what: &str,
    items: &[T],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    progress.begin(what, items.len() as u64);
    let one = |item: &T| {
        let result = work(item);
        progress.advance();
        result
    };
    // One item at a time: runs differ in length.
    let results: Vec<_> = pool.install(|| items.par_iter().with_max_len(1).map(one).collect());
    progress.end();
    results.into_iter().collect()
}
