//! Small networks: layers as types, shapes as constants, forward and backward over lent slices.
//!
//! ```
//! use flatmin::nn::{self, Conv1d, Dense, MeanTime, Network, Relu};
//! type Net = nn::seq!(
//!     Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Relu<208>, MeanTime<13, 16>, Dense<16, 7>
//! );
//! const { assert!(Net::TRAINABLE == 1_911 && Net::ACTS == 711 && Net::MACS == 31_152) };
//! ```
//!
//! **Parameters.** Tensors that train form one compact vector `w` (layer order, weights before bias);
//! frozen tensors are read from a second slice, which may lie in flash. A layer's [`Scope`] says which
//! are which, [`split`] and [`merge`] convert, [`segments`] is the layout of `w`.
//!
//! **Memory.** The caller lends [`ACTS`](Network::ACTS) floats. Gradients of activations are written
//! over the activations, activation functions work in place, and layers below the lowest one that
//! trains store nothing. [`Bill`](crate::bill::Bill) adds up what a run needs.
//!
//! **Time.** [`gradient`] evaluates a sample in one go; an [`Evaluation`] does it in units of at most
//! [`MAX_UNIT`](Network::MAX_UNIT) multiply-adds, for a watchdog or a control loop.
//!
//! # Numeric contract
//! Everything is f32, multiply and add are never fused, and each sum has one order, so a result has the
//! same bits on every CPU and for every partition into units:
//! - weights are row-major `[out][in]`; an output starts at its bias and adds `w * x`, inputs ascending;
//! - a weight gradient adds `dy * x` and a bias gradient `dy`, positions ascending, to what is in `g`:
//!   so samples ascending, as one is processed a call;
//! - an input gradient starts at +0 and adds `w * dy`, outputs ascending (`position * channels + channel`),
//!   then takes the derivative of the activation below;
//! - channels come last in data and in the taps of a filter; the positions of an image go row by row;
//! - a maximum is the first of equals, and it alone gets the gradient;
//! - the gradient of the loss is multiplied by `scale` before the backward pass.
//!
//! A term with `dy == 0` may be skipped: for finite activations that changes nothing, since a sum that
//! starts at +0 never becomes -0. Hence `g` must start at +0.

mod activation;
mod conv1d;
mod conv2d;
mod dense;
mod error;
mod evaluation;
mod layer;
mod linear;
mod loss;
mod mean;
mod memory;
mod params;
mod pass;
mod pool;
mod sample;
mod scope;
mod sequential;

#[doc(inline)]
pub use crate::__nn_seq as seq;
pub use activation::{Activation, Relu, Tanh};
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use error::{Buffer, Error};
pub use evaluation::Evaluation;
pub use layer::{CHUNK, Layer, Params, Work};
pub use loss::{
    Loss, Target, cross_entropy, cross_entropy_gradient, distillation, distillation_gradient,
    generalised_cross_entropy, generalised_cross_entropy_gradient,
};
pub use mean::MeanTime;
pub use memory::{Memory, Place};
pub use params::{Tensor, Tensors, merge, segments, split};
pub use pass::{Pass, Stage};
pub use pool::MaxPool2d;
pub use sample::{forward, gradient, gradient_to, logits, loss};
pub use scope::{All, Bias, Frozen, Scope};
pub use sequential::{Network, Seq};
