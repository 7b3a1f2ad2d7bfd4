//! A GPU that may leave the first kernels of the registry to the CPU: to find the one that differs.

use super::{Hold, KERNELS};
use flatmin::backend::{Backend, Portable};
use flatmin::error::{Error, Quantity};
use flatmin::kernel::{Fill, Map, Reduce, Update};
use flatmin::layout::Groups;
use flatmin::loops::{FillLoop, MapLoop, UpdateLoop};
use flatmin::reduce::{Arity, Rows};
use flatmin_gpu::{Gpu, Scalar, Vector};

/// Kernels from `from` on run on the GPU, those before it on the CPU over copies.
#[derive(Debug)]
pub struct Split {
    gpu: Gpu,
    from: usize,
}

impl Split {
    /// Everything runs on the GPU.
    pub fn none(gpu: Gpu) -> Self {
        Self { gpu, from: 0 }
    }

    /// Splits at a kernel of the registry.
    pub fn new(gpu: Gpu, from: &str) -> Self {
        Self { gpu, from: KERNELS.iter().position(|name| *name == from).unwrap_or(0) }
    }

    fn is_on_gpu(&self, name: &str) -> bool {
        KERNELS.iter().position(|known| *known == name).is_none_or(|at| at >= self.from)
    }

    fn copies<const K: usize>(&mut self, vectors: [&Vector; K]) -> [Vec<f32>; K] {
        vectors.map(|v| self.show(v))
    }
}

fn slices<const K: usize>(vectors: &[Vec<f32>; K]) -> [&[f32]; K] {
    vectors.each_ref().map(|v| &v[..])
}

impl Backend for Split {
    type Vector = Vector;
    type Scalar = Scalar;

    fn len(&self, v: &Vector) -> usize {
        self.gpu.len(v)
    }

    fn map<K, const S: usize, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        scalars: [&Scalar; S],
        out: [&mut Vector; O],
        ins: [&Vector; I],
    ) where
        K: Map<S, O, I>,
        Arity: MapLoop<O, I>,
    {
        if self.is_on_gpu(K::NAME) {
            return self.gpu.map(kernel, scalars, out, ins);
        }
        let scalars = scalars.map(|scalar| self.gpu.read(scalar));
        let mut copies = self.copies(out.each_ref().map(|v| &**v));
        let ins = self.copies(ins);
        Portable.map(kernel, scalars.each_ref(), copies.each_mut().map(|v| &mut v[..]), slices(&ins));
        out.into_iter().zip(&copies).for_each(|(to, copy)| self.refill(to, copy));
    }

    fn reduce<K, const I: usize>(&mut self, kernel: K, ins: [&Vector; I]) -> Scalar
    where
        K: Reduce<I>,
        Arity: Rows<I>,
    {
        if self.is_on_gpu(K::NAME) {
            return self.gpu.reduce(kernel, ins);
        }
        let sum = Portable.reduce(kernel, slices(&self.copies(ins)));
        self.gpu.scalar(sum)
    }

    fn reduce_groups<K: Reduce<1>>(&mut self, kernel: K, groups: Groups<'_>, x: &Vector, out: &mut Vector) {
        if self.is_on_gpu(K::NAME) {
            return self.gpu.reduce_groups(kernel, groups, x, out);
        }
        let [x, mut values] = self.copies([x, out]);
        Portable.reduce_groups(kernel, groups, &x, &mut values);
        self.refill(out, &values);
    }

    fn update<K, const ST: usize>(
        &mut self,
        kernel: K,
        w: &mut Vector,
        saved: Option<&Vector>,
        g: &Vector,
        state: [&mut Vector; ST],
    ) where
        K: Update<ST>,
        Arity: UpdateLoop<ST>,
    {
        if self.is_on_gpu(K::NAME) {
            return self.gpu.update(kernel, w, saved, g, state);
        }
        let [mut new, g] = self.copies([w, g]);
        let saved = saved.map(|v| self.show(v));
        let mut copies = self.copies(state.each_ref().map(|v| &**v));
        Portable.update(kernel, &mut new, saved.as_deref(), &g, copies.each_mut().map(|v| &mut v[..]));
        self.refill(w, &new);
        state.into_iter().zip(&copies).for_each(|(to, copy)| self.refill(to, copy));
    }

    fn fill<K, const O: usize, const I: usize>(
        &mut self,
        kernel: K,
        groups: Groups<'_>,
        values: &Vector,
        out: [&mut Vector; O],
        ins: [&Vector; I],
    ) where
        K: Fill<O, I>,
        Arity: FillLoop<O, I>,
    {
        if self.is_on_gpu(K::NAME) {
            return self.gpu.fill(kernel, groups, values, out, ins);
        }
        let values = self.show(values);
        let mut copies = self.copies(out.each_ref().map(|v| &**v));
        let ins = self.copies(ins);
        Portable.fill(kernel, groups, &values, copies.each_mut().map(|v| &mut v[..]), slices(&ins));
        out.into_iter().zip(&copies).for_each(|(to, copy)| self.refill(to, copy));
    }

    fn open(&mut self) {
        self.gpu.open();
    }

    fn check(&mut self, value: &Scalar, what: Quantity) -> Result<(), Error> {
        self.gpu.check(value, what)
    }

    fn refused(&mut self) -> u32 {
        self.gpu.refused()
    }

    fn read(&mut self, value: &Scalar) -> f32 {
        self.gpu.read(value)
    }
}

/// Where the device fails, so does the comparison: it sees NaN.
impl Hold for Split {
    type Own = Vector;

    fn hold(&mut self, values: &[f32]) -> Vector {
        self.gpu.upload(values).expect("memory for a test vector")
    }

    fn refill(&mut self, v: &mut Vector, values: &[f32]) {
        // A failure stays with the device, and whatever is shown next is NaN.
        let _ = self.gpu.write(v, values);
    }

    fn show(&mut self, v: &Vector) -> Vec<f32> {
        self.gpu.download(v).unwrap_or_else(|_| vec![f32::NAN; v.len()])
    }

    fn scalar(&mut self, value: f32) -> Scalar {
        self.gpu.scalar(value)
    }
}
