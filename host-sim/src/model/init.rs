//! Initial weights.

use super::Model;
use flatmin::layout::Kind;
use flatmin::rng::{Draws, Key, Stream};

/// Initial values of the vector that trains: weights from N(0, 2 / fan-in), biases 0.
pub fn initial(model: &dyn Model, seed: u64) -> Vec<f32> {
    let mut draws = Draws::new(Key::new(seed, Stream::Init, 0));
    let mut w = Vec::with_capacity(model.trainable());
    for segment in model.segments() {
        let deviation = match segment.kind {
            Kind::Bias => 0.0,
            _ => (2.0 / segment.fan_in as f32).sqrt(),
        };
        w.extend((0..segment.len()).map(|_| deviation * draws.normal()));
    }
    w
}
