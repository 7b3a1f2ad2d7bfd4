//! The backend: every kernel call becomes one or a few dispatches.

use crate::error::Error as Fault;
use crate::gpu::Gpu;
use crate::lane::{Bind, Call, Lane};
use crate::shaders::{FILL_ELEMENTS, Form, MAP_ELEMENTS, REDUCE_BLOCKS, TREE_SUMS};
use crate::vector::{Scalar, Slot, Value, Vector};
use flatmin::backend::Backend;
use flatmin::error::{Error, Quantity};
use flatmin::kernel::{Fill, Hyperparameters, Map, Reduce, Update};
use flatmin::layout::Groups;
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, BLOCK, Rows};
use std::sync::Arc;

/// The hyperparameters of a kernel.
fn words(kernel: impl Hyperparameters) -> Vec<u32> {
    let mut words = Vec::new();
    kernel.words(&mut |word| words.push(word));
    words
}

fn shortest<'a>(vectors: impl Iterator<Item = &'a Vector>) -> usize {
    vectors.map(|v| v.len).min().unwrap_or(0)
}

impl Lane {
    /// Runs `form` of a kernel over `n` elements, piece by piece.
    fn element_wise(
        &mut self,
        (name, form): (&'static str, Form),
        n: usize,
        per_workgroup: u32,
        stride: usize,
        binds: impl Fn(&Self, usize, usize) -> [Vec<Bind>; 2],
        call: Call,
    ) {
        let runtime = self.runtime.clone();
        let Some(pipeline) = self.keep(runtime.pipelines.kernel(name, form).ok_or(Fault::Kernel(name)))
        else {
            return;
        };
        for (first, len) in self.pieces(n) {
            let [own, shared] = binds(self, first, len);
            let call = Call { first, len, stride: stride / 4, ..call };
            let shared = std::iter::once(Bind::from(call)).chain(shared).collect();
            self.dispatch(name, pipeline, [own, shared], len.div_ceil(per_workgroup as usize));
        }
    }

    /// The sum of `n` terms into a new scalar.
    fn sum(&mut self, name: &'static str, ins: &[&Vector], n: usize) -> Option<Arc<Slot>> {
        let runtime = self.runtime.clone();
        let pipeline = self.keep(runtime.pipelines.kernel(name, Form::Reduce).ok_or(Fault::Kernel(name)))?;
        let slot = self.slot()?;
        let blocks = n.div_ceil(BLOCK);
        let replicas = self.replicas as usize;
        let single = blocks == 1;
        let sums = self.partials(0, blocks * replicas)?;
        for (first, len) in self.pieces(n) {
            let own = ins.iter().map(|v| self.part(v, first, len, false)).collect();
            let call = Call {
                first,
                len,
                stride: ins[0].stride / 4,
                blocks,
                block: first / BLOCK,
                ..Call::default()
            };
            let to = if single {
                self.slot_part(&slot, true)
            } else {
                Bind::Part(sums.clone(), 0, sums.size(), true)
            };
            let workgroups = len.div_ceil(BLOCK).div_ceil(REDUCE_BLOCKS as usize);
            self.dispatch(name, pipeline, [own, vec![call.into(), to]], workgroups);
        }
        if !single {
            self.tree(&slot, sums, blocks)?;
        }
        Some(slot)
    }

    /// Adds the sums of `count` blocks, level by level.
    fn tree(&mut self, slot: &Slot, mut from: wgpu::Buffer, mut count: usize) -> Option<()> {
        let runtime = self.runtime.clone();
        let mut level = 0;
        while count > 1 {
            let nodes = count.div_ceil(TREE_SUMS as usize);
            level = 1 - level;
            let next = self.partials(level, nodes * self.replicas as usize)?;
            let to = if nodes == 1 {
                self.slot_part(slot, true)
            } else {
                Bind::Part(next.clone(), 0, next.size(), true)
            };
            let call = Call { len: count, stride: count, blocks: nodes, ..Call::default() };
            let source = Bind::Part(from.clone(), 0, from.size(), false);
            self.dispatch("tree", &runtime.pipelines.tree, [vec![source, to], vec![call.into()]], nodes);
            (from, count) = (next, nodes);
        }
        Some(())
    }

    fn sum_groups(&mut self, name: &'static str, groups: Groups<'_>, x: &Vector, out: &Vector) -> Option<()> {
        let runtime = self.runtime.clone();
        let pipeline = self.keep(runtime.pipelines.kernel(name, Form::Groups).ok_or(Fault::Kernel(name)))?;
        let layout = self.layout(groups)?;
        for window in &layout.windows {
            let (first, len) = (window.elements.start, window.elements.len());
            if window.elements.end > x.len {
                break;
            }
            let runs = window.runs.len();
            let call = Call {
                first,
                len,
                stride: x.stride,
                block: window.runs.start as usize,
                spans: runs as u32,
                slots: out.stride,
                ..Call::default()
            };
            let own = vec![self.part(x, first, len, false)];
            let measured = Bind::Part(layout.measured.clone(), 0, layout.measured.size(), false);
            let values = self.part(out, 0, out.len, true);
            self.dispatch(name, pipeline, [own, vec![call.into(), measured, values]], runs);
        }
        Some(())
    }
}

impl Backend for Gpu {
    type Vector = Vector;
    type Scalar = Scalar;

