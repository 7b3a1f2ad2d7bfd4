//! The loops that run kernels over slices, one per number of vectors.
//!
//! Each walks its slices with zipped iterators, which stop at the shortest: no bounds check is written, so none can
//! survive, whatever the optimiser inlines, and the loop vectorises for whatever instruction set the caller is compiled
//! for. (Index loops over slices cut to the shortest are as fast, but whether their checks vanish depends on inlining: the
//! link-time proof found two that did not.)

use crate::kernel::{Fill, Map, Update};
use crate::layout::Groups;
use crate::reduce::Arity;
use crate::rng::TILE;
use core::ops::Range;

/// The iterators, zipped: `(a, (b, c))`.
macro_rules! zipped {
    ($last:expr $(,)?) => { $last };
    ($first:expr, $($rest:expr),+ $(,)?) => { core::iter::zip($first, $crate::loops::zipped!($($rest),+)) };
}
pub(crate) use zipped;

/// The pattern that takes apart what [`zipped!`] gives.
macro_rules! items {
    ($last:ident $(,)?) => { $last };
    ($first:ident, $($rest:ident),+ $(,)?) => { ($first, $crate::loops::items!($($rest),+)) };
}
pub(crate) use items;

/// Elements a turn of a loop on cores without vector registers, where counting and addresses cost five instructions a turn.
pub const TURN: usize = 8;
/// Whether loops take [`TURN`] elements a turn: see `build.rs`. Where they vectorise, the compiler chooses better.
const TURNS: bool = cfg!(flatmin_turns);

/// Runs a body for every item of the slices (written ones, then read ones), up to the end of the shortest.
macro_rules! zip {
    ([$($out:ident),*] [$($x:ident),*] $body:block) => {
        for items!($($out,)* $($x),*) in zipped!($($out.iter_mut(),)* $($x.iter()),*) $body
    };
}

/// The same for every element, in turns where that is faster. A second body may be given for all whole turns, `.0` of each
/// slice.
macro_rules! each {
    ([$($out:ident),*] [$($x:ident),*] $body:block) => {
        each!([$($out),*] [$($x),*] $body {
            for items!($($out,)* $($x),*) in zipped!($($out.0.iter_mut(),)* $($x.0.iter()),*) {
                zip!([$($out),*] [$($x),*] $body)
            }
        })
    };
    ([$($out:ident),*] [$($x:ident),*] $body:block $turns:block) => {
        if TURNS {
            let n = usize::MAX $(.min($out.len()))* $(.min($x.len()))*;
            $(let $out = $out.get_mut(..n).unwrap_or_default().as_chunks_mut::<TURN>();)*
            $(let $x = $x.get(..n).unwrap_or_default().as_chunks::<TURN>();)*
            $turns
            for items!($($out,)* $($x),*) in zipped!($($out.1.iter_mut(),)* $($x.1.iter()),*) $body
        } else {
            zip!([$($out),*] [$($x),*] $body)
        }
    };
}

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
    ($o:literal $i:literal: [$($out:ident),*] [$($x:ident),*]) => {
        impl MapLoop<$o, $i> for Arity {
            #[inline(always)]
            fn map<K: Map<S, $o, $i>, const S: usize>(
                coef: K::Coef,
                [$($out),*]: [&mut [f32]; $o],
                [$($x),*]: [&[f32]; $i],
            ) {
                each!([$($out),*] [$($x),*] {
                    [$(*$out),*] = K::apply(coef, [$(*$out),*], [$(*$x),*]);
                });
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
                each!([$($out),*] [noise $(, $x)*] {
                    [$(*$out),*] = K::apply(scale * *noise, [$(*$out),*], [$(*$x),*]);
                });
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
loops!(1 0: [a] []);
loops!(2 0: [a, b] []);
loops!(1 1: [a] [x]);
loops!(2 1: [a, b] [x]);
loops!(3 1: [a, b, c] [x]);
loops!(1 2: [a] [x, y]);
loops!(2 2: [a, b] [x, y]);

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
    /// The same for whole turns.
    fn turns<K: Update<ST>>(
        coef: K::Coef,
        w: &mut [[f32; TURN]],
        saved: Option<&[[f32; TURN]]>,
        g: &[[f32; TURN]],
        state: [&mut [[f32; TURN]]; ST],
    );
}

macro_rules! updates {
    ($st:literal: [$($s:ident),*]) => {
        impl UpdateLoop<$st> for Arity {
            #[inline(always)]
            fn update<K: Update<$st>>(
                coef: K::Coef,
                w: &mut [f32],
                saved: Option<&[f32]>,
                g: &[f32],
                [$($s),*]: [&mut [f32]; $st],
            ) {
                match saved {
                    None => {
                        each!([w $(, $s)*] [g] {
                            (*w, [$(*$s),*]) = K::apply(coef, *w, *g, [$(*$s),*]);
                        } {
                            K::turns(coef, w.0, None, g.0, [$($s.0),*]);
                        });
                    }
                    Some(saved) => {
                        each!([w $(, $s)*] [saved, g] {
                            (*w, [$(*$s),*]) = K::apply(coef, *saved, *g, [$(*$s),*]);
                        } {
                            K::turns(coef, w.0, Some(saved.0), g.0, [$($s.0),*]);
                        });
                    }
                }
            }

            #[inline(always)]
            fn turns<K: Update<$st>>(
                coef: K::Coef,
                w: &mut [[f32; TURN]],
                saved: Option<&[[f32; TURN]]>,
                g: &[[f32; TURN]],
                [$($s),*]: [&mut [[f32; TURN]]; $st],
            ) {
                match saved {
                    None => zip!([w $(, $s)*] [g] {
                        zip!([w $(, $s)*] [g] {
                            (*w, [$(*$s),*]) = K::apply(coef, *w, *g, [$(*$s),*]);
                        });
                    }),
                    Some(saved) => zip!([w $(, $s)*] [saved, g] {
                        zip!([w $(, $s)*] [saved, g] {
                            (*w, [$(*$s),*]) = K::apply(coef, *saved, *g, [$(*$s),*]);
                        });
                    }),
                }
            }
        }
    };
}
updates!(0: []);
updates!(1: [s]);
updates!(2: [s, t]);

/// Runs a fill kernel over the elements `range`.
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
    runs(&kernel, groups, values, range, |scale, noise, run| {
        let (o, i) = Arity::cut(&mut out, &ins, run);
        Arity::fill::<K>(scale, noise, o, i);
    });
}

/// Shows the noise of the elements `range` in runs of one scale: tiles outside, filters inside, so that each tile is drawn
/// once.
#[inline(always)]
pub(crate) fn runs<K: Fill<O, I>, const O: usize, const I: usize>(
    kernel: &K,
    groups: Groups<'_>,
    values: &[f32],
    range: Range<usize>,
    mut see: impl FnMut(f32, &[f32], Range<usize>),
) {
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
                kernel.tile(tile as u32, &mut noise);
            }
            let stop = end.min((tile + 1) * TILE);
            see(scale, noise.get(at % TILE..).unwrap_or(&[]), at..stop);
            at = stop;
        }
    }
}
