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
    head: &'a mut [u32; HEAD],
    /// Weights that are perturbed: those before this one.
    perturbed: usize,
    /// Escapes written so far, or read back.
    next: usize,
    codes: &'a mut [u32],
    escapes: &'a mut [u32],
}

impl<'a> Parts<'a> {
    /// Those of a vector for `n` weights; `None` if it is too short.
    fn of(residual: &'a mut [f32], n: usize) -> Option<Self> {
        let words: &mut [u32] = bytemuck::try_cast_slice_mut(residual).ok()?;
        let (head, words) = words.split_first_chunk_mut()?;
        let (codes, escapes) = words.split_at_mut_checked(n.div_ceil(CODES))?;
        let [perturbed, next] = head.map(|word| word as usize);
        Some(Self { head, perturbed, next, codes, escapes })
    }

    /// Writes the counts back.
    fn close(self) {
        *self.head = [self.perturbed as u32, self.next as u32];
    }

    /// Perturbs weights from `at` on by `scale * noise`, as long as there is room for the escapes; none if there was none
    /// before.
    #[inline(always)]
    fn perturb<K: Fill<2, 0>>(&mut self, mut at: usize, scale: f32, noise: &[f32], w: &mut [f32]) {
        if self.perturbed != at {
            return;
        }
        for (w, noise) in words(at, w, noise) {
            let Some(word) = self.codes.get_mut(at / CODES) else { return };
            let mut shift = 2 * (at % CODES);
            let mut codes = *word & !(u32::MAX << shift);
            for (w, noise) in w.iter_mut().zip(noise) {
                let noise = scale * *noise;
                let [perturbed, _] = K::apply(noise, [*w, *w], []);
                let code = code(*w, perturbed - noise);
                if code == ESCAPE {
                    let Some(escape) = self.escapes.get_mut(self.next) else {
                        *word = codes;
                        self.perturbed = at / CODES * CODES + shift / 2;
                        return;
                    };
                    *escape = w.to_bits();
                    self.next += 1;
                }
                codes |= code << shift;
                shift += 2;
                *w = perturbed;
            }
            *word = codes;
            at += w.len();
            self.perturbed = at;
        }
    }

    /// Restores weights from `at` on, as far as they are perturbed.
    #[inline(always)]
    fn restore(&mut self, mut at: usize, scale: f32, noise: &[f32], w: &mut [f32]) {
        let count = w.len().min(self.perturbed.saturating_sub(at));
        for (w, noise) in words(at, w.get_mut(..count).unwrap_or_default(), noise) {
            let Some(word) = self.codes.get(at / CODES) else { return };
            let mut codes = *word >> (2 * (at % CODES));
            for (w, noise) in w.iter_mut().zip(noise) {
                let code = codes & ESCAPE;
                codes >>= 2;
                let mut bits = (*w - scale * *noise).to_bits().wrapping_add(code).wrapping_sub(1);
                if code == ESCAPE
                    && let Some(escape) = self.escapes.get(self.next)
                {
                    bits = *escape;
                    self.next += 1;
                }
                *w = f32::from_bits(bits);
            }
            at += w.len();
        }
    }
}

/// Weights from `at` on with their noise, as many at a time as have their codes in one word.
#[inline(always)]
fn words<'a>(
    mut at: usize,
    mut w: &'a mut [f32],
    mut noise: &'a [f32],
) -> impl Iterator<Item = (&'a mut [f32], &'a [f32])> {
    core::iter::from_fn(move || {
        let count = (CODES - at % CODES).min(w.len()).min(noise.len());
        let (first, rest) = core::mem::take(&mut w).split_at_mut_checked(count)?;
        let (z, others) = noise.split_at_checked(count)?;
        (w, noise) = (rest, others);
        at += count;
        (count > 0).then_some((first, z))
    })
}

/// How `w` comes back as `back`: one more than the units in the last place between them, or an escape.
#[inline(always)]
fn code(w: f32, back: f32) -> u32 {
    // The bits of a NaN need not be the same the next time.
    if back.is_nan() { ESCAPE } else { w.to_bits().wrapping_sub(back.to_bits()).wrapping_add(1).min(ESCAPE) }
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
        parts.next = 0;
        if way == Way::Perturb {
            parts.perturbed = 0;
        }
    }
    runs(&kernel, groups, values, range, |scale, noise, run| {
        let (at, w) = (run.start, w.get_mut(run).unwrap_or_default());
        match way {
            Way::Perturb => parts.perturb::<K>(at, scale, noise, w),
            Way::Restore => parts.restore(at, scale, noise, w),
        }
    });
    parts.close();
}

/// Refuses a residual that had no room for all of `n` weights. Those that it had room for are perturbed: restore them.
pub(crate) fn verdict(way: Way, residual: &mut [f32], n: usize) -> Result<(), Error> {
    if way == Way::Restore {
        return Ok(());
    }
    require(residual.len(), n)?;
    match Parts::of(residual, n) {
        Some(parts) if parts.perturbed != n => Err(Error::Escapes { room: parts.escapes.len() }),
        _ => Ok(()),
    }
}
