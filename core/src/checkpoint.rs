//! Checkpoints in flash that survive a power cut at any moment. TODO

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
