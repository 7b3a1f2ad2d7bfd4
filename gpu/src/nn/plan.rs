//! From a description to the stages of a forward and a backward pass.

use super::describe::{Image, Layer};
use super::sources::{SIDE, Stage, THREADS, Tiles};
use crate::error::Error;
use flatmin::nn::Activation;

/// The uniform of a dispatch: the fields of `Shape` in shaders/nn/shape.wgsl.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) samples: usize,
    pub(super) input: [usize; 3],
    pub(super) kernel: [usize; 2],
    pub(super) stride: usize,
    pub(super) output: [usize; 3],
    pub(super) weights: usize,
    pub(super) bias: usize,
    pub(super) weights_stride: usize,
    pub(super) bias_stride: usize,
    pub(super) x_stride: usize,
    pub(super) y_stride: usize,
    pub(super) activation: usize,
    pub(super) accumulate: bool,
    pub(super) scale: f32,
    pub(super) target_words: usize,
}

/// Instead of a place of weights: none train.
const NO_WEIGHTS: usize = u32::MAX as usize;

impl Shape {
    /// The words of the uniform.
    pub(super) fn words(self) -> Vec<u32> {
        let mut words = vec![self.samples];
        words.extend(self.input);
        words.extend(self.kernel);
        words.push(self.stride);
        words.extend(self.output);
        words.extend([self.weights, self.bias, self.weights_stride, self.bias_stride]);
        words.extend([self.x_stride, self.y_stride, self.activation, self.accumulate.into()]);
        words
            .into_iter()
            .map(|word| word as u32)
            .chain([self.scale.to_bits(), self.target_words as u32])
            .collect()
    }

    pub(super) fn inputs(self) -> usize {
        self.input.iter().product()
    }

    pub(super) fn outputs(self) -> usize {
        self.output.iter().product()
    }

    fn positions(self) -> usize {
        self.samples * self.output[0] * self.output[1]
    }

    fn fan_in(self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input[2]
    }
}

/// Which vector a tensor is in, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) trains: bool,
    pub(super) first: usize,
}

/// What a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linear { weights: Tensor, bias: Tensor },
    MeanTime,
    MaxPool,
}

/// A layer and the function applied to its output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    pub(super) activation: Activation,
    /// Whether a layer below trains.
    pub(super) passes_down: bool,
}

/// A network.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) trainable: usize,
    pub(super) frozen: usize,
}

impl Plan {
    /// Lays the tensors out as `core` does: layer by layer, weights before bias, each in the vector that it belongs to.
    pub(super) fn new(layers: &[Layer]) -> Result<Self, Error> {
        let mut plan = Self { steps: Vec::new(), trainable: 0, frozen: 0 };
        for (number, layer) in (1..).zip(layers) {
            plan.push(*layer).map_err(|why| Error::Network(format!("layer {number}, {layer:?}: {why}")))?;
        }
        match plan.steps.last() {
            None => Err(Error::Network("it has no layer".into())),
            Some(last) if !last.activation.is_identity() => {
                Err(Error::Network("its last layer is an activation; logits come without".into()))
            }
            Some(_) => Ok(plan),
        }
    }

    fn push(&mut self, layer: Layer) -> Result<(), String> {
        let meets = |inputs: usize| match self.steps.last() {
            Some(last) if last.shape.outputs() != inputs => {
                Err(format!("it takes {inputs} floats, the layer before has {}", last.shape.outputs()))
            }
            _ => Ok(()),
        };
        let passes_down = self.trainable > 0;
        let (kind, shape) = match layer {
            Layer::Activation { function, len } => {
                meets(len)?;
                let last = self.steps.last_mut().ok_or("an activation works on a layer before it")?;
                if !last.activation.is_identity() {
                    return Err("of two activations in a row the first could not be differentiated".into());
                }
                last.activation = function;
                return Ok(());
            }
            Layer::Linear { input, kernel, stride, filters, trains } => {
                meets(input.len())?;
                let shape = windows(input, kernel, stride, filters)?;
                let [weights, bias] = [shape.fan_in() * filters, filters];
                let [trains_weights, trains_bias] = trains;
                if trains_weights && !trains_bias {
                    return Err("weights that train without their bias are not in core".into());
                }
                let weights = self.tensor(weights, trains_weights);
                (Kind::Linear { weights, bias: self.tensor(bias, trains_bias) }, shape)
            }
            Layer::MeanTime { steps, channels } => {
                let input = Image { rows: steps, columns: 1, channels };
                meets(input.len())?;
                let shape = windows(input, [steps, 1], 1, channels)?;
                (Kind::MeanTime, Shape { scale: 1.0 / steps as f32, ..shape })
            }
            Layer::MaxPool { input, kernel, stride } => {
                meets(input.len())?;
                if stride < kernel {
                    return Err("windows of a max pool must not overlap".into());
                }
                (Kind::MaxPool, windows(input, [kernel, kernel], stride, input.channels)?)
            }
        };
        self.steps.push(Step { kind, shape, activation: Activation::Identity, passes_down });
        Ok(())
    }

