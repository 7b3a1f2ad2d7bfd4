//! A whole training step of a network: SAM over momentum, two gradients of a mini-batch and the update.

use super::best_of;
use crate::fmnist::Net;
use crate::model::{Lesson, Model, Workspace, initial};
use flatmin::backend::{Backend, Cpu};
use flatmin::drive;
use flatmin::method::{Clock, Request};
use flatmin::methods::Sam;
use flatmin::nn::Target;
use flatmin::optimizers::Sgd;
use flatmin_gpu::nn::{Network, Sample};
use flatmin_gpu::{Error, Gpu};
use serde::Serialize;
use std::borrow::BorrowMut;
use std::time::Instant;

/// What a step costs.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The network.
    pub name: &'static str,
    /// Its weights.
    pub weights: usize,
    /// Samples of the mini-batch.
    pub batch: usize,
    /// Milliseconds of a step on the GPU.
    pub gpu_ms: f64,
    /// 1e9 multiply-adds a second on the GPU, those of both gradients.
    pub gpu_gmac_per_second: f64,
    /// Milliseconds of the same step on one core of this CPU.
    pub cpu_ms: f64,
}

/// Both networks for Fashion-MNIST, with mini-batches of `batch`.
pub(super) fn steps(gpu: &Gpu, batch: usize) -> Result<Vec<Step>, Error> {
    [Net::Cnn, Net::Mlp].into_iter().map(|net| step(gpu, net.model(), batch)).collect()
}

fn step(gpu: &Gpu, model: &'static dyn Model, batch: usize) -> Result<Step, Error> {
    let w = initial(model, 1);
    // Any numbers cost the same.
    let x: Vec<f32> = (0..batch * model.inputs()).map(|i| (i * 31 % 17) as f32 / 16.0 - 0.5).collect();
    let lessons: Vec<Lesson<'_>> = x
        .chunks(model.inputs())
        .enumerate()
        .map(|(i, x)| Lesson { x, target: Target::Class(i % model.classes()), weight: 1.0 })
        .collect();
    let gpu_seconds = on_gpu(gpu, model, &w, &lessons)?;
    let multiply_adds = 2.0 * batch as f64 * model.macs() as f64;
    Ok(Step {
        name: model.name(),
        weights: w.len(),
        batch,
        gpu_ms: 1e3 * gpu_seconds,
        gpu_gmac_per_second: multiply_adds / gpu_seconds / 1e9,
        cpu_ms: 1e3 * on_cpu(model, &w, &lessons),
    })
}

/// One step, whoever takes the gradient.
fn sam<B: Backend, V: BorrowMut<B::Vector>, E: std::fmt::Debug>(
    b: &mut B,
    method: &mut Sam<Sgd<flatmin::optimizers::Momentum<V>>, V>,
    [w, g]: [&mut V; 2],
    objective: impl FnMut(&B::Vector, &mut B::Vector, Request) -> Result<B::Scalar, E>,
) {
    let clock = Clock { step: 0, total: 1, lr: 1e-6 };
    // A step that fails is shorter; what the device says is asked for afterwards.
    let _ = drive::step(method, b, w.borrow_mut(), g.borrow_mut(), &clock, objective);
}

fn on_gpu(gpu: &Gpu, model: &dyn Model, w: &[f32], lessons: &[Lesson<'_>]) -> Result<f64, Error> {
    let net = Network::new(gpu, &model.layers(), lessons.len())?;
    let data = net.data(lessons.iter().map(|&Lesson { x, target, weight }| Sample { x, target, weight }))?;
    let chosen: Vec<u32> = (0..lessons.len() as u32).collect();
    let zeros = || gpu.zeros(w.len());
    let (mut w, mut g, frozen) = (gpu.upload(w)?, zeros()?, gpu.zeros(0)?);
    let mut method = Sam::new(Sgd::new().momentum(0.9, zeros()?), zeros()?);
    let mut b = gpu.clone();
    best_of(|| {
        sam(&mut b, &mut method, [&mut w, &mut g], |w, g, request| {
            net.gradient(&data, &chosen, w, &frozen, g, request.accumulate)
        });
        gpu.wait()
    })
}

fn on_cpu(model: &'static dyn Model, w: &[f32], lessons: &[Lesson<'_>]) -> f64 {
    let mut workspace = Workspace::new(model, &[]);
    let zeros = vec![0.0; w.len()];
    let (mut w, mut g, mut cpu) = (w.to_vec(), zeros.clone(), Cpu::detect());
    let mut method = Sam::new(Sgd::new().momentum(0.9, zeros.clone()), zeros);
    let began = Instant::now();
    sam(&mut cpu, &mut method, [&mut w, &mut g], |w, g, _| {
        g.fill(0.0);
        workspace.gradient(lessons.iter().copied(), w, g)
    });
    began.elapsed().as_secs_f64()
}
