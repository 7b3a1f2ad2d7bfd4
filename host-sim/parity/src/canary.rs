//! A backend with one wrong kernel, to show that a comparison sees it.

use crate::Host;
use flatmin::backend::{Backend, Isa, Op};
use flatmin::error::{Error, Quantity};
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::Perturb;
use flatmin::layout::Groups;
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use flatmin::residual::Way;
use flatmin::rng::TILE;

/// The kernel that is wrong.
pub const WRONG: &str = "step_momentum";

/// `B`, but the last bit of the last weight is wrong after every call of [`WRONG`].
#[derive(Clone, Copy, Debug)]
pub struct Canary<B>(pub B);

impl<B: Host> Backend for Canary<B> {
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
        self.0.map(kernel, scalars, out, ins);
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&[f32]; I]) -> f32
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        self.0.reduce(kernel, ins)
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &[f32], out: &mut [f32]) {
        self.0.reduce_groups(kernel, groups, x, out);
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
        self.0.update(kernel, w, saved, g, state);
        if K::NAME == WRONG
            && let Some(last) = w.last_mut()
        {
            *last = f32::from_bits(last.to_bits() ^ 1);
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
        self.0.fill(kernel, groups, values, out, ins);
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
        self.0.residual(way, kernel, groups, values, w, residual)
    }

    fn open(&mut self) {
        self.0.open();
    }

    fn check(&mut self, value: &f32, what: Quantity) -> Result<(), Error> {
        self.0.check(value, what)
    }

    fn read(&mut self, value: &f32) -> f32 {
        self.0.read(value)
    }
}

/// `B`, but the last bit of the first noise of every tile is wrong: for code that cuts work into pieces by itself.
#[derive(Clone, Copy, Debug)]
pub struct WrongNoise<B>(pub B);

impl<B: Isa> Isa for WrongNoise<B> {
    const NAME: &'static str = "wrong noise";

    #[inline(always)]
    fn enter<O: Op>(self, op: O) -> O::Output {
        self.0.enter(op)
    }

    #[inline(always)]
    fn tile<K: Fill<O, I>, const O: usize, const I: usize>(kernel: &K, tile: u32, out: &mut [f32; TILE]) {
        B::tile(kernel, tile, out);
        out[0] = f32::from_bits(out[0].to_bits() ^ 1);
    }
}
