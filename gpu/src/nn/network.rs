//! A network on a device: forward pass, loss and backward pass, recorded.

use super::data::{Data, Sample, target_words};
use super::describe::Layer;
use super::plan::{Dispatch, Kind, Plan, Shape, Step, Tensor};
use super::sources::{Stage, THREADS};
use crate::error::Error;
use crate::gpu::Gpu;
use crate::lane::{Bind, Lane};
use crate::vector::{Scalar, Value, Vector, padded};
use flatmin::nn::Activation;

/// A network with room for mini-batches, for the vectors of one [`Gpu`] handle.
///
/// Parameters lie as in `core`: [`split`](flatmin::nn::split) cuts them into the vector that trains and the frozen one. With
/// replicas, each has its own weights, and its own samples of the same [`Data`].
///
/// Cost on the device: activations of a mini-batch, which gradients overwrite.
#[derive(Debug)]
pub struct Network {
    gpu: Gpu,
    plan: Plan,
    capacity: usize,
    /// The mini-batch.
    x: wgpu::Buffer,
    targets: wgpu::Buffer,
    /// The output of every step.
    outputs: Vec<wgpu::Buffer>,
    losses: wgpu::Buffer,
}

/// The parameters of an evaluation.
#[derive(Clone, Copy)]
struct Params<'a> {
    w: &'a Vector,
    frozen: &'a Vector,
}

impl<'a> Params<'a> {
    fn of(self, tensor: Tensor) -> &'a Vector {
        if tensor.trains { self.w } else { self.frozen }
    }
}

impl Network {
    /// Buffers for `layers` and mini-batches of at most `capacity` samples.
    ///
    /// # Errors
    /// When the layers do not fit each other, memory is used up, or a buffer is larger than a binding of the device.
    pub fn new(gpu: &Gpu, layers: &[Layer], capacity: usize) -> Result<Self, Error> {
        let (plan, capacity) = (Plan::new(layers)?, capacity.max(1));
        let lane = gpu.lock();
        let floats = |n: usize| buffer(&lane, n * capacity * lane.replicas as usize);
        let outputs = plan.steps.iter().map(|step| floats(step.shape.outputs())).collect::<Result<_, _>>()?;
        let (x, targets, losses) =
            (floats(plan.inputs())?, floats(target_words(plan.classes()))?, floats(1)?);
        for n in [plan.trainable, plan.frozen] {
            within_a_binding(&lane, 4 * padded(n) as u64 * u64::from(lane.replicas))?;
        }
        drop(lane);
        Ok(Self { gpu: gpu.clone(), plan, capacity, x, targets, outputs, losses })
    }

    /// Floats of an input.
    pub fn inputs(&self) -> usize {
        self.plan.inputs()
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.plan.classes()
    }

    /// Floats of the vector that trains.
    pub fn trainable(&self) -> usize {
        self.plan.trainable
    }

    /// Floats of the vector that does not.
    pub fn frozen(&self) -> usize {
        self.plan.frozen
    }

