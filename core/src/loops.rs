//! The loops that run kernels over slices, one per number of vectors.
//!
//! Each destructures its arguments and cuts every slice to the shortest first: then no bounds check and no panic path
//! is left, and the loop vectorises for whatever instruction set the caller is compiled for.

use crate::kernel::{Fill, Map, Update};
use crate::layout::Groups;
use crate::reduce::Arity;
use crate::rng::TILE;
use core::ops::Range;

/// A loop over O outputs and I inputs.
pub trait MapLoop<const O: usize, const I: usize> {
    /// `out[i] = apply(coef, out[i], ins[i])` for every i.
    fn map<K: Map<S, O, I>, const S: usize>(coef: K::Coef, out: [&mut [f32]; O], ins: [&[f32]; I]);
}

/// A loop over one run of noise.
pub trait FillLoop<const O: usize, const I: usize> {
    /// `out[i] = apply(scale * noise[i], out[i], ins[i])` for every i.
    fn fill<K: Fill<O, I>>(scale: f32, noise: &[f32], out: [&mut [f32]; O], ins: [&[f32]; I]);
    /// The run `range` of every vector (the part of it that exists).
    fn cut<'a>(
        out: &'a mut [&mut [f32]; O],
        ins: &'a [&[f32]; I],
        range: Range<usize>,
    ) -> ([&'a mut [f32]; O], [&'a [f32]; I]);
}

macro_rules! loops {
    ($o:literal $i:literal: [$($out:ident $new:ident),*] [$($x:ident),*]) => {
        impl MapLoop<$o, $i> for Arity {
            #[inline(always)]
            fn map<K: Map<S, $o, $i>, const S: usize>(
                coef: K::Coef,
                [$($out),*]: [&mut [f32]; $o],
                [$($x),*]: [&[f32]; $i],
            ) {
                let n = usize::MAX$(.min($out.len()))*$(.min($x.len()))*;
                $(let $out = &mut $out[..n];)*
                $(let $x = &$x[..n];)*
                for i in 0..n {
                    let [$($new),*] = K::apply(coef, [$($out[i]),*], [$($x[i]),*]);
                    $($out[i] = $new;)*
                }
            }
        }

        impl FillLoop<$o, $i> for Arity {
            #[inline(always)]
            fn fill<K: Fill<$o, $i>>(
                scale: f32,
                noise: &[f32],
                [$($out),*]: [&mut [f32]; $o],
                [$($x),*]: [&[f32]; $i],
            ) {
                // Iterators instead of indices: here the optimiser does not see that a cut slice is long enough.
                $(let mut $out = $out.iter_mut();)*
                $(let mut $x = $x.iter();)*
                for noise in noise {
                    let ($(Some($out),)* $(Some($x),)*) = ($($out.next(),)* $($x.next(),)*) else { return };
                    let [$($new),*] = K::apply(scale * noise, [$(*$out),*], [$(*$x),*]);
                    $(*$out = $new;)*
                }
            }

            #[inline(always)]
            fn cut<'a>(
                [$($out),*]: &'a mut [&mut [f32]; $o],
                [$($x),*]: &'a [&[f32]; $i],
                range: Range<usize>,
            ) -> ([&'a mut [f32]; $o], [&'a [f32]; $i]) {
                (
                    [$($out.get_mut(range.clone()).unwrap_or(&mut [])),*],
                    [$($x.get(range.clone()).unwrap_or(&[])),*],
                )
            }
        }
    };
}
loops!(1 0: [a p] []);
loops!(2 0: [a p, b q] []);
loops!(1 1: [a p] [x]);
loops!(2 1: [a p, b q] [x]);
loops!(3 1: [a p, b q, c r] [x]);
loops!(1 2: [a p] [x, y]);
loops!(2 2: [a p, b q] [x, y]);

/// A loop over weights, gradient and ST state vectors.
pub trait UpdateLoop<const ST: usize> {
    /// `(w[i], state[i]) = apply(coef, w[i], g[i], state[i])`, or with `saved[i]` for the old weight.
    fn update<K: Update<ST>>(
        coef: K::Coef,
        w: &mut [f32],
        saved: Option<&[f32]>,
        g: &[f32],
        state: [&mut [f32]; ST],
    );
}

macro_rules! updates {
    ($st:literal: [$($s:ident $new:ident),*]) => {
        impl UpdateLoop<$st> for Arity {
            #[inline(always)]
            fn update<K: Update<$st>>(
                coef: K::Coef,
                w: &mut [f32],
                saved: Option<&[f32]>,
                g: &[f32],
                [$($s),*]: [&mut [f32]; $st],
            ) {
                let n = w.len().min(g.len())$(.min($s.len()))*;
                match saved {
                    None => {
                        let (w, g) = (&mut w[..n], &g[..n]);
                        $(let $s = &mut $s[..n];)*
                        for i in 0..n {
                            let (weight, [$($new),*]) = K::apply(coef, w[i], g[i], [$($s[i]),*]);
                            w[i] = weight;
                            $($s[i] = $new;)*
                        }
                    }
                    Some(saved) => {
                        let n = n.min(saved.len());
                        let (w, saved, g) = (&mut w[..n], &saved[..n], &g[..n]);
                        $(let $s = &mut $s[..n];)*
                        for i in 0..n {
                            let (weight, [$($new),*]) = K::apply(coef, saved[i], g[i], [$($s[i]),*]);
                            w[i] = weight;
                            $($s[i] = $new;)*
                        }
                    }
                }
            }
        }
    };
}
updates!(0: []);
updates!(1: [s a]);
updates!(2: [s a, t b]);

/// Runs a fill kernel over the elements `range`: tiles outside, filters inside, so that each tile of noise is drawn once.
#[inline(always)]
pub fn fill_groups<K: Fill<O, I>, const O: usize, const I: usize>(
    kernel: K,
    groups: Groups<'_>,
    values: &[f32],
    mut out: [&mut [f32]; O],
    ins: [&[f32]; I],
    range: Range<usize>,
) where
    Arity: FillLoop<O, I>,
{
    let (mut tile, mut noise) = (usize::MAX, [0.0; TILE]);
    for span in groups.spans() {
        let end = range.end.min(span.start + span.len);
        let mut at = range.start.max(span.start);
        if at >= end {
            continue;
        }
        let scale = kernel.scale(values.get(span.slot).copied().unwrap_or(0.0), span.fan_in);
        while at < end {
            if at / TILE != tile {
                tile = at / TILE;
                noise = kernel.tile(tile as u32);
            }
            let stop = end.min((tile + 1) * TILE);
            let (o, i) = Arity::cut(&mut out, &ins, at..stop);
            Arity::fill::<K>(scale, noise.get(at % TILE..).unwrap_or(&[]), o, i);
            at = stop;
        }
    }
}
