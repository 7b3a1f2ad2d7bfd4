//! Networks described at run time, and the descriptions of `core`'s types.

use flatmin::nn::{self, Activation, Conv1d, Conv2d, Dense, MaxPool2d, MeanTime, Relu, Scope, Seq, Tanh};

/// Rows by columns of channels, channels last. A time series is one row; a plain vector is one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Channels.
    pub channels: usize,
}

impl Image {
    /// A vector.
    pub const fn vector(len: usize) -> Self {
        Self { rows: 1, columns: 1, channels: len }
    }

    /// Floats.
    pub const fn len(self) -> usize {
        self.rows * self.columns * self.channels
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// A layer of [`flatmin::nn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// [`Dense`], [`Conv1d`] and [`Conv2d`]: filters over windows, which for a dense layer are the whole input.
    Linear {
        /// The input.
        input: Image,
        /// Rows and columns of a window.
        kernel: [usize; 2],
        /// From one window to the next, along both axes.
        stride: usize,
        /// Outputs a position.
        filters: usize,
        /// Whether weights, and whether biases, are in the vector that trains.
        trains: [bool; 2],
    },
    /// [`MeanTime`].
    MeanTime {
        /// Time steps.
        steps: usize,
        /// Channels.
        channels: usize,
    },
    /// [`MaxPool2d`].
    MaxPool {
        /// The input.
        input: Image,
        /// Rows and columns of a window.
        kernel: usize,
        /// From one window to the next, at least `kernel`.
        stride: usize,
    },
    /// [`Relu`] and [`Tanh`], on the output of the layer before.
    Activation {
        /// Which.
        function: Activation,
        /// Floats.
        len: usize,
    },
}

impl Layer {
    /// [`Dense`] that trains.
    pub const fn dense(inputs: usize, outputs: usize) -> Self {
        let input = Image::vector(inputs);
        Self::Linear { input, kernel: [1, 1], stride: 1, filters: outputs, trains: [true, true] }
    }

    /// [`Conv2d`] that trains.
    pub const fn conv2d(input: Image, kernel: usize, stride: usize, filters: usize) -> Self {
        Self::Linear { input, kernel: [kernel, kernel], stride, filters, trains: [true, true] }
    }

    /// [`Conv1d`] that trains.
    pub const fn conv1d(channels: usize, len: usize, kernel: usize, stride: usize, filters: usize) -> Self {
        let input = Image { rows: 1, columns: len, channels };
        Self::Linear { input, kernel: [1, kernel], stride, filters, trains: [true, true] }
    }

    /// [`Relu`].
    pub const fn relu(len: usize) -> Self {
        Self::Activation { function: Activation::Relu, len }
    }
}

/// A network type of `core` that can be described.
pub trait Describe: nn::Network {
    /// Adds the layers to `list`, first layer first.
    fn describe(list: &mut Vec<Layer>);

    /// The layers, first layer first.
    fn layers() -> Vec<Layer> {
        let mut list = Vec::with_capacity(Self::LAYERS);
        Self::describe(&mut list);
        list
    }
}

/// The same with another scope.
const fn scoped<S: Scope>(layer: Layer) -> Layer {
    match layer {
        Layer::Linear { input, kernel, stride, filters, .. } => {
            Layer::Linear { input, kernel, stride, filters, trains: [S::WEIGHTS, S::BIAS] }
        }
        other => other,
    }
}

impl<const I: usize, const O: usize, S: Scope> Describe for Dense<I, O, S> {
    fn describe(list: &mut Vec<Layer>) {
        list.push(scoped::<S>(Layer::dense(I, O)));
    }
}

impl<const CIN: usize, const LEN: usize, const K: usize, const STRIDE: usize, const COUT: usize, S: Scope>
    Describe for Conv1d<CIN, LEN, K, STRIDE, COUT, S>
{
    fn describe(list: &mut Vec<Layer>) {
        list.push(scoped::<S>(Layer::conv1d(CIN, LEN, K, STRIDE, COUT)));
    }
}

impl<
    const CIN: usize,
    const H: usize,
    const W: usize,
    const K: usize,
    const STRIDE: usize,
    const COUT: usize,
    S: Scope,
> Describe for Conv2d<CIN, H, W, K, STRIDE, COUT, S>
{
    fn describe(list: &mut Vec<Layer>) {
        let input = Image { rows: H, columns: W, channels: CIN };
        list.push(scoped::<S>(Layer::conv2d(input, K, STRIDE, COUT)));
    }
}

impl<const LEN: usize, const C: usize> Describe for MeanTime<LEN, C> {
    fn describe(list: &mut Vec<Layer>) {
        list.push(Layer::MeanTime { steps: LEN, channels: C });
    }
}

impl<const H: usize, const W: usize, const C: usize, const K: usize, const STRIDE: usize> Describe
    for MaxPool2d<H, W, C, K, STRIDE>
{
    fn describe(list: &mut Vec<Layer>) {
        let input = Image { rows: H, columns: W, channels: C };
        list.push(Layer::MaxPool { input, kernel: K, stride: STRIDE });
    }
}

impl<const N: usize> Describe for Relu<N> {
    fn describe(list: &mut Vec<Layer>) {
        list.push(Layer::Activation { function: Activation::Relu, len: N });
    }
}

impl<const N: usize> Describe for Tanh<N> {
    fn describe(list: &mut Vec<Layer>) {
        list.push(Layer::Activation { function: Activation::Tanh, len: N });
    }
}

impl<A: Describe, B: Describe + nn::Layer> Describe for Seq<A, B> {
    fn describe(list: &mut Vec<Layer>) {
        A::describe(list);
        B::describe(list);
    }
}
