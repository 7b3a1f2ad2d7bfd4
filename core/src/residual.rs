//! Taking noise back without a copy of the weights.
//!
//! Noise that can be drawn again need not be undone from a copy: `(w + e) - e` is `w`, or one unit in its last place beside
//! it, for all but a few weights in a hundred. A *residual* notes which it was, in two bits a weight, and holds the few
//! others (the *escapes*) as they were; so `w` comes back bit for bit, from a sixteenth of the memory of a copy and a list.
//!
//! It lives in an ordinary vector whose floats are words, not numbers: one word counts the weights that are perturbed,
//! one the escapes, then come the codes of 16 weights a word, then the escapes in the order of the weights. Weights are
//! visited in order only, so a step that is cut into slices goes on where it stopped.

use crate::error::{Error, require_len};
use crate::kernel::Fill;
use crate::layout::Groups;
use crate::loops::runs;
use core::ops::Range;

/// What is to be done with a residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `w += noise`, and note how to take it back.
    Perturb,
    /// Take it back.
    Restore,
}

/// Weights whose codes share a word.
const CODES: usize = 16;
/// Words before the codes.
const HEAD: usize = 2;
/// The code of a weight that is in the list.
const ESCAPE: u32 = 3;

/// Elements of a residual of `n` weights of which up to `escapes` may escape.
pub const fn len(n: usize, escapes: usize) -> usize {
    HEAD + n.div_ceil(CODES) + escapes
}

/// Elements of a residual of `n` weights with room for as many escapes as [`LpfSgd`](crate::methods::LpfSgd) may need at
/// its default strength: a sixteenth of the weights and 16 more. About an eighth of a copy.
pub const fn usual_len(n: usize) -> usize {
    len(n, n.div_ceil(CODES) + CODES)
}

/// Refuses a vector that is too short for the codes of `n` weights.
pub(crate) fn require(found: usize, n: usize) -> Result<(), Error> {
    if found >= len(n, 0) { Ok(()) } else { require_len("residual", found, len(n, 0)) }
}

/// The parts of a residual.
struct Parts<'a> {
    /// Weights that are perturbed: those before this one.
    perturbed: &'a mut u32,
    /// Escapes written so far, or read back.
    next: &'a mut u32,
    codes: &'a mut [u32],
    escapes: &'a mut [u32],
}

impl<'a> Parts<'a> {
    /// Those of a vector for `n` weights; `None` if it is too short.
    fn of(residual: &'a mut [f32], n: usize) -> Option<Self> {
        let words: &mut [u32] = bytemuck::try_cast_slice_mut(residual).ok()?;
        let ([perturbed, next], words) = words.split_first_chunk_mut()?;
        let (codes, escapes) = words.split_at_mut_checked(n.div_ceil(CODES))?;
        Some(Self { perturbed, next, codes, escapes })
    }

    /// Notes that weight `i`, the next one, comes back as `back`. Without room for it the answer is `false`, now and for
    /// all later weights.
    #[inline(always)]
    fn note(&mut self, i: usize, w: f32, back: f32) -> bool {
        if *self.perturbed as usize != i {
            return false;
        }
        let code = match w.to_bits().wrapping_sub(back.to_bits()) {
            // The bits of a NaN need not be the same the next time.
            _ if back.is_nan() => ESCAPE,
            0 => 0,
            1 => 1,
            u32::MAX => 2,
            _ => ESCAPE,
        };
        let shift = 2 * (i % CODES);
        let Some(word) = self.codes.get_mut(i / CODES) else { return false };
        if code == ESCAPE {
            let Some(escape) = self.escapes.get_mut(*self.next as usize) else { return false };
            *escape = w.to_bits();
            *self.next += 1;
        }
        *word = *word & !(ESCAPE << shift) | code << shift;
        *self.perturbed += 1;
        true
    }

    /// Weight `i`, the next one, which comes back as `back`; `None` if it was not perturbed.
    #[inline(always)]
    fn weight(&mut self, i: usize, back: f32) -> Option<f32> {
        if i >= *self.perturbed as usize {
            return None;
        }
        let code = self.codes.get(i / CODES)? >> (2 * (i % CODES)) & ESCAPE;
        let bits = match code {
            0 => back.to_bits(),
            1 => back.to_bits().wrapping_add(1),
            2 => back.to_bits().wrapping_sub(1),
            _ => {
                let escape = self.escapes.get(*self.next as usize)?;
                *self.next += 1;
                *escape
            }
        };
        Some(f32::from_bits(bits))
    }
}

/// Perturbs or restores the weights `range`, with the tiles of `kernel`; ranges follow each other.
#[inline(always)]
pub(crate) fn apply<K: Fill<2, 0>>(
    kernel: K,
    way: Way,
    groups: Groups<'_>,
    values: &[f32],
    w: &mut [f32],
    residual: &mut [f32],
    range: Range<usize>,
) {
    let Some(mut parts) = Parts::of(residual, w.len()) else { return };
    if range.start == 0 {
        *parts.next = 0;
        if way == Way::Perturb {
            *parts.perturbed = 0;
        }
    }
    runs(&kernel, groups, values, range, |scale, noise, run| {
        let at = run.start;
        for (i, (w, noise)) in w.get_mut(run).unwrap_or_default().iter_mut().zip(noise).enumerate() {
            let noise = scale * *noise;
            match way {
                Way::Perturb => {
                    let [perturbed, _] = K::apply(noise, [*w, *w], []);
                    if !parts.note(at + i, *w, perturbed - noise) {
                        return;
                    }
                    *w = perturbed;
                }
                Way::Restore => match parts.weight(at + i, *w - noise) {
                    Some(weight) => *w = weight,
                    None => return,
                },
            }
        }
    });
}

/// Refuses a residual that had no room for all of `n` weights. Those that it had room for are perturbed: restore them.
pub(crate) fn verdict(way: Way, residual: &mut [f32], n: usize) -> Result<(), Error> {
    if way == Way::Restore {
        return Ok(());
    }
    require(residual.len(), n)?;
    match Parts::of(residual, n) {
        Some(parts) if *parts.perturbed as usize != n => Err(Error::Escapes { room: parts.escapes.len() }),
        _ => Ok(()),
    }
}