    fn tensor(&mut self, floats: usize, trains: bool) -> Tensor {
        let end = if trains { &mut self.trainable } else { &mut self.frozen };
        let first = *end;
        *end += floats;
        Tensor { trains, first }
    }

    pub(super) fn inputs(&self) -> usize {
        self.steps.first().map_or(0, |step| step.shape.inputs())
    }

    pub(super) fn classes(&self) -> usize {
        self.steps.last().map_or(0, |step| step.shape.outputs())
    }
}

/// The shape of a layer of windows.
fn windows(input: Image, kernel: [usize; 2], stride: usize, filters: usize) -> Result<Shape, String> {
    let fits = |len: usize, k: usize| 0 < k && k <= len;
    if !fits(input.rows, kernel[0]) || !fits(input.columns, kernel[1]) || stride == 0 || filters == 0 {
        return Err("its window does not fit into the input, or something is 0".into());
    }
    let output = [(input.rows - kernel[0]) / stride + 1, (input.columns - kernel[1]) / stride + 1, filters];
    Ok(Shape {
        input: [input.rows, input.columns, input.channels],
        kernel,
        stride,
        output,
        ..Shape::default()
    })
}

/// Number of an activation in the shaders.
pub(super) const fn number(activation: Activation) -> usize {
    match activation {
        Activation::Identity => 0,
        Activation::Relu => 1,
        Activation::Tanh => 2,
    }
}

/// A stage with its uniform and its workgroups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dispatch {
    pub(super) stage: Stage,
    pub(super) shape: Shape,
    pub(super) workgroups: usize,
}

fn product(stage: fn(Tiles) -> Stage, shape: Shape, [rows, columns, parts]: [usize; 3]) -> Dispatch {
    let side = |len: usize| if len > 2 * SIDE { 4 } else { 1 };
    let size = [side(rows), side(columns)];
    let whole = shape.input[0] * shape.input[1] == 1;
    let tiles = rows.div_ceil(SIDE * size[0]) * columns.div_ceil(SIDE * size[1]);
    Dispatch { stage: stage(Tiles { size, whole }), shape, workgroups: tiles * parts }
}

fn each(stage: Stage, shape: Shape, count: usize) -> Dispatch {
    Dispatch { stage, shape, workgroups: count.div_ceil(THREADS) }
}

impl Step {
    /// The forward pass of `shape.samples` samples.
    pub(super) fn forward(&self, shape: Shape) -> Dispatch {
        let mut shape = Shape { activation: number(self.activation), ..shape };
        match self.kind {
            Kind::Linear { weights, bias } => {
                (shape.weights, shape.bias) = (weights.first, bias.first);
                product(Stage::Linear, shape, [shape.positions(), shape.output[2], 1])
            }
            Kind::MeanTime => each(Stage::MeanTime, shape, shape.samples * shape.output[2]),
            Kind::MaxPool => each(Stage::MaxPool, shape, shape.samples * shape.outputs()),
        }
    }

    /// The parameter gradients, if something trains.
    pub(super) fn gradient(&self, shape: Shape) -> Option<Dispatch> {
        let Kind::Linear { weights, bias } = self.kind else { return None };
        let columns = if weights.trains { shape.fan_in() + 1 } else { 1 };
        let weights = if weights.trains { weights.first } else { NO_WEIGHTS };
        let shape = Shape { weights, bias: bias.first, ..shape };
        bias.trains.then(|| product(Stage::LinearGradient, shape, [shape.output[2], columns, 1]))
    }

    /// The input gradients, through the activation `below`.
    pub(super) fn input_gradient(&self, shape: Shape, below: Activation) -> Dispatch {
        let mut shape = Shape { activation: number(below), ..shape };
        let cells = |axis: usize| shape.input[axis].div_ceil(shape.stride);
        match self.kind {
            Kind::Linear { weights, .. } => {
                let rows = shape.samples * cells(0) * cells(1);
                let parts = shape.stride.min(shape.input[0]) * shape.stride.min(shape.input[1]);
                shape.weights = weights.first;
                product(Stage::LinearInputGradient, shape, [rows, shape.input[2], parts])
            }
            Kind::MeanTime => each(Stage::MeanTimeGradient, shape, shape.samples * shape.inputs()),
            Kind::MaxPool => {
                each(Stage::MaxPoolGradient, shape, shape.samples * cells(0) * cells(1) * shape.input[2])
            }
        }
    }
}
