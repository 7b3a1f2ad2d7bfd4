//! The asynchronous store, on [`embedded_storage_async::nor_flash::NorFlash`].

use super::driver::drivers;
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};

drivers! {
    /// Checkpoints in a region of a flash, in calls that wait. See the [module](super).
    ///
    /// Every future may be dropped: an operation that was under way then counts as one of unknown outcome.
    AsyncStore,
    /// An [`AsyncStore`] at work: call [`advance`](AsyncTask::advance) until it is ready. Each call makes one flash operation.
    AsyncTask,
    [NorFlash + ReadNorFlash],
    async await
}
