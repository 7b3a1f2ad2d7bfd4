//! Samples that stay on the device.

use crate::error::Error;
use crate::gpu::Gpu;

/// Words of what is known of a sample beside its input: its class.
pub(super) const TARGET_WORDS: usize = 1;

/// Inputs and classes on the device; a mini-batch is then a list of their numbers.
#[derive(Debug)]
pub struct Data {
    pub(super) pieces: Vec<Piece>,
    pub(super) inputs: usize,
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

    /// Uploads samples of `inputs` floats, whose classes are below `classes`.
    pub(super) fn new<'a>(
        gpu: &Gpu,
        [inputs, classes]: [usize; 2],
        samples: impl IntoIterator<Item = (&'a [f32], u32)>,
    ) -> Result<Self, Error> {
        let reach = (gpu.lock().reach() / inputs.max(TARGET_WORDS)).max(1);
        let mut data = Self { pieces: Vec::new(), inputs, len: 0 };
        let (mut x, mut targets) = (Vec::new(), Vec::new());
        for (input, class) in samples {
            if input.len() != inputs || class as usize >= classes {
                let (number, len) = (data.len + targets.len(), input.len());
                return Err(Error::Network(format!(
                    "sample {number} has {len} floats and class {class}; the network takes {inputs} floats and has {classes} classes"
                )));
            }
            x.extend_from_slice(input);
            targets.push(class);
            if targets.len() == reach {
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
        self.pieces.push(Piece { first: self.len, len: targets.len(), inputs, targets: known });
        self.len += targets.len();
        x.clear();
        targets.clear();
        Ok(())
    }
}
