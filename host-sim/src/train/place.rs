//! Where a training run takes place: what the one loop needs of a CPU or of a GPU.

use super::Error;
use crate::compose::Failure;
use crate::model::{Lesson, Model, Workspace};
use flatmin::backend::{Backend, Isa};
use std::borrow::{BorrowMut, Cow};

/// Who trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The CPU, with the instructions that it has.
    #[default]
    Cpu,
    /// The CPU with the cheap noise of [`Approx`](flatmin::backend::Approx): what a core without an FPU may run, and not
    /// the bits of the others where noise is drawn.
    CpuWithCheapNoise,
    /// A GPU. Order, noise and initial weights are those of a CPU; where the driver keeps IEEE arithmetic, so is the
    /// result.
    Gpu,
}

/// A backend with vectors of its own, and a model and lessons that it can take gradients of.
pub(crate) trait Place {
    /// Runs the method.
    type Backend: Backend + 'static;
    /// Holds weights, gradient and state.
    type Vector: BorrowMut<<Self::Backend as Backend>::Vector> + 'static;

    /// A handle of the backend.
    fn backend(&self) -> Self::Backend;

    /// A vector of these values.
    fn upload(&self, values: &[f32]) -> Result<Self::Vector, Error>;

    /// Its values, for which the host waits.
    fn read<'a>(&self, v: &'a <Self::Backend as Backend>::Vector) -> Result<Cow<'a, [f32]>, Error>;

    /// The mean loss of the lessons at `samples`; their mean gradient is written to `g`, or added.
    fn gradient(
        &mut self,
        samples: &[usize],
        w: &<Self::Backend as Backend>::Vector,
        g: &mut <Self::Backend as Backend>::Vector,
        accumulate: bool,
    ) -> Result<<Self::Backend as Backend>::Scalar, Failure>;

    /// A step is recorded.
    fn hand_over(&self) {}

    /// Why the method refused.
    fn why(&self, error: flatmin::Error) -> Error {
        error.into()
    }
}

/// This CPU.
pub(super) struct OnCpu<'a, B> {
    b: B,
    workspace: Workspace<'a>,
    lessons: &'a [Lesson<'a>],
}

impl<'a, B> OnCpu<'a, B> {
    pub(super) fn new(b: B, model: &'static dyn Model, frozen: &'a [f32], lessons: &'a [Lesson<'a>]) -> Self {
        Self { b, workspace: Workspace::new(model, frozen), lessons }
    }
}

impl<B: Isa + 'static> Place for OnCpu<'_, B> {
    type Backend = B;
    type Vector = Vec<f32>;

    fn backend(&self) -> B {
        self.b
    }

    fn upload(&self, values: &[f32]) -> Result<Vec<f32>, Error> {
        Ok(values.to_vec())
    }

    fn read<'a>(&self, v: &'a [f32]) -> Result<Cow<'a, [f32]>, Error> {
        Ok(Cow::Borrowed(v))
    }

    fn gradient(
        &mut self,
        samples: &[usize],
        w: &[f32],
        g: &mut [f32],
        accumulate: bool,
    ) -> Result<f32, Failure> {
        if !accumulate {
            g.fill(0.0);
        }
        Ok(self.workspace.gradient(samples.iter().map(|&i| self.lessons[i]), w, g)?)
    }
}
