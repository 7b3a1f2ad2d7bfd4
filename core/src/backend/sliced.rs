use super::{Backend, Isa};
use crate::backend::isa::{Drawn, FeedOp, FillOp, ResidualOp};
use crate::error::{Error, Quantity};
use crate::kernel::{Fill, Map, Reduce, Update};
use crate::kernels::Perturb;
use crate::layout::Groups;
use crate::loops::{FillLoop, MapLoop, UpdateLoop};
use crate::method::{Clock, Eval, Method, Next};
use crate::reduce::{Arity, Partial, Rows};
use crate::residual::{self, Way};
use crate::rng::TILE;
use core::ops::Range;

/// Kernel calls that a phase in pieces may make. The sum of a later one is NaN, which a method refuses as
/// [`Error::NonFinite`]; a test holds every registered method to it.
pub const CALLS: usize = 16;

/// Cuts the work of a phase into pieces of a given number of elements, for watchdogs and cooperative schedulers.
///
/// A call runs the phase again from its start: kernel calls that are finished are skipped and their scalars replayed,
/// the current one advances by what is left of the budget, later ones wait. The method knows nothing of it, and the bits
/// are those of an uncut run, whatever the budget. A phase may make [`CALLS`] kernel calls.
///
/// Drive a method through [`begin`](Self::begin), [`resume`](Self::resume) and [`abort`](Self::abort) of this type; repeat
/// a call with the same arguments while it answers [`Progress::Pending`]; another call in between is refused as
/// [`Error::Unfinished`]. Kernels that are called any other way, by [`step`](crate::drive::step) or an average, say, run whole.
#[derive(Clone, Copy, Debug)]
pub struct Sliced<B> {
    inner: B,
    budget: usize,
    left: usize,
    /// The kernel call that is next in this run of the phase.
    call: usize,
    /// Kernel calls finished in earlier runs.
    done: usize,
    /// Elements of the current kernel call that are finished.
    at: usize,
    partial: Partial,
    scalars: [f32; CALLS],
    pending: bool,
    phase: Phase,
    /// Inside a piece: only then are kernels cut.
    running: bool,
}

/// Which call is under way between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    None,
    Begin,
    Resume,
    Abort,
}

/// How far a sliced phase has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// Work is left: call again with the same arguments.
    Pending,
    /// The phase is over.
    Ready(Next),
}

impl<B: Isa> Sliced<B> {
    /// At most `budget` elements (at least 1) a call.
    pub const fn new(inner: B, budget: usize) -> Self {
        let budget = if budget == 0 { 1 } else { budget };
        Self {
            inner,
            budget,
            left: 0,
            call: 0,
            done: 0,
            at: 0,
            partial: Partial::new(),
            scalars: [0.0; CALLS],
            pending: false,
            phase: Phase::None,
            running: false,
        }
    }

    /// One piece of [`Method::begin`].
    pub fn begin<M: Method<Self>>(
        &mut self,
        method: &mut M,
        w: &mut [f32],
        clock: &Clock,
    ) -> Result<Progress, Error> {
        self.piece(Phase::Begin, method, |b, method| method.begin(b, w, clock))
    }

    /// One piece of [`Method::resume`].
    pub fn resume<M: Method<Self>>(
        &mut self,
        method: &mut M,
        w: &mut [f32],
        eval: Eval<'_, Self>,
    ) -> Result<Progress, Error> {
        self.piece(Phase::Resume, method, |b, method| method.resume(b, w, eval))
    }

    /// One piece of giving the step up: of the call that is pending, if there is one, then of [`Method::abort`]. Repeat it while
    /// it answers [`Progress::Pending`]; the weights are then as [`Method::abort`] says.
    ///
    /// Give it what the pending call was given (anything fits where it was not a `resume`): half a kernel cannot be undone,
    /// so it is completed first.
    #[must_use = "the weights are clean only when it answers that it is done"]
    pub fn abort<M: Method<Self>>(
        &mut self,
        method: &mut M,
        w: &mut [f32],
        clock: &Clock,
        eval: Eval<'_, Self>,
    ) -> Progress {
        // A phase that fails has aborted itself, so its error needs no further care.
        let _ = match self.phase {
            Phase::Begin => self.begin(method, w, clock),
            Phase::Resume => self.resume(method, w, eval),
            Phase::None | Phase::Abort => {
                let done = self.piece(Phase::Abort, method, |b, method| {
                    method.abort(b, w);
                    Ok(Next::Done)
                });
                return done.unwrap_or(Progress::Ready(Next::Done));
            }
        };
        Progress::Pending
    }

    fn piece<M: Method<Self>>(
        &mut self,
        phase: Phase,
        method: &mut M,
        run: impl FnOnce(&mut Self, &mut M) -> Result<Next, Error>,
    ) -> Result<Progress, Error> {
        if self.phase != Phase::None && self.phase != phase {
            // Its kernels are in part done: neither can they be taken for those of another call, nor be undone.
            return Err(Error::Unfinished);
        }
        let before = method.scalars();
        (self.left, self.call, self.pending, self.phase) = (self.budget, 0, false, phase);
        self.running = true;
        let outcome = run(self, method);
        self.running = false;
        if self.pending {
            method.set_scalars(before);
            return Ok(Progress::Pending);
        }
        (self.done, self.at, self.phase) = (0, 0, Phase::None);
        outcome.map(Progress::Ready)
    }

