//! One training run's commands: recorded, not yet submitted.

use crate::error::Error;
use crate::layouts::Layout;
use crate::pipelines::Pipeline;
use crate::profile::Profile;
use crate::readback::Refusal;
use crate::runtime::Runtime;
use crate::shaders::JUDGE_REPLICAS;
use crate::turns::Turns;
use crate::vector::{Free, Slot, Vector};
use flatmin::error::Quantity;
use flatmin::layout::Groups;
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of hyperparameters and scalars that one submission may carry.
const ARENA: u64 = 1 << 18;
/// Scalars that may be alive at once.
const SLOTS: u32 = 1024;
/// Words of a row of `Verdict`.
const VERDICT: u64 = 3;
/// Submissions that the host may be ahead of the device.
const IN_FLIGHT: usize = 64;

/// What was done, for tests and curious users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Command buffers that were handed to the device.
    pub submissions: u64,
    /// Kernels that were started (pieces of long vectors and levels of sums count).
    pub dispatches: u64,
    /// Times that the host waited for a value.
    pub reads: u64,
}

/// A binding of a dispatch.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    /// Words that travel with the submission.
    Words(Vec<u32>),
    /// A part of a buffer, and whether it is written.
    Part(wgpu::Buffer, u64, u64, bool),
}

/// The uniform of a dispatch: the fields of `Call` in shaders/lib/call.wgsl.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call {
    pub(crate) first: usize,
    pub(crate) len: usize,
    pub(crate) stride: usize,
    pub(crate) gated: bool,
    pub(crate) blocks: usize,
    pub(crate) block: usize,
    pub(crate) spans: u32,
    pub(crate) slots: usize,
}

impl From<Call> for Bind {
    fn from(call: Call) -> Self {
        let [first, len, stride, blocks, block, slots] =
            [call.first, call.len, call.stride, call.blocks, call.block, call.slots].map(|x| x as u32);
        Self::Words(vec![first, len, stride, call.gated.into(), blocks, block, call.spans, slots])
    }
}

/// A lane: one run's recorder, scalars and verdicts.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) runtime: Arc<Runtime>,
    /// Replicas that there is room for.
    pub(crate) replicas: u32,
    /// Replicas that dispatches are for: the first so many.
    pub(crate) active: u32,
    /// What a phase of every replica called so far.
    pub(crate) turns: Option<Turns>,
    /// What the last one that settled found.
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) counters: Counters,
    pub(crate) profile: Option<Profile>,
    // The pass goes before the encoder that it locks.
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    arena: wgpu::Buffer,
    staged: Vec<u8>,
    pub(crate) scalars: wgpu::Buffer,
    free: Free,
    pub(crate) verdict: wgpu::Buffer,
    checks: Vec<(Arc<Slot>, u32)>,
    /// A step began since the last judgement.
    fresh: bool,
    /// Something was checked in this step.
    gated: bool,
    partials: [Option<wgpu::Buffer>; 2],
    layouts: Vec<Arc<Layout>>,
    in_flight: VecDeque<wgpu::SubmissionIndex>,
}

impl Lane {
    pub(crate) fn new(runtime: Arc<Runtime>, replicas: u32) -> Result<Self, Error> {
        use wgpu::BufferUsages as Usage;
        let shared = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        let arena = runtime.buffer("hyperparameters", ARENA, shared | Usage::UNIFORM)?;
        let slot = slot_bytes(&runtime, replicas);
        let scalars = runtime.buffer("scalars", u64::from(SLOTS) * slot, shared)?;
        let verdict = runtime.buffer("verdicts", 4 * VERDICT * u64::from(replicas), shared)?;
        Ok(Self {
            runtime,
            replicas,
            active: replicas,
            turns: None,
            refusals: Vec::new(),
            counters: Counters::default(),
            profile: None,
            pass: None,
            encoder: None,
            arena,
            staged: Vec::new(),
            scalars,
            free: Free::all(SLOTS),
            verdict,
            checks: Vec::new(),
            fresh: true,
            gated: false,
            partials: [None, None],
            layouts: Vec::new(),
            in_flight: VecDeque::new(),
        })
    }