    /// Samples to train on or to classify.
    ///
    /// # Errors
    /// When a sample does not fit the network, or memory is used up.
    pub fn data<'a>(&self, samples: impl IntoIterator<Item = Sample<'a>>) -> Result<Data, Error> {
        Data::new(&self.gpu, [self.inputs(), self.classes()], samples)
    }

    /// The mean loss of the samples with these numbers, as a scalar of the device; writes the gradient of that mean to `g`,
    /// or adds it. Recorded, not submitted; nothing waits. With replicas, `samples` are those of each, one replica after another.
    ///
    /// # Errors
    /// When samples or vectors do not fit, or the device has failed.
    pub fn gradient(
        &self,
        data: &Data,
        samples: &[u32],
        w: &Vector,
        frozen: &Vector,
        g: &mut Vector,
        accumulate: bool,
    ) -> Result<Scalar, Error> {
        let n = self.check(data, samples, [w, frozen])?;
        self.expect("gradient", g.len, self.plan.trainable)?;
        let params = Params { w, frozen };
        let mut lane = self.gpu.lock();
        self.gather(&mut lane, data, samples, n)?;
        self.forward(&mut lane, params, n)?;
        let loss = self.loss(&mut lane, n)?;
        self.backward(&mut lane, params, g, n, accumulate)?;
        lane.runtime.fault.get().map_or(Ok(loss), Err)
    }

    /// The logits of the samples with these numbers, one sample after another. Waits.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn logits(
        &self,
        data: &Data,
        samples: &[u32],
        w: &Vector,
        frozen: &Vector,
    ) -> Result<Vec<f32>, Error> {
        let n = self.check(data, samples, [w, frozen])?;
        let mut lane = self.gpu.lock();
        self.gather(&mut lane, data, samples, n)?;
        self.forward(&mut lane, Params { w, frozen }, n)?;
        let Some(z) = self.outputs.last() else { return Ok(Vec::new()) };
        let bytes = lane.fetch(z, 0, z.size())?;
        let all: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
        let replicas = all.chunks(self.capacity * self.classes()).take(lane.active as usize);
        Ok(replicas.flat_map(|z| &z[..n * self.classes()]).copied().collect())
    }

    fn expect(&self, what: &str, found: usize, expected: usize) -> Result<(), Error> {
        let why = || format!("the {what} has {found} floats, {expected} are needed");
        if found == expected { Ok(()) } else { Err(Error::Network(why())) }
    }

    /// Refuses what does not fit; returns the samples a replica.
    fn check(&self, data: &Data, samples: &[u32], [w, frozen]: [&Vector; 2]) -> Result<usize, Error> {
        self.expect("vector that trains", w.len, self.plan.trainable)?;
        self.expect("frozen vector", frozen.len, self.plan.frozen)?;
        let [inputs, classes] = data.shape;
        self.expect("sample", inputs, self.inputs())?;
        self.expect("teacher", classes, self.classes())?;
        let replicas = self.gpu.active() as usize;
        let n = samples.len() / replicas;
        let refuse = |why: String| Err(Error::Network(why));
        if n == 0 || n * replicas != samples.len() || n > self.capacity {
            let (found, most) = (samples.len(), self.capacity);
            return refuse(format!("{found} samples for {replicas} replicas; give each 1 to {most}"));
        }
        match samples.iter().find(|&&number| number as usize >= data.len) {
            Some(number) => refuse(format!("there is no sample {number}; the last one is {}", data.len - 1)),
            None => Ok(n),
        }
    }

    fn gather(&self, lane: &mut Lane, data: &Data, samples: &[u32], n: usize) -> Result<(), Error> {
        let inputs = self.inputs();
        for piece in &data.pieces {
            let shape = Shape {
                samples: n,
                input: [1, 1, inputs],
                weights: piece.first,
                output: [1, 1, piece.len],
                x_stride: self.capacity * data.shape[0],
                target_words: target_words(self.classes()),
                ..Shape::default()
            };
            let own = vec![
                whole(&piece.inputs, false),
                whole(&piece.targets, false),
                Bind::Words(samples.to_vec()),
                whole(&self.x, true),
                whole(&self.targets, true),
            ];
            let workgroups = (n * inputs).div_ceil(THREADS);
            run(lane, Dispatch { stage: Stage::Gather, shape, workgroups }, own)?;
        }
        Ok(())
    }

    /// The shape of a step for `n` samples and the vectors of an evaluation.
    fn shape(&self, step: &Step, params: Params<'_>, n: usize) -> Shape {
        let (mut weights_stride, mut bias_stride) = (0, 0);
        if let Kind::Linear { weights, bias } = step.kind {
            (weights_stride, bias_stride) = (params.of(weights).stride, params.of(bias).stride);
        }
        Shape {
            samples: n,
            weights_stride,
            bias_stride,
            x_stride: self.capacity * step.shape.inputs(),
            y_stride: self.capacity * step.shape.outputs(),
            ..step.shape
        }
    }

    /// The input of step number `k`.
    fn input(&self, k: usize) -> &wgpu::Buffer {
        k.checked_sub(1).map_or(&self.x, |below| &self.outputs[below])
    }

    fn forward(&self, lane: &mut Lane, params: Params<'_>, n: usize) -> Result<(), Error> {
        for (k, (step, y)) in self.plan.steps.iter().zip(&self.outputs).enumerate() {
            let mut own = Vec::new();
            if let Kind::Linear { weights, bias } = step.kind {
                own.extend([weights, bias].map(|tensor| vector(params.of(tensor), false)));
            }
            own.extend([whole(self.input(k), false), whole(y, true)]);
            run(lane, step.forward(self.shape(step, params, n)), own)?;
        }
        Ok(())
    }

    /// The mean loss; the logits become the gradients of it.
    fn loss(&self, lane: &mut Lane, n: usize) -> Result<Scalar, Error> {
        let Some(z) = self.outputs.last() else { return Ok(Scalar(Value::Host(0.0))) };
        let shape = Shape {
            samples: n,
            input: [1, 1, self.classes()],
            x_stride: self.capacity * self.classes(),
            y_stride: self.capacity,
            scale: 1.0 / n as f32,
            target_words: target_words(self.classes()),
            ..Shape::default()
        };
        let own = vec![whole(&self.targets, false), whole(&self.losses, true), whole(z, true)];
        run(lane, Dispatch { stage: Stage::Loss, shape, workgroups: n.div_ceil(THREADS) }, own)?;
        let slot = match lane.slot() {
            Some(slot) => slot,
            None => return Err(lane.runtime.fault.get().unwrap_or(Error::Refused("no scalar left".into()))),
        };
        let own = vec![whole(&self.losses, false), lane.slot_part(&slot, true)];
        run(lane, Dispatch { stage: Stage::MeanLoss, shape, workgroups: 1 }, own)?;
        Ok(Scalar(Value::Device(slot)))
    }

    fn backward(
        &self,
        lane: &mut Lane,
        params: Params<'_>,
        g: &Vector,
        n: usize,
        accumulate: bool,
    ) -> Result<(), Error> {
        for (k, (step, dy)) in self.plan.steps.iter().zip(&self.outputs).enumerate().rev() {
            let shape = self.shape(step, params, n);
            let of_g = Shape { weights_stride: g.stride, accumulate, ..shape };
            if let Some(gradient) = step.gradient(of_g) {
                let own = vec![whole(self.input(k), false), whole(dy, false), vector(g, true)];
                run(lane, gradient, own)?;
            }
            if !step.passes_down {
                break;
            }
            let mut own = Vec::new();
            if let Kind::Linear { weights, .. } = step.kind {
                own.push(vector(params.of(weights), false));
            }
            own.extend([whole(dy, false), whole(self.input(k), true)]);
            let below = k.checked_sub(1).map_or(Activation::Identity, |k| self.plan.steps[k].activation);
            run(lane, step.input_gradient(shape, below), own)?;
        }
        Ok(())
    }
}

