//! Checkpoints in flash that survive a power cut at any moment (features `storage` and `storage-async`).
//!
//! A [`Region`] of a NOR flash holds two or more slots. A save writes a *candidate* into a slot that is not the current
//! one: erase, payload, read back, and the header last, in write units of its own that are written once. A candidate
//! becomes the current record only by `confirm`, one more write; a reset before that leads to the last confirmed record,
//! as in a boot loader with trial and rollback. `roll_back` drops a candidate, `undo` the current record in favour of the
//! one before it.
//!
//! Records hold clean weights, the state of method and average, and the [`Position`] in the run; during a step, that of
//! the step's start. Loading checks magic, version, a hash of what the record must fit, and CRC-32 before anything is
//! changed. Every call makes one flash operation at most (one erase unit, or one chunk), so a watchdog can be fed in
//! between. Hyperparameters are not stored: they belong to the firmware.
//!
//! Why not a general store: a map such as sequential-storage keeps an item within one erase page, which weights exceed,
//! and knows no trial.

mod error;
mod header;
mod job;
mod load;
mod mark;
mod position;
mod region;
mod save;
mod scan;
mod snapshot;
mod table;
mod target;

mod driver;
#[cfg(feature = "storage")]
mod store;
#[cfg(feature = "storage-async")]
mod store_async;

pub use error::Error;
pub use header::{HEADER, Header, MARK, NoHeader, VERSION};
pub use job::{Failed, Io, Job};
pub use load::Load;
pub use mark::Mark;
pub use position::Position;
pub use region::{CHUNK, Geometry, MAX_SLOTS, Misfit, Region};
pub use save::Save;
pub use scan::Scan;
pub use snapshot::{SCALARS, Snapshot, Source};
#[cfg(feature = "storage")]
pub use store::{Store, Task};
#[cfg(feature = "storage-async")]
pub use store_async::{AsyncStore, AsyncTask};
pub use table::Slot;
pub use target::{Sink, Target};