    /// Bytes of a scalar's place, all replicas together.
    pub(crate) fn slot_bytes(&self) -> u64 {
        slot_bytes(&self.runtime, self.replicas)
    }

    /// Elements that one binding reaches, in whole blocks.
    pub(crate) fn reach(&self) -> usize {
        (self.runtime.limits.max_storage_buffer_binding_size / 4) as usize / 1024 * 1024
    }

    /// Whether something went wrong: then nothing is done any more.
    pub(crate) fn is_faulty(&self) -> bool {
        self.runtime.fault.get().is_some()
    }

    /// Notes an error and goes on with nothing.
    pub(crate) fn keep<T>(&self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.runtime.fault.set(error)).ok()
    }

    /// A new scalar.
    pub(crate) fn slot(&self) -> Option<Arc<Slot>> {
        self.keep(self.free.take().ok_or(Error::Limit {
            what: "scalars alive at once",
            needed: u64::from(SLOTS) + 1,
            allowed: SLOTS.into(),
            advice: "read or drop losses that are not needed any more",
        }))
    }

    pub(crate) fn slot_part(&self, slot: &Slot, written: bool) -> Bind {
        let bytes = self.slot_bytes();
        Bind::Part(self.scalars.clone(), u64::from(slot.index) * bytes, bytes, written)
    }

    /// `len` elements of a vector from `first` on; with replicas always the whole.
    pub(crate) fn part(&self, v: &Vector, first: usize, len: usize, written: bool) -> Bind {
        let (offset, bytes) = if self.replicas == 1 {
            (v.offset + 4 * first as u64, 4 * crate::vector::padded(len) as u64)
        } else {
            (v.offset, v.bytes())
        };
        Bind::Part(v.buffer.clone(), offset, bytes, written)
    }

    /// Cuts `n` elements so that each piece fits a binding.
    pub(crate) fn pieces(&self, n: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let reach = if self.replicas == 1 { self.reach() } else { usize::MAX };
        (0..n).step_by(reach).map(move |first| (first, reach.min(n - first)))
    }

    /// Scratch number `k` with room for `sums` floats.
    pub(crate) fn partials(&mut self, k: usize, sums: usize) -> Option<wgpu::Buffer> {
        let bytes = 4 * sums.max(1024) as u64;
        if self.partials[k].as_ref().is_none_or(|buffer| buffer.size() < bytes) {
            let made = self.runtime.buffer("sums of blocks", bytes, wgpu::BufferUsages::STORAGE);
            self.partials[k] = self.keep(made);
        }
        self.partials[k].clone()
    }

    /// The tables of a layout.
    pub(crate) fn layout(&mut self, groups: Groups<'_>) -> Option<Arc<Layout>> {
        if let Some(known) = self.layouts.iter().find(|layout| layout.is(groups)) {
            return Some(known.clone());
        }
        let reach = if self.replicas == 1 { self.reach() } else { usize::MAX };
        let layout = Arc::new(self.keep(Layout::new(&self.runtime, groups, reach))?);
        self.layouts.push(layout.clone());
        Some(layout)
    }

    /// Records one dispatch of `workgroups` for every replica that goes on.
    pub(crate) fn dispatch(
        &mut self,
        name: &'static str,
        pipeline: &Pipeline,
        groups: [Vec<Bind>; 2],
        workgroups: usize,
    ) {
        if self.is_faulty() || workgroups == 0 {
            return;
        }
        if let Some(error) = aliased(name, &groups[0]) {
            return self.runtime.fault.set(error);
        }
        let most = self.runtime.limits.max_compute_workgroups_per_dimension as usize;
        if workgroups.div_ceil(most) > most || self.replicas as usize > most {
            let advice = "open the device with a higher max_compute_workgroups_per_dimension";
            let (needed, allowed) = (workgroups.max(self.replicas as usize) as u64, most as u64);
            return self.runtime.fault.set(Error::Limit { what: "workgroups", needed, allowed, advice });
        }
        let mut places = self.stage(&groups).into_iter();
        let bound: Vec<_> = pipeline
            .groups
            .iter()
            .zip(&groups)
            .map(|(layout, binds)| self.bind(name, layout, binds, &mut places))
            .collect();
        let (x, y) = (workgroups.min(most), workgroups.div_ceil(most));
        let z = if pipeline.groups.len() == 1 { 1 } else { self.active };
        let pass = self.pass(name);
        pass.set_pipeline(&pipeline.pipeline);
        for (index, group) in (0..).zip(&bound) {
            pass.set_bind_group(index, group, &[]);
        }
        pass.dispatch_workgroups(x as u32, y as u32, z);
        self.counters.dispatches += 1;
    }

    /// Makes a bind group; `places` says where in the arena its words are.
    fn bind(
        &self,
        name: &str,
        layout: &wgpu::BindGroupLayout,
        binds: &[Bind],
        places: &mut impl Iterator<Item = u64>,
    ) -> wgpu::BindGroup {
        let mut entries = Vec::with_capacity(binds.len());
        for (binding, bind) in (0..).zip(binds) {
            let (buffer, offset, size) = match bind {
                Bind::Words(words) => {
                    (&self.arena, places.next().unwrap_or_default(), 4 * words.len() as u64)
                }
                Bind::Part(buffer, offset, size, _) => (buffer, *offset, *size),
            };
            let size = std::num::NonZeroU64::new(size);
            let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size });
            entries.push(wgpu::BindGroupEntry { binding, resource });
        }
        let descriptor = wgpu::BindGroupDescriptor { label: Some(name), layout, entries: &entries };
        self.runtime.device.create_bind_group(&descriptor)
    }

    /// Puts the words of a dispatch beside each other into the arena; submits first if they do not fit.
    fn stage(&mut self, groups: &[Vec<Bind>; 2]) -> Vec<u64> {
        let limits = &self.runtime.limits;
        let align = limits.min_storage_buffer_offset_alignment.max(limits.min_uniform_buffer_offset_alignment)
            as usize;
        let words: Vec<_> = groups
            .iter()
            .flatten()
            .filter_map(|bind| match bind {
                Bind::Words(words) => Some(bytemuck::cast_slice::<u32, u8>(words)),
                Bind::Part(..) => None,
            })
            .collect();
        let bytes: usize = words.iter().map(|words| words.len().next_multiple_of(align)).sum();
        if self.staged.len() + bytes > ARENA as usize {
            self.submit();
        }
        let place = |words: &[u8]| {
            let place = self.staged.len();
            self.staged.extend_from_slice(words);
            self.staged.resize(self.staged.len().next_multiple_of(align), 0);
            place as u64
        };
        words.into_iter().map(place).collect()
    }

    fn pass(&mut self, name: &'static str) -> &mut wgpu::ComputePass<'static> {
        if let Some(profile) = &mut self.profile {
            self.pass = None;
            let encoder = self.encoder.get_or_insert_with(|| begin(&self.runtime));
            let timestamp_writes = profile.next(name);
            let descriptor = wgpu::ComputePassDescriptor { label: Some(name), timestamp_writes };
            return self.pass.insert(encoder.begin_compute_pass(&descriptor).forget_lifetime());
        }
        self.pass.get_or_insert_with(|| {
            let encoder = self.encoder.get_or_insert_with(|| begin(&self.runtime));
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
        })
    }

    /// The encoder, for commands that are no kernels.
    pub(crate) fn encoder(&mut self) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.get_or_insert_with(|| begin(&self.runtime))
    }

    /// Lends the encoder to the caller.
    pub(crate) fn take_encoder(&mut self) -> wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.take().unwrap_or_else(|| begin(&self.runtime))
    }

    /// Takes it back. What was recorded meanwhile by someone else comes first.
    pub(crate) fn return_encoder(&mut self, encoder: wgpu::CommandEncoder) {
        self.submit();
        self.encoder = Some(encoder);
    }

    /// Hands everything recorded to the device. Never waits, unless the host is far ahead.
    pub(crate) fn submit(&mut self) {
        self.pass = None;
        let Some(encoder) = self.encoder.take() else { return };
        if !self.staged.is_empty() {
            self.runtime.queue.write_buffer(&self.arena, 0, &self.staged);
            self.staged.clear();
        }
        let index = self.runtime.queue.submit([encoder.finish()]);
        self.counters.submissions += 1;
        self.in_flight.push_back(index);
        let oldest = if self.in_flight.len() > IN_FLIGHT { self.in_flight.pop_front() } else { None };
        let poll = match oldest {
            Some(index) => wgpu::PollType::Wait { submission_index: Some(index), timeout: None },
            None => wgpu::PollType::Poll,
        };
        // Also runs the callbacks of snapshots that have arrived.
        if let Err(error) = self.runtime.device.poll(poll) {
            self.runtime.fault.set(Error::Lost(error.to_string()));
        }
    }

    /// A step begins.
    pub(crate) fn open(&mut self) {
        if self.is_early_turn() {
            return;
        }
        self.checks.clear();
        (self.fresh, self.gated) = (true, false);
    }

    /// Notes that a scalar must be finite.
    pub(crate) fn check(&mut self, slot: &Arc<Slot>, what: Quantity) {
        if self.is_early_turn() {
            return;
        }
        let what = match what {
            Quantity::Loss => 1,
            Quantity::Gradient => 2,
        };
        self.checks.push((slot.clone(), what));
        self.gated = true;
    }

    /// Judges what was checked, if an update has to know. Returns whether it has.
    pub(crate) fn judge(&mut self) -> bool {
        if !self.gated {
            return false;
        }
        let words = (self.slot_bytes() / 4) as u32;
        let checks = std::mem::take(&mut self.checks);
        let mut request = vec![self.active, self.fresh.into(), 1, checks.len() as u32];
        request.extend(checks.iter().flat_map(|(slot, what)| [slot.index * words, *what]));
        self.fresh = false;
        let binds = vec![
            Bind::Words(request),
            Bind::Part(self.scalars.clone(), 0, self.scalars.size(), false),
            Bind::Part(self.verdict.clone(), 0, self.verdict.size(), true),
        ];
        let runtime = self.runtime.clone();
        let workgroups = self.active.div_ceil(JUDGE_REPLICAS) as usize;
        self.dispatch("judge", &runtime.pipelines.judge, [binds, Vec::new()], workgroups);
        true
    }
}

fn begin(runtime: &Runtime) -> wgpu::CommandEncoder {
    runtime.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("flatmin") })
}

fn slot_bytes(runtime: &Runtime, replicas: u32) -> u64 {
    (4 * u64::from(replicas)).next_multiple_of(runtime.limits.min_storage_buffer_offset_alignment.into())
}

/// Two vectors of a kernel in one buffer, one of them written: the API cannot order that.
fn aliased(name: &str, binds: &[Bind]) -> Option<Error> {
    let parts = || {
        binds.iter().filter_map(|bind| match bind {
            Bind::Part(buffer, _, _, written) => Some((buffer, *written)),
            Bind::Words(_) => None,
        })
    };
    let clash = parts().enumerate().any(|(i, (a, written))| {
        parts().skip(i + 1).any(|(b, also_written)| a == b && written != also_written)
    });
    clash.then(|| {
        Error::Buffer(format!(
            "two vectors of `{name}` share it, one read and one written; use one buffer a vector"
        ))
    })
}
