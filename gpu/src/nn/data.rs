//! Samples that stay on the device.

use crate::error::Error;
use crate::gpu::Gpu;
use flatmin::nn::{Loss, Target};

/// An input, what the answer to it is compared with, and how much it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The input.
    pub x: &'a [f32],
    /// What its logits are compared with.
    pub target: Target<'a>,
    /// The factor of its loss; 1 is usual.
    pub weight: f32,
}

impl<'a> Sample<'a> {
    /// An input of a class, with weight 1.
    pub const fn of_class(x: &'a [f32], class: usize) -> Self {
        Self { x, target: Target::Class(class), weight: 1.0 }
    }

    /// What shaders/nn/loss.wgsl reads: kind, class, q or temperature, weight, and a teacher's logits.
    fn words(&self, list: &mut Vec<u32>, len: usize) {
        let end = list.len() + len;
        let (kind, class, softness, logits) = match self.target {
            Target::Class(class) => (0, class, 1.0, &[][..]),
            Target::Doubtful { label, q } => (1, label, q, &[][..]),
            Target::Teacher { logits, temperature } => (2, 0, temperature, logits),
        };
        list.extend([kind, class as u32, softness.to_bits(), self.weight.to_bits()]);
        list.extend(logits.iter().map(|logit| logit.to_bits()));
        list.resize(end, 0);
    }
}

/// Words of what is known of a sample beside its input.
pub(super) const fn target_words(classes: usize) -> usize {
    4 + classes
}

/// Samples on the device; a mini-batch is then a list of their numbers.
#[derive(Debug)]
pub struct Data {
    pub(super) pieces: Vec<Piece>,
    pub(super) shape: [usize; 2],
    pub(super) len: usize,
}

/// As many samples as one binding reaches.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) inputs: wgpu::Buffer,
    pub(super) targets: wgpu::Buffer,
}

impl Data {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Uploads samples of so many inputs and classes.
    pub(super) fn new<'a>(
        gpu: &Gpu,
        shape: [usize; 2],
        samples: impl IntoIterator<Item = Sample<'a>>,
    ) -> Result<Self, Error> {
        let [inputs, classes] = shape;
        let words = target_words(classes);
        let reach = (gpu.lock().reach() / inputs.max(words)).max(1);
        let mut data = Self { pieces: Vec::new(), shape, len: 0 };
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for sample in samples {
            let number = data.len + targets.len() / words;
            if sample.x.len() != inputs || sample.target.check(classes).is_err() {
                return Err(Error::Network(format!(
                    "sample {number} has {} floats and the target {:?}; the network takes {inputs} floats and has {classes} classes",
                    sample.x.len(),
                    sample.target
                )));
            }
            x.extend_from_slice(sample.x);
            sample.words(&mut targets, words);
            if targets.len() == reach * words {
                data.push(gpu, &mut x, &mut targets)?;
            }
        }
        if !targets.is_empty() {
            data.push(gpu, &mut x, &mut targets)?;
        }
        Ok(data)
    }

    fn push(&mut self, gpu: &Gpu, x: &mut Vec<f32>, targets: &mut Vec<u32>) -> Result<(), Error> {
        let lane = gpu.lock();
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let make = |bytes: &[u8]| {
            let buffer = lane.runtime.buffer("samples", bytes.len() as u64, usage)?;
            lane.runtime.queue.write_buffer(&buffer, 0, bytes);
            Ok(buffer)
        };
        let (inputs, known) = (make(bytemuck::cast_slice(x))?, make(bytemuck::cast_slice(targets))?);
        let len = targets.len() / target_words(self.shape[1]);
        self.pieces.push(Piece { first: self.len, len, inputs, targets: known });
        self.len += len;
        x.clear();
        targets.clear();
        Ok(())
    }
}