    /// The elements of the next kernel call that this run may work on; `None` if it is finished or must wait.
    fn turn(&mut self, len: usize) -> Option<Range<usize>> {
        self.turn_by(len, 1)
    }

    /// [`turn`](Self::turn) that stops at a multiple of `unit` elements, since a unit that is cut costs twice. A run that
    /// has less than that left waits for the next, unless no run has more.
    fn turn_by(&mut self, len: usize, unit: usize) -> Option<Range<usize>> {
        if !self.running {
            return Some(0..len);
        }
        let call = self.call;
        self.call += 1;
        if self.pending || call < self.done {
            return None;
        }
        let mut end = len.min(self.at.saturating_add(self.left));
        if end < len && unit <= self.budget {
            end = self.at.max(end - end.checked_rem(unit).unwrap_or(0));
        }
        let range = self.at..end;
        self.left -= range.len();
        if range.end == len {
            self.done += 1;
            self.at = 0;
        } else {
            self.at = range.end;
            self.pending = true;
        }
        Some(range)
    }

    /// The value of the reduction that was called last.
    fn result(&mut self) -> f32 {
        let call = self.call.wrapping_sub(1);
        if call < self.done { self.scalars.get(call).copied().unwrap_or(f32::NAN) } else { 0.0 }
    }
}

fn part(x: &[f32], range: Range<usize>) -> &[f32] {
    x.get(range).unwrap_or(&[])
}

fn part_mut(x: &mut [f32], range: Range<usize>) -> &mut [f32] {
    x.get_mut(range).unwrap_or(&mut [])
}

impl<B: Isa> Backend for Sliced<B> {
    type Vector = [f32];
    type Scalar = f32;

    fn len(&self, v: &[f32]) -> usize {
        v.len()
    }

    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&f32; S],
        out: [&mut [f32]; O],
        ins: [&[f32]; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>,
    {
        let len = out.first().map_or(0, |x| x.len());
        if let Some(range) = self.turn(len) {
            let out = out.map(|x| part_mut(x, range.clone()));
            self.inner.map(kernel, scalars, out, ins.map(|x| part(x, range.clone())));
        }
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I]) -> f32
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        if !self.running {
            return self.inner.reduce(kernel, ins);
        }
        let call = self.call;
        if let Some(range) = self.turn(ins.first().map_or(0, |x| x.len())) {
            let ins = ins.map(|x| part(x, range.clone()));
            self.inner.enter(FeedOp { kernel, partial: &mut self.partial, ins });
            if !self.pending {
                let sum = self.partial.take();
                if let Some(slot) = self.scalars.get_mut(call) {
                    *slot = sum;
                }
            }
        }
        self.result()
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &[f32], out: &mut [f32]) {
        if !self.running {
            return self.inner.reduce_groups(kernel, groups, x, out);
        }
        let Some(range) = self.turn(x.len()) else { return };
        for span in groups.spans().filter(|span| span.measured) {
            let end = span.start + span.len;
            let overlap = range.start.max(span.start)..range.end.min(end);
            if overlap.is_empty() {
                continue;
            }
            let last = overlap.end == end;
            let ins = [part(x, overlap)];
            self.inner.enter(FeedOp { kernel, partial: &mut self.partial, ins });
            if last && let Some(slot) = out.get_mut(span.slot) {
                *slot = self.partial.take();
            }
        }
    }

    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut [f32],
        saved: Option<&[f32]>,
        g: &[f32],
        state: [&mut [f32]; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>,
    {
        if let Some(range) = self.turn(w.len()) {
            let state = state.map(|x| part_mut(x, range.clone()));
            let saved = saved.map(|x| part(x, range.clone()));
            self.inner.update(kernel, part_mut(w, range.clone()), saved, part(g, range), state);
        }
    }

    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &[f32],
        out: [&mut [f32]; O],
        ins: [&[f32]; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>,
    {
        if let Some(range) = self.turn_by(out.first().map_or(0, |x| x.len()), TILE) {
            let kernel = Drawn::by(&self.inner, kernel);
            self.inner.enter(FillOp { kernel, groups, values, out, ins, range });
        }
    }

    fn residual(
        &mut self,
        way: Way,
        kernel: Perturb,
        groups: Groups<'_>,
        values: &[f32],
        w: &mut [f32],
        residual: &mut [f32],
    ) -> Result<(), Error> {
        let n = w.len();
        if let Some(range) = self.turn_by(n, TILE) {
            let kernel = Drawn::by(&self.inner, kernel);
            self.inner.enter(ResidualOp { kernel, way, groups, values, w, residual, range });
        }
        // Nothing is known before the last element.
        if self.running && self.pending { Ok(()) } else { residual::verdict(way, residual, n) }
    }

    fn check(&mut self, value: &f32, what: Quantity) -> Result<(), Error> {
        // A scalar that is not there yet is neither good nor bad.
        if self.running && self.pending { Ok(()) } else { self.inner.check(value, what) }
    }

    fn is_settled(&self) -> bool {
        self.phase == Phase::None
    }

    fn read(&mut self, value: &f32) -> f32 {
        *value
    }
}
