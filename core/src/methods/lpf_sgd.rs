use crate::backend::Backend;
use crate::error::{Error, require, require_len, require_not_negative};
use crate::kernels::{Scale, SqNorm};
use crate::layout::{Groups, Segment, Sharing};
use crate::method::{Batch, Clock, Eval, Method, Next, accept, descend};
use crate::noise::{Draw, Noise};
use crate::optimizer::Optimizer;
use crate::restore::{Backup, Field, Residual, Restore};
use crate::rng::Seed;
use crate::schedule::{Cosine, Schedule};
use crate::state::{Cost, State};
use core::borrow::BorrowMut;
use core::marker::PhantomData;

/// LPF-SGD: descend on the loss smoothed by a Gaussian, whose width follows the norm of each filter.
///
/// ```text
/// e_m,j ~ N(0, (gamma_t s_j)^2 I)        for part m = 1..M of the mini-batch and every filter j
/// G = 1/M sum_m grad L_m(w + e_m)        L_m is the mean loss over part m
/// w = base(w, G)                         from the unperturbed weights
/// ```
///
/// `s_j` is the filter's norm ([`FilterScale::FilterNorm`]) or its root mean square ([`FilterScale::FilterRms`]).
///
/// **Source**: Bisla et al. 2022, Algorithm 1; devansh20la/LPF-SGD. `FilterRms` is this project's default: the same rule
/// with `gamma = g sqrt(fan_in)`, so that one value suits layers of different width.
/// **Deviations**: weights are restored from a copy, so exactly (or from an eighth of one,
/// [`LpfSgdResidual`](super::LpfSgdResidual)); noise comes from a counter, so any element can be drawn again; a filter or bias
/// that is zero gets no noise (the reference adds 1e-16 to the norm of a bias).
/// **Cost**: one vector (the saved weights) and one value a filter beside the optimizer's; the gradient buffer holds the
/// sum over parts, so no accumulator; M gradients on 1/M of the batch, the work of 1; no read.
/// **Defaults**: M = 4; `FilterRms` with gamma growing by half a cosine from 0.3/16 to 0.3.
///
/// ```
/// use flatmin::layout::{Kind, Segment, filters};
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::LpfSgd, optimizers::Sgd};
/// const NET: [Segment; 1] = [Segment { filters: 1, fan_in: 2, kind: Kind::Weight }];
/// let (mut w, mut g) = ([1.0, -2.0], [0.0; 2]);
/// let mut method = LpfSgd::new(Sgd::new(), &NET, [0.0; 2], [0.0; filters(&NET)], 7);
/// for t in 0..100 {
///     let clock = Clock { step: t, total: 100, lr: 0.1 };
///     step(&mut method, &mut Portable, &mut w, &mut g, &clock, |w: &[f32], g: &mut [f32], request| {
///         for (g, w) in g.iter_mut().zip(w) {
///             *g = if request.accumulate { *g + w } else { *w };
///         }
///         Ok::<f32, ()>(0.5 * (w[0] * w[0] + w[1] * w[1]))
///     }).unwrap();
/// }
/// assert!(w.iter().all(|w| w.abs() < 0.05));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LpfSgd<'a, O, V, F, G = Cosine, N = Seed, R = Backup> {
    gamma: G,
    scale: FilterScale,
    parts: u32,
    noise: N,
    base: O,
    segments: &'a [Segment],
    /// What weights are restored from.
    kept: V,
    restore: PhantomData<R>,
    sq_norms: F,
    clock: Clock,
    /// The part whose gradient is awaited, from 1; 0 while no step is under way.
    part: u32,
}

/// How the noise of a filter is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterScale {
    /// By the filter's norm; a bias by the norm of the whole bias. The paper's rule.
    FilterNorm,
    /// By the filter's norm over `sqrt(fan_in)`; element j of a bias as row j of its weight.
    FilterRms,
}

