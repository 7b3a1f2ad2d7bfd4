//! What CPU backends have in common: every kernel call is one [`Op`], compiled once per instruction set.

use super::Backend;
use crate::error::{Error, Quantity};
use crate::kernel::{Fill, Hyperparameters, Map, Reduce, Update};
use crate::kernels::Perturb;
use crate::lanes::Lanes;
use crate::layout::Groups;
use crate::loops::{FillLoop, MapLoop, UpdateLoop, fill_groups};
use crate::reduce::{self, Arity, Partial, Rows};
use crate::residual::{self, Way};
use crate::rng::TILE;
use core::marker::PhantomData;
use core::ops::Range;

/// A piece of work that is compiled for an instruction set. `run` must be `#[inline(always)]`.
pub trait Op {
    /// What it returns.
    type Output;
    /// Does the work with registers of type `V`.
    fn run<V: Lanes>(self) -> Self::Output;
}

/// A proof that an instruction set exists, and the way to enter code compiled for it.
pub trait Isa: Copy {
    /// Its name, as printed in tables.
    const NAME: &'static str;
    /// Runs `op` compiled for this instruction set.
    fn enter<O: Op>(self, op: O) -> O::Output;
    /// The noise of one tile. Only a backend type that says so draws anything but what the kernel asks for.
    #[inline(always)]
    fn tile<K: Fill<O, I>, const O: usize, const I: usize>(kernel: &K, tile: u32, out: &mut [f32; TILE]) {
        kernel.tile(tile, out);
    }
}

/// A noise kernel whose tiles are drawn by an instruction set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<T, K>(K, PhantomData<T>);

impl<T: Isa, K> Drawn<T, K> {
    #[inline(always)]
    pub(super) const fn by(_: &T, kernel: K) -> Self {
        Self(kernel, PhantomData)
    }
}

impl<T: Isa, K: Hyperparameters> Hyperparameters for Drawn<T, K> {
    fn words(self, out: &mut impl FnMut(u32)) {
        self.0.words(out);
    }
}

impl<T: Isa, K: Fill<O, I>, const O: usize, const I: usize> Fill<O, I> for Drawn<T, K> {
    const NAME: &'static str = K::NAME;

    #[inline(always)]
    fn tile(&self, tile: u32, out: &mut [f32; TILE]) {
        T::tile(&self.0, tile, out);
    }

    #[inline(always)]
    fn scale(&self, value: f32, fan_in: u32) -> f32 {
        self.0.scale(value, fan_in)
    }

    #[inline(always)]
    fn apply(noise: f32, out: [f32; O], ins: [f32; I]) -> [f32; O] {
        K::apply(noise, out, ins)
    }
}

struct MapOp<'a, K, const S: usize, const O: usize, const I: usize>(
    K,
    [f32; S],
    [&'a mut [f32]; O],
    [&'a [f32]; I],
);

impl<K: Map<S, O, I>, const S: usize, const O: usize, const I: usize> Op for MapOp<'_, K, S, O, I>
where
    Arity: MapLoop<O, I>,
{
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self(kernel, scalars, out, ins) = self;
        Arity::map::<K, S>(kernel.coef(scalars), out, ins);
    }
}

struct ReduceOp<'a, K, const I: usize>(K, [&'a [f32]; I]);

impl<K: Reduce<I>, const I: usize> Op for ReduceOp<'_, K, I>
where
    Arity: Rows<I>,
{
    type Output = f32;
    #[inline(always)]
    fn run<V: Lanes>(self) -> f32 {
        reduce::sum::<V, K, I>(self.0, self.1)
    }
}

/// Feeds the next elements of a reduction that is cut into slices.
pub(super) struct FeedOp<'a, K, const I: usize> {
    pub(super) kernel: K,
    pub(super) partial: &'a mut Partial,
    pub(super) ins: [&'a [f32]; I],
}

impl<K: Reduce<I>, const I: usize> Op for FeedOp<'_, K, I>
where
    Arity: Rows<I>,
{
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes>(self) {
        self.partial.feed::<V, K, I>(self.kernel, self.ins);
    }
}

struct UpdateOp<'a, K, const ST: usize> {
    kernel: K,
    w: &'a mut [f32],
    saved: Option<&'a [f32]>,
    g: &'a [f32],
    state: [&'a mut [f32]; ST],
}

impl<K: Update<ST>, const ST: usize> Op for UpdateOp<'_, K, ST>
where
    Arity: UpdateLoop<ST>,
{
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes>(self) {
        Arity::update::<K>(self.kernel.coef(), self.w, self.saved, self.g, self.state);
    }
}

/// Runs a noise kernel over a range of elements.
pub(super) struct FillOp<'a, K, const O: usize, const I: usize> {
    pub(super) kernel: K,
    pub(super) groups: Groups<'a>,
    pub(super) values: &'a [f32],
    pub(super) out: [&'a mut [f32]; O],
    pub(super) ins: [&'a [f32]; I],
    pub(super) range: Range<usize>,
}

impl<K: Fill<O, I>, const O: usize, const I: usize> Op for FillOp<'_, K, O, I>
where
    Arity: FillLoop<O, I>,
{
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes>(self) {
        fill_groups(self.kernel, self.groups, self.values, self.out, self.ins, self.range);
    }
}

/// Perturbs or restores a range of elements by a residual.
pub(super) struct ResidualOp<'a, K> {
    pub(super) kernel: K,
    pub(super) way: Way,
    pub(super) groups: Groups<'a>,
    pub(super) values: &'a [f32],
    pub(super) w: &'a mut [f32],
    pub(super) residual: &'a mut [f32],
    pub(super) range: Range<usize>,
}

impl<K: Fill<2, 0>> Op for ResidualOp<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { kernel, way, groups, values, w, residual, range } = self;
        residual::apply(kernel, way, groups, values, w, residual, range);
    }
}

impl<T: Isa> Backend for T {
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
        self.enter(MapOp(kernel, scalars.map(|s| *s), out, ins));
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I]) -> f32
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        self.enter(ReduceOp(kernel, ins))
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &[f32], out: &mut [f32]) {
        for span in groups.spans().filter(|span| span.measured) {
            if let (Some(x), Some(slot)) = (x.get(span.start..span.start + span.len), out.get_mut(span.slot))
            {
                *slot = self.reduce(kernel, [x]);
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
        self.enter(UpdateOp { kernel, w, saved, g, state });
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
        let kernel = Drawn::by(self, kernel);
        self.enter(FillOp { kernel, groups, values, out, ins, range: 0..usize::MAX });
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
        let (kernel, range, n) = (Drawn::by(self, kernel), 0..usize::MAX, w.len());
        self.enter(ResidualOp { kernel, way, groups, values, w, residual, range });
        residual::verdict(way, residual, n)
    }

    fn check(&mut self, value: &f32, what: Quantity) -> Result<(), Error> {
        if value.is_finite() { Ok(()) } else { Err(Error::NonFinite(what)) }
    }

    fn read(&mut self, value: &f32) -> f32 {
        *value
    }
}
