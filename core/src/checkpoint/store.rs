//! The blocking store, on [`embedded_storage::nor_flash::NorFlash`].

use super::driver::drivers;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

drivers! {
    /// Checkpoints in a region of a flash, in blocking calls. See the [module](super).
    Store,
    /// A [`Store`] at work: call [`advance`](Task::advance) until it is ready. Each call makes one flash operation.
    Task,
    [NorFlash + ReadNorFlash]
}