impl<'a, O, V, F> LpfSgd<'a, O, V, F> {
    /// LPF-SGD over `base` for weights of the given layout, with a buffer as long as the weights and one as long as
    /// [`layout::filters`](crate::layout::filters).
    pub const fn new(base: O, segments: &'a [Segment], kept: V, sq_norms: F, seed: u64) -> Self {
        Self {
            gamma: Cosine { from: 0.3 / 16.0, to: 0.3 },
            scale: FilterScale::FilterRms,
            parts: 4,
            noise: Seed(seed),
            base,
            segments,
            kept,
            restore: PhantomData,
            sq_norms,
            clock: Clock::ZERO,
            part: 0,
        }
    }
}

impl<'a, O, V, F, G, N, R> LpfSgd<'a, O, V, F, G, N, R> {
    /// Strength of the noise, at least 0, in units of `scale`.
    pub fn gamma<S>(self, gamma: S, scale: FilterScale) -> LpfSgd<'a, O, V, F, S, N, R> {
        let Self { parts, noise, base, segments, kept, restore, sq_norms, clock, part, .. } = self;
        LpfSgd { gamma, scale, parts, noise, base, segments, kept, restore, sq_norms, clock, part }
    }

    /// Parts of the mini-batch, at least 1, each with its own noise.
    pub fn parts(self, parts: u16) -> Self {
        Self { parts: parts.into(), ..self }
    }

    /// Noise from elsewhere.
    pub fn noise<M>(self, noise: M) -> LpfSgd<'a, O, V, F, G, M, R> {
        let Self { gamma, scale, parts, base, segments, kept, restore, sq_norms, clock, part, .. } = self;
        LpfSgd { gamma, scale, parts, noise, base, segments, kept, restore, sq_norms, clock, part }
    }

    /// Restores weights from a [residual](crate::residual) instead of a copy; the vector given to [`new`](LpfSgd::new) is
    /// then [`usual_len`](crate::residual::usual_len) long, or has the room for escapes that you give it.
    pub fn residual(self) -> LpfSgd<'a, O, V, F, G, N, Residual> {
        let Self { gamma, scale, parts, noise, base, segments, kept, sq_norms, clock, part, .. } = self;
        let restore = PhantomData;
        LpfSgd { gamma, scale, parts, noise, base, segments, kept, restore, sq_norms, clock, part }
    }

    fn groups(&self) -> Groups<'a> {
        let sharing = match self.scale {
            FilterScale::FilterNorm => Sharing::Tensor,
            FilterScale::FilterRms => Sharing::Row,
        };
        Groups { segments: self.segments, sharing }
    }
}

