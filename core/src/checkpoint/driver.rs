//! What a store does, blocking or not: hand the operations of jobs to a flash.

/// Defines a store and its task. With `async await` at the end, whatever touches the flash waits.
macro_rules! drivers {
    (
        $(#[$store_doc:meta])* $Store:ident,
        $(#[$task_doc:meta])* $Task:ident,
        [$NorFlash:ident + $ReadNorFlash:ident]
        $(, $async:ident $await:ident)?
    ) => {
        use super::error::Error;
        use super::header::Header;
        use super::job::{Failed, Io, Job};
        use super::load::Load;
        use super::mark::Mark;
        use super::region::{CHUNK, Geometry, Plan, Region};
        use super::save::Save;
        use super::scan::Scan;
        use super::snapshot::Source;
        use super::table::{Slot, Table};
        use super::target::Sink;
        use core::task::Poll;

        $(#[$store_doc])*
        #[derive(Debug)]
        pub struct $Store<F: $NorFlash> {
            flash: F,
            busy: fn(&F::Error) -> bool,
            table: Table,
        }

        $(#[$task_doc])*
        #[derive(Debug)]
        pub struct $Task<'a, F: $NorFlash, J> {
            flash: &'a mut F,
            busy: fn(&F::Error) -> bool,
            job: J,
        }

        impl<F: $NorFlash> $Store<F> {
            /// Checkpoints in `region` of `flash`, which may be a `&mut` of a flash. Nothing is read yet: open it first.
            ///
            /// # Errors
            /// [`Error::Region`].
            pub fn new(flash: F, region: Region) -> Result<Self, Error<F::Error>> {
                let geometry = Geometry {
                    read: F::READ_SIZE,
                    write: F::WRITE_SIZE,
                    erase: F::ERASE_SIZE,
                    capacity: $ReadNorFlash::capacity(&flash),
                };
                let plan = Plan::new(region, geometry).map_err(Error::Region)?;
                Ok(Self { flash, busy: |_| false, table: Table::new(plan) })
            }

            /// Which errors say that the flash did *nothing* and the same call may be repeated (a radio stack that will not
            /// be disturbed just now). The task then stays pending. None unless set.
            pub fn retry_if(self, busy: fn(&F::Error) -> bool) -> Self {
                Self { busy, ..self }
            }

            /// The flash.
            pub fn into_flash(self) -> F {
                self.flash
            }

            /// What the slots hold, in order; [`Slot::Unknown`] before the store is opened.
            pub fn slots(&self) -> &[Slot] {
                self.table.slots()
            }

            /// The record that a reset leads to.
            pub fn current(&self) -> Option<Header> {
                self.table.current().map(|(_, header)| header)
            }

            /// The record that waits for its confirmation.
            pub fn candidate(&self) -> Option<Header> {
                self.table.candidate().map(|(_, header)| header)
            }

            fn task<'a, J>(
                flash: &'a mut F,
                busy: fn(&F::Error) -> bool,
                job: Result<J, Error<core::convert::Infallible>>,
            ) -> Result<$Task<'a, F, J>, Error<F::Error>> {
                Ok($Task { flash, busy, job: job.map_err(Error::widen)? })
            }

            /// Finds out what the slots hold, checksums included. Do this first, and after a confirm, rollback
            /// or undo that failed.
            pub fn open(&mut self) -> $Task<'_, F, Scan<'_>> {
                $Task { flash: &mut self.flash, busy: self.busy, job: Scan::new(&mut self.table) }
            }

            /// Writes a candidate. It may replace an older candidate and what was confirmed before the current record, never
            /// the current record.
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::Room`].
            pub fn save<S: Source>(&mut self, source: S) -> Result<$Task<'_, F, Save<'_, S>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Save::new(&mut self.table, source))
            }

            /// Makes the candidate the current record.
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::NoCandidate`].
            pub fn confirm(&mut self) -> Result<$Task<'_, F, Mark<'_>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Mark::confirm(&mut self.table))
            }

            /// Drops the candidate for good; a reset alone does not, it only passes it by.
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::NoCandidate`].
            pub fn roll_back(&mut self) -> Result<$Task<'_, F, Mark<'_>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Mark::roll_back(&mut self.table))
            }

            /// Drops the current record in favour of the confirmed one before it, which exists until the next save (with
            /// two slots).
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::NoOlder`].
            pub fn undo(&mut self) -> Result<$Task<'_, F, Mark<'_>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Mark::undo(&mut self.table))
            }

            /// Reads the current record.
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::Empty`], [`Error::Version`], [`Error::Layout`], before anything is changed.
            pub fn load<T: Sink>(&mut self, target: T) -> Result<$Task<'_, F, Load<'_, T>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Load::current(&mut self.table, target))
            }

            /// Reads the candidate: to go on with a trial, or with a run that is not over.
            ///
            /// # Errors
            /// [`Error::Closed`], [`Error::NoCandidate`], [`Error::Layout`], before anything is changed.
            pub fn load_candidate<T: Sink>(
                &mut self,
                target: T,
            ) -> Result<$Task<'_, F, Load<'_, T>>, Error<F::Error>> {
                Self::task(&mut self.flash, self.busy, Load::candidate(&mut self.table, target))
            }
        }

        impl<F: $NorFlash, J: Job> $Task<'_, F, J> {
            /// Makes one flash operation; ready with the result once there is none left.
            ///
            /// # Errors
            /// [`Error::Flash`], [`Error::Damaged`].
            pub $($async)? fn advance(&mut self) -> Result<Poll<J::Output>, Error<F::Error>> {
                let mut buffer = [0; CHUNK];
                let result = match self.job.io(&mut buffer) {
                    Io::Nothing => Ok(()),
                    Io::Erase { from, to } => self.flash.erase(from, to)$(.$await)?,
                    Io::Write { at, bytes } => self.flash.write(at, bytes)$(.$await)?,
                    Io::Read { at, bytes } => self.flash.read(at, bytes)$(.$await)?,
                };
                match result {
                    Ok(()) => self.job.done(&buffer).map_err(Error::widen)?,
                    Err(error) if (self.busy)(&error) => self.job.refused(),
                    Err(error) => match self.job.failed() {
                        Failed::Tolerated => {}
                        Failed::Told => return Err(Error::Flash(error)),
                    },
                }
                Ok(self.job.output().map_or(Poll::Pending, Poll::Ready))
            }

            /// Advances up to the result.
            ///
            /// # Errors
            /// Those of [`advance`](Self::advance).
            pub $($async)? fn finish(mut self) -> Result<J::Output, Error<F::Error>> {
                loop {
                    if let Poll::Ready(output) = self.advance()$(.$await)?? {
                        return Ok(output);
                    }
                }
            }
        }
    };
}
pub(super) use drivers;
