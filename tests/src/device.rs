//! A backend that behaves like a GPU: opaque vectors, scalars in slots, verdicts that come late, and counters.
//!
//! It computes at once, but hides the values: whoever wants one must [`read`](Backend::read), and that is counted.

use flatmin::backend::{Backend, Portable};
use flatmin::error::{Error, Quantity};
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::kernels::Perturb;
use flatmin::layout::Groups;
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use flatmin::residual::Way;

/// A vector on the device.
#[derive(Clone, Debug)]
pub struct Buffer(Vec<f32>);

impl Buffer {
    /// A vector of zeros.
    pub fn zeros(n: usize) -> Self {
        Self(vec![0.0; n])
    }
}

/// A scalar on the device.
#[derive(Clone, Copy, Debug)]
pub struct Slot(usize);

/// The device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Whether it can restore weights from a residual, as a GPU cannot.
    residuals: bool,
    scalars: Vec<f32>,
    /// A check of this step failed: updates keep the old weights and the old state.
    poisoned: bool,
    /// Updates that were refused since the host last asked.
    refused: u32,
    /// Values that the host waited for.
    pub reads: usize,
    /// Kernels that were submitted.
    pub kernels: usize,
}

impl Default for Device {
    fn default() -> Self {
        Self { residuals: true, scalars: Vec::new(), poisoned: false, refused: 0, reads: 0, kernels: 0 }
    }
}

impl Device {
    /// A device that cannot restore weights from a residual.
    pub fn without_residuals() -> Self {
        Self { residuals: false, ..Self::default() }
    }

    /// Copies a vector to the device.
    pub fn upload(&mut self, to: &mut Buffer, from: &[f32]) {
        to.0.copy_from_slice(from);
    }

    /// Copies a vector to the host.
    pub fn download(&self, from: &Buffer) -> Vec<f32> {
        from.0.clone()
    }

    /// Puts a scalar on the device.
    pub fn scalar(&mut self, value: f32) -> Slot {
        self.scalars.push(value);
        Slot(self.scalars.len() - 1)
    }

    /// Whether every check of the step under way held; waits, like a read.
    pub fn status(&mut self) -> bool {
        self.reads += 1;
        !self.poisoned
    }
}

impl Backend for Device {
    type Vector = Buffer;
    type Scalar = Slot;

    fn len(&self, v: &Buffer) -> usize {
        v.0.len()
    }

    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&Slot; S],
        out: [&mut Buffer; O],
        ins: [&Buffer; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>,
    {
        self.kernels += 1;
        let scalars = scalars.map(|slot| self.scalars[slot.0]);
        Portable.map(kernel, scalars.each_ref(), out.map(|v| &mut v.0[..]), ins.map(|v| &v.0[..]));
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&Buffer; I]) -> Slot
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        self.kernels += 1;
        let value = Portable.reduce(kernel, ins.map(|v| &v.0[..]));
        self.scalar(value)
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &Buffer, out: &mut Buffer) {
        self.kernels += 1;
        Portable.reduce_groups(kernel, groups, &x.0, &mut out.0);
    }

    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut Buffer,
        saved: Option<&Buffer>,
        g: &Buffer,
        state: [&mut Buffer; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>,
    {
        self.kernels += 1;
        if !self.poisoned {
            let kernel = kernel.forget(self.refused);
            Portable.update(kernel, &mut w.0, saved.map(|v| &v.0[..]), &g.0, state.map(|v| &mut v.0[..]));
            return;
        }
        self.refused += 1;
        if let Some(saved) = saved {
            w.0.copy_from_slice(&saved.0);
        }
    }

    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &Buffer,
        out: [&mut Buffer; O],
        ins: [&Buffer; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>,
    {
        self.kernels += 1;
        Portable.fill(kernel, groups, &values.0, out.map(|v| &mut v.0[..]), ins.map(|v| &v.0[..]));
    }

    fn residual(
        &mut self,
        way: Way,
        kernel: Perturb,
        groups: Groups<'_>,
        values: &Buffer,
        w: &mut Buffer,
        residual: &mut Buffer,
    ) -> Result<(), Error> {
        if !self.residuals {
            return Err(Error::NoResidual);
        }
        self.kernels += 1;
        Portable.residual(way, kernel, groups, &values.0, &mut w.0, &mut residual.0)
    }

    fn open(&mut self) {
        self.poisoned = false;
        self.scalars.clear();
    }

    fn check(&mut self, value: &Slot, _: Quantity) -> Result<(), Error> {
        self.poisoned |= !self.scalars[value.0].is_finite();
        Ok(())
    }

    fn refused(&mut self) -> u32 {
        self.reads += 1;
        std::mem::take(&mut self.refused)
    }

    fn read(&mut self, value: &Slot) -> f32 {
        self.reads += 1;
        self.scalars[value.0]
    }
}
