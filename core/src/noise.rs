//! Where weight noise comes from: a seed, or a recorded sequence.

use crate::backend::Backend;
use crate::error::Error;
use crate::kernels::{Perturb, Reperturb};
use crate::layout::Groups;
use crate::residual::Way;
use crate::rng::{Key, Seed, Stream};

/// Which noise is wanted, and how strong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Noise per unit of a filter's norm (or root mean square).
    pub gamma: f32,
    /// Whether filters are measured by their root mean square.
    pub rms: bool,
    /// Step of the run.
    pub step: u32,
    /// Part of the step.
    pub part: u32,
}

/// Perturbs weights by noise with one scale a filter. The same draw gives the same noise however often it is asked for.
pub trait Noise<B: Backend> {
    /// `saved = w; w += noise`. `sq_norms` holds one squared norm a slot of `groups`.
    fn perturb(
        &mut self,
        b: &mut B,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        saved: &mut B::Vector,
    );

    /// `w = saved + noise`.
    fn reperturb(
        &mut self,
        b: &mut B,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        saved: &B::Vector,
    );

    /// `w += noise`, or back to what `w` was before, by what stands in a [residual](crate::residual).
    ///
    /// # Errors
    /// [`Error::NoResidual`] if it cannot be asked for noise again, or the backend has no such kernel; nothing was done.
    /// [`Error::Escapes`] if not all weights could be perturbed; those that were can be restored.
    #[expect(clippy::too_many_arguments, reason = "those of the other two, and the way")]
    fn residual(
        &mut self,
        b: &mut B,
        way: Way,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        residual: &mut B::Vector,
    ) -> Result<(), Error> {
        let _ = (b, way, draw, groups, sq_norms, w, residual);
        Err(Error::NoResidual)
    }
}

fn perturb(seed: Seed, draw: Draw) -> Perturb {
    let key = Key::new(seed.0, Stream::Perturbation, draw.step).part(draw.part);
    Perturb { gamma: draw.gamma, rms: draw.rms.into(), key }
}

/// Gaussian noise, generated where it is used.
impl<B: Backend> Noise<B> for Seed {
    fn perturb(
        &mut self,
        b: &mut B,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        saved: &mut B::Vector,
    ) {
        b.fill(perturb(*self, draw), groups, sq_norms, [w, saved], []);
    }

    fn reperturb(
        &mut self,
        b: &mut B,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        saved: &B::Vector,
    ) {
        let Perturb { gamma, rms, key } = perturb(*self, draw);
        b.fill(Reperturb { gamma, rms, key }, groups, sq_norms, [w], [saved]);
    }

    fn residual(
        &mut self,
        b: &mut B,
        way: Way,
        draw: Draw,
        groups: Groups<'_>,
        sq_norms: &B::Vector,
        w: &mut B::Vector,
        residual: &mut B::Vector,
    ) -> Result<(), Error> {
        b.residual(way, perturb(*self, draw), groups, sq_norms, w, residual)
    }
}
