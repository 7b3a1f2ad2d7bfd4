//! A training run on the GPU: lessons and weights stay there, and a step is one submission.

use super::{Error, open};
use crate::compose::Failure;
use crate::model::{Example, Lesson, Model, answer};
use crate::train::{self, Place};
use flatmin_gpu::nn::{Data, Network, Sample};
use flatmin_gpu::{Gpu, Scalar, Vector};
use std::borrow::Cow;

/// A model with its lessons on the device.
pub(crate) struct OnGpu {
    gpu: Gpu,
    network: Network,
    data: Data,
    frozen: Vector,
}

impl OnGpu {
    /// Uploads `lessons`, for mini-batches of at most `batch`.
    pub(crate) fn new(
        model: &'static dyn Model,
        frozen: &[f32],
        lessons: &[Lesson<'_>],
        batch: usize,
    ) -> Result<Self, Error> {
        let gpu = open()?.lane(1)?;
        let network = Network::new(&gpu, &model.layers(), batch)?;
        let samples = lessons.iter().map(|&Lesson { x, target, weight }| Sample { x, target, weight });
        let (data, frozen) = (network.data(samples)?, gpu.upload(frozen)?);
        Ok(Self { gpu, network, data, frozen })
    }
}

impl Place for OnGpu {
    type Backend = Gpu;
    type Vector = Vector;

    fn backend(&self) -> Gpu {
        self.gpu.clone()
    }

    fn upload(&self, values: &[f32]) -> Result<Vector, train::Error> {
        Ok(self.gpu.upload(values).map_err(Error::from)?)
    }

    fn read<'a>(&self, v: &'a Vector) -> Result<Cow<'a, [f32]>, train::Error> {
        Ok(Cow::Owned(self.gpu.download(v).map_err(Error::from)?))
    }

    fn gradient(
        &mut self,
        samples: &[usize],
        w: &Vector,
        g: &mut Vector,
        accumulate: bool,
    ) -> Result<Scalar, Failure> {
        let samples: Vec<u32> = samples.iter().map(|&i| i as u32).collect();
        Ok(self.network.gradient(&self.data, &samples, w, &self.frozen, g, accumulate)?)
    }

    fn hand_over(&self) {
        self.gpu.submit();
    }

    /// What the device says is more than that it failed.
    fn why(&self, error: flatmin::Error) -> train::Error {
        match self.gpu.status() {
            Err(device) if error == flatmin::Error::Device => Error::from(device).into(),
            _ => error.into(),
        }
    }
}

/// Samples that are classified at once.
const BATCH: usize = 256;

/// The share of examples that are classified as labelled, in [0, 1]; 0 of none.
pub(crate) fn accuracy(model: &'static dyn Model, examples: &[Example<'_>], w: &[f32]) -> Result<f64, Error> {
    let lessons: Vec<_> = examples.iter().map(|&example| example.into()).collect();
    let OnGpu { gpu, network, data, frozen } = OnGpu::new(model, &[], &lessons, BATCH)?;
    let w = gpu.upload(w)?;
    let mut right = 0_usize;
    for batch in (0..examples.len() as u32).collect::<Vec<_>>().chunks(BATCH) {
        let logits = network.logits(&data, batch, &w, &frozen)?;
        let answers = logits.chunks(model.classes()).map(answer);
        right += answers.zip(batch).filter(|&(class, &i)| class == examples[i as usize].label).count();
    }
    Ok(right as f64 / examples.len().max(1) as f64)
}
