//! A fine-tuning run of one network by one method, as firmware holds it: what is weighed, and what its stack is measured of.
//!
//! `FLATMIN_RUN="net scope method optimizer average"` chooses (see build.rs). The samples of a mini-batch are read from
//! flash one by one; RAM is one static.

#![no_std]
#![no_main]

mod choice;
mod harness;

use choice::{AVERAGE_VECTORS, COST, Mean, Residual, SLOTS, Slots, Tuner, Vector};
use core::hint::black_box;
#[cfg(not(average = "none"))]
use flatmin::average::Average;
use flatmin::backend::Portable;
use flatmin::bill::Bill;
use flatmin::drive::{StepError, step};
use flatmin::layout::Segment;
use flatmin::method::{Clock, Request};
use flatmin::nn::{self, Network};
use flatmin::tune::Samples;
use flatmin_flash as _;
#[cfg(net = "digits")]
use flatmin_parity::nets::digits as net;
#[cfg(net = "fmnist")]
use flatmin_parity::nets::fmnist as net;
#[cfg(net = "wrist")]
use flatmin_wrist::net;

#[cfg(scope = "all")]
type Net = net::All;
#[cfg(scope = "last")]
type Net = net::Last;
#[cfg(scope = "bias")]
type Net = net::Biases;

/// The layout of the weights, in flash.
static LAYOUT: [Segment; Net::SEGMENTS] = nn::segments::<Net, { Net::SEGMENTS }>();
/// Samples in flash.
const SAMPLES: usize = 8;

/// Everything that the run keeps in RAM beside its stack.
struct Memory {
    w: Vector,
    g: Vector,
    state: [Vector; COST.vectors],
    residuals: [Residual; COST.residuals],
    slots: [Slots; COST.filter_vectors],
    mean: [Vector; AVERAGE_VECTORS],
    acts: [f32; Net::ACTS],
    x: [f32; Net::IN],
}

/// What the types say before anything is built. Scalars are in the method, which lies on the stack.
const BILL: Bill = {
    let bill = Bill::of::<Net, Tuner>();
    #[cfg(not(average = "none"))]
    let bill = bill.average::<Mean>();
    bill
};
const _: () = assert!(size_of::<Memory>() == BILL.total() - BILL.scalars, "the bill is wrong");

static mut MEMORY: Memory = Memory {
    w: [0.0; Net::TRAINABLE],
    g: [0.0; Net::TRAINABLE],
    state: [[0.0; Net::TRAINABLE]; COST.vectors],
    residuals: [[0.0; size_of::<Residual>() / size_of::<f32>()]; COST.residuals],
    slots: [[0.0; SLOTS]; COST.filter_vectors],
    mean: [[0.0; Net::TRAINABLE]; AVERAGE_VECTORS],
    acts: [0.0; Net::ACTS],
    x: [0.0; Net::IN],
};

/// Numbers that look like weights, about 0.
const fn weights<const N: usize>(mut seed: u32) -> [f32; N] {
    let (mut values, mut i) = ([0.0; N], 0);
    while i < N {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        values[i] = ((seed >> 16) as i32 - 32_768) as f32 / 131_072.0;
        i += 1;
    }
    values
}

/// Numbers that look like stored samples.
const fn values<const N: usize>() -> [i8; N] {
    let (mut values, mut seed, mut i) = ([0; N], 7_u32, 0);
    while i < N {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        values[i] = (seed >> 24) as i8;
        i += 1;
    }
    values
}

#[unsafe(link_section = ".factory")]
static FACTORY: [f32; Net::TRAINABLE] = weights(1);
#[unsafe(link_section = ".factory")]
static FROZEN: [f32; Net::FROZEN] = weights(2);
#[unsafe(link_section = ".factory")]
static VALUES: [i8; SAMPLES * Net::IN] = values();
#[unsafe(link_section = ".factory")]
static LABELS: [u8; SAMPLES] = [0, 1, 2, 3, 4, 5, 6, 0];
#[unsafe(link_section = ".factory")]
static SCALE: [f32; 1] = [1.0 / 64.0];

/// So many steps from the factory weights, on mini-batches of so many samples; an average takes in the weights.
fn tune(memory: &'static mut Memory, steps: u32, batch: usize) -> Result<(), StepError<nn::Error>> {
    let Memory { w, g, state, residuals, slots, mean, acts, x } = memory;
    let samples = Samples::new(Net::IN, &VALUES, &LABELS, &SCALE).map_err(StepError::Method)?;
    w.iter_mut().zip(&FACTORY).for_each(|(w, factory)| *w = *factory);
    let mut method = choice::tuner(state.iter_mut().map(|vector| &mut vector[..]), residuals, slots);
    #[allow(unused_mut, reason = "no average changes nothing")]
    let mut mean: Mean = choice::mean(mean);
    for t in 0..steps {
        let clock = Clock { step: t, total: steps, lr: 0.003 };
        step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock, |w, g, request: Request| {
            if !request.accumulate {
                g.fill(0.0);
            }
            let part = request.batch.range(batch);
            let (scale, mut loss) = (1.0 / part.len() as f32, 0.0);
            for i in part {
                let label = samples.read(i, x).unwrap_or_default();
                loss += scale * nn::gradient::<Net>(x, label.into(), scale, w, &FROZEN, acts, g)?;
            }
            Ok(loss)
        })?;
        mean.observe(&mut Portable, &w[..], &clock).map_err(StepError::Method)?;
    }
    Ok(())
}

/// What the harness calls: 0 if the run was as it should be.
#[unsafe(no_mangle)]
extern "C" fn train(batch: usize) -> u32 {
    // SAFETY: the harness is the only caller and calls one at a time, so there is one reference.
    let memory = unsafe { &mut *(&raw mut MEMORY) };
    // An average copies the first weights; the second step makes it a mean. The compiler must not know how often.
    let steps = black_box(1 + AVERAGE_VECTORS as u32);
    u32::from(tune(memory, steps, batch).is_err())
}
