//! Every method over every optimizer, driven through its phases on any backend.

use super::{Hold, Kept};
use crate::compose::{AnyMethod, Boxed, Parts, Spec, compose};
use flatmin::hash::Crc32;
use flatmin::layout::{Kind, Segment, params};
use flatmin::method::{Batch, Clock, Eval, Next, Request};
use flatmin::rng::Seed;
use std::borrow::{Borrow, BorrowMut};

/// The layout that is trained: a few blocks of 1024, filters that straddle tiles of noise, biases.
const NET: &[Segment] = &[
    Segment { filters: 40, fan_in: 57, kind: Kind::Weight },
    Segment { filters: 40, fan_in: 1, kind: Kind::Bias },
    Segment { filters: 10, fan_in: 40, kind: Kind::Weight },
    Segment { filters: 10, fan_in: 1, kind: Kind::Bias },
];
const N: usize = params(NET);
const RATE: f32 = 0.03;

/// What a run left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// The weights after the first step.
    pub first: Vec<f32>,
    /// The weights after the last.
    pub last: Vec<f32>,
    /// The hash of weights, state vectors and scalars after every step.
    pub hashes: Vec<u32>,
}

/// A composition in the phase machine, whatever the backend.
type Composed<B> = Box<dyn AnyMethod<B>>;

fn composed<B: Hold + 'static>(b: &mut B, spec: &Spec, seed: u64) -> Composed<B> {
    let zeros = |n| b.hold(&vec![0.0; n]);
    let parts = Parts { segments: NET, zeros, noise: Seed(seed), coin: Seed(seed) };
    compose::<B, Kept<B>, _, _, _, _>(spec, parts, Boxed)
}

/// The slope of a bowl whose axes are coupled, on a part of a batch; computed by the host for every backend.
fn gradient(w: &[f32], g: &mut [f32], request: Request) {
    let part = match request.batch {
        Batch::Part { index, .. } => index as f32,
        _ => 0.0,
    };
    for i in 0..w.len() {
        let next = w[(i + 1) % w.len()];
        let slope = (1 + i % 3) as f32 * 0.4 * (w[i] - 0.2) + 0.05 * next + 0.01 * part;
        g[i] = if request.accumulate { g[i] + slope } else { slope };
    }
}

/// Trains for some steps.
///
/// # Errors
/// What the backend refuses: only a device that fails does.
pub fn run<B: Hold + 'static>(
    b: &mut B,
    spec: &Spec,
    seed: u64,
    steps: u32,
) -> Result<Trajectory, flatmin::Error> {
    let start: Vec<f32> = (0..N).map(|i| ((i * 31 % 23) as f32 - 11.0) / 16.0).collect();
    let (mut w, mut g) = (b.hold(&start), b.hold(&vec![0.0; N]));
    let mut method = composed(b, spec, seed);
    let (mut first, mut hashes) = (start, Vec::new());
    for step in 0..steps {
        let clock = Clock { step, total: steps, lr: RATE };
        let mut next = method.begin(b, w.borrow_mut(), &clock)?;
        while let Next::Gradient(request) = next {
            let mut values = b.show(g.borrow());
            gradient(&b.show(w.borrow()), &mut values, request);
            b.refill(g.borrow_mut(), &values);
            let eval = Eval { g: g.borrow_mut(), loss: b.scalar(1.0) };
            next = method.resume(b, w.borrow_mut(), eval)?;
        }
        hashes.push(hash(b, w.borrow(), &*method));
        if step == 0 {
            first = b.show(w.borrow());
        }
    }
    Ok(Trajectory { first, last: b.show(w.borrow()), hashes })
}

/// As [`flatmin::hash::state`], on any backend.
fn hash<B: Hold>(b: &mut B, w: &B::Vector, method: &dyn AnyMethod<B>) -> u32 {
    let mut crc = Crc32::new();
    crc.floats(&b.show(w));
    method.visit(&mut |v| crc.floats(&b.show(v)));
    method.words().iter().for_each(|word| crc.bytes(&word.to_le_bytes()));
    crc.finish()
}
