//! How a method gets from weights that it perturbed by noise back to the clean ones: the choice is a type.

use crate::backend::Backend;
use crate::error::{Error, require_len};
use crate::kernels::Copy;
use crate::layout::Groups;
use crate::noise::{Draw, Noise};
use crate::residual::{self, Way};
use crate::state::Cost;

/// Noise, its scales and its layout: what one perturbation is made of.
#[derive(Debug)]
pub struct Field<'a, B: Backend, N> {
    /// Where it comes from.
    pub noise: &'a mut N,
    /// The layout.
    pub groups: Groups<'a>,
    /// One squared norm a slot of the layout.
    pub sq_norms: &'a B::Vector,
}

/// Keeps what it takes to restore perturbed weights in one vector, `kept`.
///
/// All answers are the same bits: what one of them trains is what another does, and reads its checkpoints.
pub trait Restore<B: Backend, N: Noise<B>> {
    /// Memory for `kept`.
    const COST: Cost;

    /// Refuses a vector that is too short for `n` weights.
    fn ready(b: &B, n: usize, kept: &B::Vector) -> Result<(), Error>;

    /// Perturbs clean weights by `draw`, or those that are perturbed by `was` in its place. After an error
    /// [`undo`](Self::undo) `draw`: not all weights need be clean.
    fn perturb(
        b: &mut B,
        field: Field<'_, B, N>,
        was: Option<Draw>,
        draw: Draw,
        w: &mut B::Vector,
        kept: &mut B::Vector,
    ) -> Result<(), Error>;

    /// Restores weights perturbed by `draw`.
    fn undo(b: &mut B, field: Field<'_, B, N>, draw: Draw, w: &mut B::Vector, kept: &mut B::Vector);

    /// The clean weights while others are perturbed, if they lie anywhere.
    fn copy(kept: &B::Vector) -> Option<&B::Vector>;
}

/// A copy of the weights: one vector, and no time.
#[derive(Clone, Copy, Debug)]
pub struct Backup;

impl<B: Backend, N: Noise<B>> Restore<B, N> for Backup {
    const COST: Cost = Cost { vectors: 1, ..Cost::NONE };

    fn ready(b: &B, n: usize, kept: &B::Vector) -> Result<(), Error> {
        require_len("saved weights", b.len(kept), n)
    }

    fn perturb(
        b: &mut B,
        Field { noise, groups, sq_norms }: Field<'_, B, N>,
        was: Option<Draw>,
        draw: Draw,
        w: &mut B::Vector,
        kept: &mut B::Vector,
    ) -> Result<(), Error> {
        match was {
            None => noise.perturb(b, draw, groups, sq_norms, w, kept),
            Some(_) => noise.reperturb(b, draw, groups, sq_norms, w, kept),
        }
        Ok(())
    }

    fn undo(b: &mut B, _: Field<'_, B, N>, _: Draw, w: &mut B::Vector, kept: &mut B::Vector) {
        b.map(Copy {}, [], [w], [kept]);
    }

    fn copy(kept: &B::Vector) -> Option<&B::Vector> {
        Some(kept)
    }
}

/// A [residual]: an eighth of a copy, for the time of drawing every noise twice.
#[derive(Clone, Copy, Debug)]
pub struct Residual;

impl<B: Backend, N: Noise<B>> Restore<B, N> for Residual {
    const COST: Cost = Cost { residuals: 1, ..Cost::NONE };

    fn ready(b: &B, n: usize, kept: &B::Vector) -> Result<(), Error> {
        residual::require(b.len(kept), n)
    }

    fn perturb(
        b: &mut B,
        Field { noise, groups, sq_norms }: Field<'_, B, N>,
        was: Option<Draw>,
        draw: Draw,
        w: &mut B::Vector,
        kept: &mut B::Vector,
    ) -> Result<(), Error> {
        if let Some(was) = was {
            noise.residual(b, Way::Restore, was, groups, sq_norms, w, kept)?;
        }
        noise.residual(b, Way::Perturb, draw, groups, sq_norms, w, kept)
    }

    fn undo(
        b: &mut B,
        Field { noise, groups, sq_norms }: Field<'_, B, N>,
        draw: Draw,
        w: &mut B::Vector,
        kept: &mut B::Vector,
    ) {
        // A backend that refuses has perturbed nothing.
        let _ = noise.residual(b, Way::Restore, draw, groups, sq_norms, w, kept);
    }

    fn copy(_: &B::Vector) -> Option<&B::Vector> {
        None
    }
}