    fn len(&self, v: &Vector) -> usize {
        v.len
    }

    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&Scalar; S],
        out: [&mut Vector; O],
        ins: [&Vector; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>,
    {
        let out = out.map(|v| &*v);
        let n = shortest(out.into_iter().chain(ins));
        let mut lane = self.lock();
        let Some(told) = lane.told_binds(K::NAME, words(kernel), &scalars) else { return };
        let binds = |lane: &Lane, first, len| {
            let own = told.iter().cloned();
            let own = own.chain(out.iter().map(|v| lane.part(v, first, len, true)));
            [own.chain(ins.iter().map(|v| lane.part(v, first, len, false))).collect(), Vec::new()]
        };
        let stride = out.first().map_or(0, |v| v.stride);
        lane.element_wise((K::NAME, Form::Map), n, MAP_ELEMENTS, stride, binds, Call::default());
    }

    fn reduce<K, const I: usize>(&mut self, _: K, ins: [&Vector; I]) -> Scalar
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        let n = shortest(ins.into_iter());
        if n == 0 {
            return Scalar(Value::Host(0.0));
        }
        let mut lane = self.lock();
        if lane.told(K::NAME, Vec::new()).is_none() {
            return Scalar(Value::Later);
        }
        let slot = lane.sum(K::NAME, &ins, n);
        // Without a slot something failed before, and that is what the next check says.
        Scalar(slot.map_or(Value::Host(f32::NAN), Value::Device))
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, _: K, groups: Groups<'_>, x: &Vector, out: &mut Vector) {
        let mut lane = self.lock();
        if lane.told(K::NAME, Vec::new()).is_some() {
            lane.sum_groups(K::NAME, groups, x, out);
        }
    }

    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut Vector,
        saved: Option<&Vector>,
        g: &Vector,
        state: [&mut Vector; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>,
    {
        let (w, state) = (&*w, state.map(|v| &*v));
        let n = shortest([w, g].into_iter().chain(saved).chain(state));
        let mut lane = self.lock();
        let Some(told) = lane.told_binds(K::NAME, words(kernel), &[]) else { return };
        let call = Call { gated: lane.judge(), ..Call::default() };
        let verdict = lane.verdict.clone();
        let form = if saved.is_some() { Form::Restore } else { Form::Update };
        let binds = |lane: &Lane, first, len| {
            let own = told.iter().cloned();
            let own = own.chain([w].into_iter().chain(state).map(|v| lane.part(v, first, len, true)));
            let own = own.chain([g].into_iter().chain(saved).map(|v| lane.part(v, first, len, false)));
            [own.collect(), vec![Bind::Part(verdict.clone(), 0, verdict.size(), false)]]
        };
        lane.element_wise((K::NAME, form), n, MAP_ELEMENTS, w.stride, binds, call);
    }

    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &Vector,
        out: [&mut Vector; O],
        ins: [&Vector; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>,
    {
        let out = out.map(|v| &*v);
        let mut lane = self.lock();
        let Some(told) = lane.told_binds(K::NAME, words(kernel), &[]) else { return };
        let Some(layout) = lane.layout(groups) else { return };
        let n = shortest(out.into_iter().chain(ins)).min(layout.len);
        let binds = |lane: &Lane, first, len| {
            let own = told.iter().cloned();
            let own = own.chain([lane.part(values, 0, values.len, false)]);
            let own = own.chain(out.iter().map(|v| lane.part(v, first, len, true)));
            let own = own.chain(ins.iter().map(|v| lane.part(v, first, len, false)));
            let table = |buffer: &wgpu::Buffer| Bind::Part(buffer.clone(), 0, buffer.size(), false);
            [own.collect(), vec![table(&layout.spans), table(&layout.tiles)]]
        };
        let call = Call { spans: layout.count, slots: values.stride, ..Call::default() };
        let stride = out.first().map_or(0, |v| v.stride);
        lane.element_wise((K::NAME, Form::Fill), n, FILL_ELEMENTS, stride, binds, call);
    }

    fn open(&mut self) {
        self.lock().open();
    }

    fn check(&mut self, value: &Scalar, what: Quantity) -> Result<(), Error> {
        let mut lane = self.lock();
        if lane.is_faulty() {
            return Err(Error::Device);
        }
        match &value.0 {
            Value::Host(value) if !value.is_finite() => Err(Error::NonFinite(what)),
            Value::Host(_) | Value::Later => Ok(()),
            Value::Device(slot) => {
                lane.check(slot, what);
                Ok(())
            }
        }
    }

    /// With replicas, each has its own count: in a turn of [`Gpu::each`] that replica's is the answer. Outside, the device
    /// keeps leaving them out by itself, and the answer is 0.
    fn refused(&mut self) -> u32 {
        let mut lane = self.lock();
        if lane.turns.is_some() {
            let refused = lane.refused_in_turn();
            return lane.keep(refused).unwrap_or(0);
        }
        if lane.replicas > 1 {
            return 0;
        }
        let verdicts = lane.verdicts();
        let updates = lane.keep(verdicts).and_then(|rows| rows.first().map(|row| row.updates)).unwrap_or(0);
        if updates > 0 {
            lane.forgive();
        }
        updates
    }

    /// NaN if the device has failed. With replicas, the first one's; [`Gpu::values`] has all.
    fn read(&mut self, value: &Scalar) -> f32 {
        let mut lane = self.lock();
        let values = lane.values(value);
        lane.keep(values).and_then(|values| values.first().copied()).unwrap_or(f32::NAN)
    }
}