fn run(lane: &mut Lane, dispatch: Dispatch, own: Vec<Bind>) -> Result<(), Error> {
    let pipeline = lane.runtime.stage(dispatch.stage)?;
    let shared = vec![Bind::Words(dispatch.shape.words())];
    lane.dispatch(dispatch.stage.name(), &pipeline, [own, shared], dispatch.workgroups);
    Ok(())
}

fn whole(buffer: &wgpu::Buffer, written: bool) -> Bind {
    Bind::Part(buffer.clone(), 0, buffer.size(), written)
}

fn vector(v: &Vector, written: bool) -> Bind {
    Bind::Part(v.buffer.clone(), v.offset, v.bytes(), written)
}

fn buffer(lane: &Lane, floats: usize) -> Result<wgpu::Buffer, Error> {
    let bytes = 4 * padded(floats).max(4) as u64;
    within_a_binding(lane, bytes)?;
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
    lane.runtime.buffer("activations of a mini-batch", bytes, usage)
}

fn within_a_binding(lane: &Lane, needed: u64) -> Result<(), Error> {
    let allowed = lane.runtime.limits.max_storage_buffer_binding_size;
    let advice = "use a smaller mini-batch or fewer replicas";
    let what = "bytes of a network's buffer";
    if needed <= allowed { Ok(()) } else { Err(Error::Limit { what, needed, allowed, advice }) }
}
