//! Replicas whose methods differ in hyperparameters: each has its turn on the host, and what they call becomes one dispatch.

use crate::error::Error;
use crate::gpu::Gpu;
use crate::lane::{Bind, Lane};
use crate::vector::{Scalar, Value, Vector};

/// The kernel calls of a phase, as the turns so far made them.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// Whose turn it is.
    replica: u32,
    /// Calls of this turn so far.
    at: usize,
    calls: Vec<Called>,
}

#[derive(Debug)]
struct Called {
    name: &'static str,
    words: Vec<Vec<u32>>,
}

/// What a kernel is told, each replica's words.
pub(crate) struct Told(Vec<Vec<u32>>);

impl Told {
    /// The same words of every replica, one replica after another.
    fn column(&self, from: usize, to: usize) -> Vec<u32> {
        self.0.iter().flat_map(|words| words.get(from..to).unwrap_or_default()).copied().collect()
    }
}

impl Lane {
    /// Whether a replica has its turn and others follow: then nothing is recorded yet.
    pub(crate) fn is_early_turn(&self) -> bool {
        self.turns.as_ref().is_some_and(|turns| turns.replica + 1 < self.active)
    }

    /// What every replica is told, once the last one has made this call; `None` before.
    pub(crate) fn told(&mut self, name: &'static str, words: Vec<u32>) -> Option<Told> {
        let Some(turns) = &mut self.turns else { return Some(Told(vec![words; self.active as usize])) };
        if turns.replica == 0 {
            turns.calls.push(Called { name, words: Vec::new() });
        }
        let (at, replica) = (turns.at, turns.replica as usize);
        turns.at += 1;
        match turns.calls.get_mut(at).filter(|call| call.name == name && call.words.len() == replica) {
            None => {
                self.runtime.fault.set(disagreement(name));
                None
            }
            Some(call) => {
                call.words.push(words);
                let is_last = replica + 1 == self.active as usize;
                is_last.then(|| Told(std::mem::take(&mut call.words)))
            }
        }
    }

    /// Hyperparameters and scalars of a kernel as bindings, for all replicas; `None` while others have yet to call it.
    pub(crate) fn told_binds(
        &mut self,
        name: &'static str,
        hyperparameters: Vec<u32>,
        scalars: &[&Scalar],
    ) -> Option<Vec<Bind>> {
        let own = hyperparameters.len();
        let of_host = scalars.iter().filter_map(|scalar| match scalar.0 {
            Value::Host(value) => Some(value.to_bits()),
            Value::Device(_) | Value::Later => None,
        });
        let told = self.told(name, hyperparameters.into_iter().chain(of_host).collect())?;
        let mut binds = Vec::with_capacity(1 + scalars.len());
        if own > 0 {
            binds.push(Bind::Words(told.column(0, own)));
        }
        let mut at = own;
        for scalar in scalars {
            binds.push(match &scalar.0 {
                Value::Device(slot) => self.slot_part(slot, false),
                Value::Host(_) => {
                    at += 1;
                    Bind::Words(told.column(at - 1, at))
                }
                Value::Later => {
                    self.runtime.fault.set(disagreement(name));
                    return None;
                }
            });
        }
        Some(binds)
    }

    /// The next replica's turn.
    fn begin_turn(&mut self, replica: u32) {
        let turns = self.turns.get_or_insert_default();
        (turns.replica, turns.at) = (replica, 0);
    }

    /// All had theirs, or one of them failed.
    fn end_turns(&mut self, all: bool) {
        let Some(turns) = self.turns.take().filter(|_| all) else { return };
        if let Some(call) = turns.calls.get(turns.at).or(turns.calls.iter().find(|c| !c.words.is_empty())) {
            self.runtime.fault.set(disagreement(call.name));
        }
    }

    /// Updates refused since the last time, of the replica whose turn it is. The first turn reads those of all, the last one
    /// forgets them.
    pub(crate) fn refused_in_turn(&mut self) -> Result<u32, Error> {
        let replica = self.turns.as_ref().map_or(0, |turns| turns.replica);
        if replica == 0 {
            self.refusals = self.verdicts()?;
            if self.refusals.iter().any(|refusal| refusal.updates > 0) {
                self.forgive();
            }
        }
        Ok(self.refusals.get(replica as usize).map_or(0, |refusal| refusal.updates))
    }
}

fn disagreement(name: &str) -> Error {
    Error::Refused(format!(
        "replicas disagree at the kernel `{name}`; only hyperparameters may differ between the turns of `each`"
    ))
}

impl Gpu {
    /// Runs a phase of every replica's own method, in turn, and records what they do together: a kernel call that all of them
    /// make becomes one dispatch, with the hyperparameters of each. `phase` is told whose turn it is.
    ///
    /// All turns must make the same calls in the same order with the same vectors (for which
    /// [`handle`](Vector::handle) makes the other replicas' handles); learning rates, radii, seeds and whatever else is a
    /// hyperparameter may differ. [`drive::settle`](flatmin::drive::settle) in a turn is that replica's.
    ///
    /// Cost: the host's part of a phase for each replica, and the dispatches of one.
    ///
    /// # Errors
    /// The first that a turn ends with. Nothing is recorded of a phase that fails before the last turn, but the replicas'
    /// methods are no longer at the same place: drop them, or abort each.
    pub fn each<T, E>(&self, mut phase: impl FnMut(u32) -> Result<T, E>) -> Result<Vec<T>, E> {
        let turn = |replica| {
            self.lock().begin_turn(replica);
            phase(replica)
        };
        let results: Result<Vec<T>, E> = (0..self.active()).map(turn).collect();
        self.lock().end_turns(results.is_ok());
        results
    }

    /// Replicas that dispatches are for.
    pub fn active(&self) -> u32 {
        self.lock().active
    }

    /// From here on only the first `count` replicas go on (at least one, at most all); the others' vectors stay as they are.
    pub fn narrow(&self, count: u32) {
        let mut lane = self.lock();
        lane.active = count.clamp(1, lane.replicas);
    }

    /// Copies values to one replica of a vector, after what was recorded before.
    ///
    /// # Errors
    /// When there is no such replica, the number of values is not its length, and when the device has failed.
    pub fn write_replica(&self, to: &mut Vector, replica: u32, values: &[f32]) -> Result<(), Error> {
        let mut lane = self.lock();
        if values.len() != to.len || replica >= to.replicas {
            let (found, expected) = (values.len(), to.len);
            return Err(Error::Buffer(format!(
                "{found} values for {expected} elements of replica {replica}"
            )));
        }
        lane.submit();
        if to.len > 0 {
            let at = to.offset + 4 * u64::from(replica) * to.stride as u64;
            lane.runtime.queue.write_buffer(&to.buffer, at, bytemuck::cast_slice(values));
        }
        lane.runtime.fault.get().map_or(Ok(()), Err)
    }
}
