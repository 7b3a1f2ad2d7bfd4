//! The fixed problem: a small 1D-CNN on made-up samples, long enough for two tiles of noise.

use flatmin::layout::{Segment, filters, params};
use flatmin::method::Request;
use flatmin::nn::{self, Conv1d, Dense, MeanTime, Network, Relu};
use flatmin::rng::{Draws, Key, Stream};
use heapless::Vec;

/// The network.
pub type Net = nn::seq!(Conv1d<3, 12, 5, 2, 6>, Relu<24>, MeanTime<4, 6>, Dense<6, 4>);
/// Steps of a run.
pub const STEPS: u32 = 20;
/// The learning rate.
pub const LR: f32 = 0.02;
/// What noise and coins are drawn from.
pub const SEED: u64 = 2021;
/// Samples in a mini-batch.
const BATCH: usize = 4;
/// Mini-batches, over and over.
const BATCHES: u32 = 3;

/// The layout of the weights.
pub static SEGMENTS: [Segment; Net::SEGMENTS] = nn::segments::<Net, { Net::SEGMENTS }>();
/// Elements of the longest vector.
pub const PARAMS: usize = Net::TRAINABLE;

/// A vector of the problem: of weights, or of one value a filter.
pub type Vector = Vec<f32, PARAMS>;

const _: () = assert!(PARAMS > flatmin::rng::TILE && filters(&LAYOUT) <= PARAMS && params(&LAYOUT) == PARAMS);
const LAYOUT: [Segment; Net::SEGMENTS] = nn::segments::<Net, { Net::SEGMENTS }>();

/// A vector of zeros.
pub fn zeros(n: usize) -> Vector {
    core::iter::repeat_n(0.0, n).collect()
}

/// The weights before the first step.
pub fn weights() -> Vector {
    let mut init = Draws::new(Key::new(SEED, Stream::Init, 0));
    (0..PARAMS).map(|_| 0.3 * init.normal()).collect()
}

/// Writes (or adds) the mean gradient of the samples that `request` of step `t` means into `g`; their mean loss.
///
/// # Errors
/// None, as all lengths are those of the network.
pub fn objective(t: u32, w: &[f32], g: &mut [f32], request: Request) -> Result<f32, nn::Error> {
    let (mut x, mut acts) = ([0.0; Net::IN], [0.0; Net::ACTS]);
    if !request.accumulate {
        g.fill(0.0);
    }
    let samples = request.batch.range(BATCH);
    let scale = 1.0 / samples.len() as f32;
    let mut loss = 0.0;
    for i in samples {
        let label = sample(BATCH as u32 * (t % BATCHES) + i as u32, &mut x);
        loss += scale * nn::gradient::<Net>(&x, label, scale, w, &[], &mut acts, g)?;
    }
    Ok(loss)
}

/// Sample `index`: noise around a level that depends on the class.
fn sample(index: u32, x: &mut [f32]) -> usize {
    let mut draws = Draws::new(Key::new(SEED, Stream::Labelled, index));
    let label = draws.below(Net::OUT as u32);
    x.iter_mut().for_each(|x| *x = draws.normal() + label as f32 - 1.5);
    label as usize
}