impl<B, O, V, F, G, N, R> State<B> for LpfSgd<'_, O, V, F, G, N, R>
where
    B: Backend,
    O: Optimizer<B>,
    V: BorrowMut<B::Vector>,
    F: BorrowMut<B::Vector>,
    G: Schedule,
    N: Noise<B>,
    R: Restore<B, N>,
{
    const COST: Cost = O::COST.plus(R::COST).plus(Cost { filter_vectors: 1, words: 1, ..Cost::NONE });
    type Scalars = (u32, O::Scalars);

    fn scalars(&self) -> Self::Scalars {
        (self.part, self.base.scalars())
    }

    fn set_scalars(&mut self, (part, base): Self::Scalars) {
        self.part = part;
        self.base.set_scalars(base);
    }

    fn forget(&mut self, updates: u32) {
        self.base.forget(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.base.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.base.visit_mut(see);
    }
}

impl<O, V, F, G: Schedule, N, R> LpfSgd<'_, O, V, F, G, N, R> {
    /// The noise of a part, from 0.
    fn draw(&self, part: u32) -> Draw {
        let Clock { step, total, .. } = self.clock;
        let rms = self.scale == FilterScale::FilterRms;
        Draw { gamma: self.gamma.at(step, total), rms, step, part }
    }

    /// Perturbs the weights for the next part, in place of the noise of the one before.
    fn perturb<B: Backend>(&mut self, b: &mut B, w: &mut B::Vector) -> Result<Next, Error>
    where
        V: BorrowMut<B::Vector>,
        F: BorrowMut<B::Vector>,
        N: Noise<B>,
        R: Restore<B, N>,
    {
        let (index, of) = (self.part, self.parts);
        let (was, draw) = (index.checked_sub(1).map(|part| self.draw(part)), self.draw(index));
        self.part += 1;
        let groups = self.groups();
        let field = Field { noise: &mut self.noise, groups, sq_norms: self.sq_norms.borrow() };
        R::perturb(b, field, was, draw, w, self.kept.borrow_mut())?;
        let batch = Batch::Part { index, of };
        Ok(if index == 0 { Next::gradient(batch) } else { Next::accumulate(batch) })
    }

    /// Restores the weights.
    fn undo<B: Backend>(&mut self, b: &mut B, w: &mut B::Vector)
    where
        V: BorrowMut<B::Vector>,
        F: BorrowMut<B::Vector>,
        N: Noise<B>,
        R: Restore<B, N>,
    {
        let (draw, groups) = (self.draw(self.part.saturating_sub(1)), self.groups());
        let field = Field { noise: &mut self.noise, groups, sq_norms: self.sq_norms.borrow() };
        R::undo(b, field, draw, w, self.kept.borrow_mut());
    }

    /// Takes the gradient of one part: asks for the next part, or steps.
    fn advance<B: Backend>(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error>
    where
        V: BorrowMut<B::Vector>,
        F: BorrowMut<B::Vector>,
        N: Noise<B>,
        O: Optimizer<B>,
        R: Restore<B, N>,
    {
        accept(b, &eval, b.len(w))?;
        let of = self.parts;
        if self.part < of {
            return self.perturb(b, w);
        }
        if of > 1 {
            b.map(Scale { factor: 1.0 / of as f32 }, [], [&mut *eval.g], []);
        }
        if R::copy(self.kept.borrow()).is_none() {
            self.undo(b, w);
        }
        // From a copy, restoring and stepping are one pass.
        self.base.update(b, w, R::copy(self.kept.borrow()), eval.g, &self.clock);
        self.part = 0;
        Ok(Next::Done)
    }
}

impl<B, O, V, F, G, N, R> Method<B> for LpfSgd<'_, O, V, F, G, N, R>
where
    B: Backend,
    O: Optimizer<B>,
    V: BorrowMut<B::Vector>,
    F: BorrowMut<B::Vector>,
    G: Schedule,
    N: Noise<B>,
    R: Restore<B, N>,
{
    const NAME: &'static str = "lpf_sgd";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        let gamma = self.gamma.at(clock.step, clock.total);
        require_not_negative("gamma", gamma)?;
        require(self.parts > 0, "parts", self.parts as f32)?;
        require_len("layout", self.groups().len(), n)?;
        R::ready(b, n, self.kept.borrow())?;
        require_len("filter norms", b.len(self.sq_norms.borrow()), self.groups().slots())?;
        self.base.ready(b, n, clock)
    }

    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        <Self as Method<B>>::abort(self, b, w);
        <Self as Method<B>>::ready(self, b, b.len(w), clock)?;
        b.open();
        self.clock = *clock;
        b.reduce_groups(SqNorm {}, self.groups(), w, self.sq_norms.borrow_mut());
        let next = self.perturb(b, w);
        if next.is_err() {
            <Self as Method<B>>::abort(self, b, w);
        }
        next
    }

    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        if self.part == 0 {
            return Err(Error::NoStep);
        }
        let next = self.advance(b, w, eval);
        if next.is_err() {
            <Self as Method<B>>::abort(self, b, w);
        }
        next
    }

    fn abort(&mut self, b: &mut B, w: &mut B::Vector) {
        if self.part > 0 {
            self.undo(b, w);
        }
        self.part = 0;
    }

    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error> {
        descend(&mut self.base, b, w, None, eval, clock)
    }

    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        if self.part > 0 { R::copy(self.kept.borrow()) } else { Some(w) }
    }
}
