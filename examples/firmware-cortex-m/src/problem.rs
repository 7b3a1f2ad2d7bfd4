//! A fixed training run, the same on a microcontroller and on a host: 20 SAM steps of a small 1D-CNN on made-up samples.
//!
//! Nothing in it allocates, and every buffer is known before flashing.

use flatmin::backend::Backend;
use flatmin::drive::{StepError, step};
use flatmin::hash;
use flatmin::method::Clock;
use flatmin::methods::Sam;
use flatmin::nn::{self, Conv1d, Dense, MeanTime, Network, Relu};
use flatmin::optimizers::Sgd;
use flatmin::rng::{Draws, Key, Stream};

type Net = nn::seq!(Conv1d<3, 16, 5, 2, 8>, Relu<48>, MeanTime<6, 8>, Dense<8, 4>);

/// Steps of the run.
pub const STEPS: u32 = 20;
const BATCH: u32 = 4;
const SEED: u64 = 2021;

/// Everything the run needs.
pub struct Memory {
    w: [f32; Net::TRAINABLE],
    g: [f32; Net::TRAINABLE],
    velocity: [f32; Net::TRAINABLE],
    saved: [f32; Net::TRAINABLE],
    acts: [f32; Net::ACTS],
    x: [f32; Net::IN],
}

const _: () = assert!(size_of::<Memory>() <= 4 * 1024, "the run no longer fits 4 KiB");

impl Memory {
    /// All zeros.
    pub const fn new() -> Self {
        Self {
            w: [0.0; Net::TRAINABLE],
            g: [0.0; Net::TRAINABLE],
            velocity: [0.0; Net::TRAINABLE],
            saved: [0.0; Net::TRAINABLE],
            acts: [0.0; Net::ACTS],
            x: [0.0; Net::IN],
        }
    }
}

/// Trains, tells `report` the loss of every step, and returns the hash of weights and method state.
pub fn train<B: Backend<Vector = [f32], Scalar = f32>>(
    b: &mut B,
    memory: &mut Memory,
    mut report: impl FnMut(u32, f32),
) -> Result<u32, StepError<nn::Error>> {
    let Memory { w, g, velocity, saved, acts, x } = memory;
    let mut init = Draws::new(Key::new(SEED, Stream::Init, 0));
    w.iter_mut().for_each(|w| *w = 0.3 * init.normal());
    let mut sam = Sam::new(Sgd::new().momentum(0.9, &mut velocity[..]), &mut saved[..]).rho(0.05);
    for t in 0..STEPS {
        let clock = Clock { step: t, total: STEPS, lr: 0.05 };
        let loss = step(&mut sam, b, &mut w[..], &mut g[..], &clock, |w, g, _| {
            g.fill(0.0);
            let mut loss = 0.0;
            for i in 0..BATCH {
                let label = sample(BATCH * (t % 4) + i, x);
                loss += nn::gradient::<Net>(x, label, 1.0 / BATCH as f32, w, &[], acts, g)? / BATCH as f32;
            }
            Ok(loss)
        })?;
        report(t, loss);
    }
    Ok(hash::state::<B, _>(w, &sam))
}

/// Sample `index`: noise around a level that depends on the class.
fn sample(index: u32, x: &mut [f32]) -> usize {
    let mut draws = Draws::new(Key::new(SEED, Stream::Labelled, index));
    let label = draws.below(4);
    x.iter_mut().for_each(|x| *x = draws.normal() + label as f32 - 1.5);
    label as usize
}
