use crate::backend::Backend;
use crate::error::{Error, require_len, require_not_negative};
use crate::kernels::Pull;
use crate::layout::{Groups, Kind, Segment, Sharing, filters};
use crate::method::Clock;
use crate::optimizer::Optimizer;
use crate::schedule::Schedule;
use crate::state::{Cost, State};
use core::borrow::Borrow;

/// Any optimizer behind a pull towards the factory weights, so that fine-tuning forgets less.
///
/// ```text
/// g = g + scale(t) strength (w - w_factory),  one strength a filter, one scale for all
/// ```
///
/// It is the gradient of `scale strength / 2 ||w - w_factory||^2`, which is added to the loss.
///
/// **Source**: L2-SP (Li, Grandvalet & Davoine 2018, eq. 3). **Deviations**: one strength a filter instead of one for
/// the pretrained layers and one for the new ones; [`strengths`] sets them by the kind of tensor. Like weight decay it
/// acts on the base update only, at the clean weights: a method's ascent does not see it.
/// **Cost**: no vector of its own, one value a filter; both are only read and may lie in flash; one pass more. **Default**:
/// scale 1, no strength; 0.1 held old users' accuracy in our runs (`flatmin-sim finetune --anchor 0.1`).
///
/// ```
/// use flatmin::layout::{Kind, Segment};
/// use flatmin::optimizers::{Anchored, Sgd, strengths};
/// use flatmin::{backend::Portable, drive::step, method::Clock, methods::Plain};
/// const NET: [Segment; 2] = [
///     Segment { filters: 1, fan_in: 2, kind: Kind::Weight },
///     Segment { filters: 1, fan_in: 1, kind: Kind::Bias },
/// ];
/// static FACTORY: [f32; 3] = [1.0, 2.0, 3.0];
/// let mut slots = [0.0; 2];
/// strengths(&NET, |kind| if kind == Kind::Bias { 0.0 } else { 0.5 }, &mut slots)?;
/// let (mut w, mut g) = ([0.0; 3], [0.0; 3]);
/// let mut method = Plain::new(Anchored::new(&FACTORY[..], &NET, &slots[..], Sgd::new()));
/// let clock = Clock { step: 0, total: 1, lr: 1.0 };
/// step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock, |_: &[f32], g: &mut [f32], _| {
///     g.fill(0.0);
///     Ok::<f32, ()>(0.0)
/// }).unwrap();
/// assert_eq!(w, [0.5, 1.0, 0.0], "half of the way, the bias stays");
/// # Ok::<(), flatmin::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Anchored<'a, O, A, V, S = f32> {
    factory: A,
    segments: &'a [Segment],
    strengths: V,
    scale: S,
    inner: O,
}

impl<'a, O, A, V> Anchored<'a, O, A, V> {
    /// Pulls the weights of the layout `segments` towards `factory`; `strengths` holds one value, not negative, a slot
    /// of the layout.
    pub const fn new(factory: A, segments: &'a [Segment], strengths: V, inner: O) -> Self {
        Self { factory, segments, strengths, scale: 1.0, inner }
    }
}

impl<'a, O, A, V, S> Anchored<'a, O, A, V, S> {
    /// What every strength is multiplied by at a step, at least 0.
    pub fn scale<T>(self, scale: T) -> Anchored<'a, O, A, V, T> {
        let Self { factory, segments, strengths, inner, .. } = self;
        Anchored { factory, segments, strengths, scale, inner }
    }

    fn groups(&self) -> Groups<'a> {
        Groups { segments: self.segments, sharing: Sharing::Tensor }
    }
}

/// Writes the strength of every filter by the kind of its tensor; 0 lets a kind go where it wants.
///
/// # Errors
/// [`Error::Length`] when `slots` does not have one element a [filter](crate::layout::filters), and
/// [`Error::Hyperparameter`] when a strength is negative or not finite; `slots` may be half written.
pub fn strengths(segments: &[Segment], of: impl Fn(Kind) -> f32, slots: &mut [f32]) -> Result<(), Error> {
    require_len("strengths", slots.len(), filters(segments))?;
    let mut slots = slots.iter_mut();
    for segment in segments {
        let strength = of(segment.kind);
        require_not_negative("strength", strength)?;
        slots.by_ref().take(segment.slots()).for_each(|slot| *slot = strength);
    }
    Ok(())
}

impl<B, O, A, V, S> State<B> for Anchored<'_, O, A, V, S>
where
    B: Backend,
    O: Optimizer<B>,
    A: Borrow<B::Vector>,
    V: Borrow<B::Vector>,
    S: Schedule,
{
    const COST: Cost = O::COST.plus(Cost { filter_vectors: 1, ..Cost::NONE });
    type Scalars = O::Scalars;

    fn scalars(&self) -> O::Scalars {
        self.inner.scalars()
    }

    fn set_scalars(&mut self, scalars: O::Scalars) {
        self.inner.set_scalars(scalars);
    }

    fn forget(&mut self, updates: u32) {
        self.inner.forget(updates);
    }

    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.inner.visit(see);
    }

    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.inner.visit_mut(see);
    }
}

impl<B, O, A, V, S> Optimizer<B> for Anchored<'_, O, A, V, S>
where
    B: Backend,
    O: Optimizer<B>,
    A: Borrow<B::Vector>,
    V: Borrow<B::Vector>,
    S: Schedule,
{
    const NAME: &'static str = "anchored";

    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        let scale = self.scale.at(clock.step, clock.total);
        require_not_negative("scale", scale)?;
        require_len("layout", self.groups().len(), n)?;
        require_len("factory weights", b.len(self.factory.borrow()), n)?;
        require_len("strengths", b.len(self.strengths.borrow()), self.groups().slots())?;
        self.inner.ready(b, n, clock)
    }

    fn update(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        saved: Option<&B::Vector>,
        g: &mut B::Vector,
        clock: &Clock,
    ) {
        let clean = saved.unwrap_or(&*w);
        let pull = Pull { scale: self.scale.at(clock.step, clock.total) };
        b.fill(pull, self.groups(), self.strengths.borrow(), [g], [clean, self.factory.borrow()]);
        self.inner.update(b, w, saved, g, clock);
    }
}
