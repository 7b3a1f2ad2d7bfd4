//! The objective of a case in f32, by the crate's own network, where one of its shape is compiled in: that of P5.

use crate::replay::problem::{Activation, Convnet, Part, Problem, Shape};
use flatmin::nn::{self, Conv2d, Dense, Network as _, Relu};

type P5 = nn::seq!(Conv2d<1, 8, 8, 3, 1, 4>, Relu<144>, Dense<144, 3>);

const SHAPE: Shape =
    Shape { input: [1, 8, 8], filters: 4, kernel: 3, stride: 1, classes: 3, activation: Activation::Relu };

/// A convolutional net, evaluated by [`flatmin::nn`]. Files keep channels first, the crate keeps them last.
pub(super) struct Network<'a> {
    problem: &'a Convnet,
    /// For each weight of the crate's net, its place in the file.
    places: Vec<usize>,
}

impl<'a> Network<'a> {
    /// The network of a problem, if it is compiled in.
    pub(super) fn of(problem: &'a Problem) -> Option<Self> {
        let Problem::Convnet(problem) = problem else { return None };
        if problem.shape != SHAPE {
            return None;
        }
        let Shape { input: [channels, ..], filters, kernel, classes, .. } = SHAPE;
        let tensors = [
            channels_last(filters, channels, kernel * kernel),
            (0..filters).collect(),
            channels_last(classes, filters, SHAPE.positions()),
            (0..classes).collect(),
        ];
        let mut places = Vec::with_capacity(P5::TRAINABLE);
        for tensor in tensors {
            let first = places.len();
            places.extend(tensor.iter().map(|place| first + place));
        }
        Some(Self { problem, places })
    }

    /// Loss and gradient at `w`, as [`Problem::evaluate`].
    pub(super) fn evaluate(&self, step: usize, part: Part, w: &[f32]) -> Result<(f32, Vec<f32>), nn::Error> {
        let rows = self.problem.rows(step, part);
        let ours: Vec<f32> = self.places.iter().map(|&place| w[place]).collect();
        let (mut acts, mut g) = ([0.0; P5::ACTS], [0.0; P5::TRAINABLE]);
        let (scale, mut sum) = (1.0 / rows.len() as f32, 0.0);
        for (x, label) in rows {
            // One channel: first is last.
            let x: Vec<f32> = x.iter().map(|x| *x as f32).collect();
            sum += nn::gradient::<P5>(&x, label, scale, &ours, &[], &mut acts, &mut g)?;
        }
        let mut gradient = vec![0.0; w.len()];
        for (&place, g) in self.places.iter().zip(g) {
            gradient[place] = g;
        }
        Ok((scale * sum, gradient))
    }
}

/// For each element of `[block][position][channel]`, its place in `[block][channel][position]`.
fn channels_last(blocks: usize, channels: usize, positions: usize) -> Vec<usize> {
    let place = |i: usize| {
        let (block, position, channel) = (i / channels / positions, i / channels % positions, i % channels);
        (block * channels + channel) * positions + position
    };
    (0..blocks * channels * positions).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::golden::Golden;
    use crate::tolerance::PROBLEM_F32;
    use std::path::Path;

    #[test]
    fn channels_move_to_the_end() {
        assert_eq!(channels_last(2, 3, 2), [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
        assert_eq!(channels_last(2, 1, 3), [0, 1, 2, 3, 4, 5]);
    }
    /// The net has the loss and the gradient that each library recorded in its first evaluation.
    #[test]
    fn it_has_the_recorded_losses_and_gradients() {
        let mut compared = 0;
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")).unwrap()
        {
            let path = entry.unwrap().path();
            if !path.to_string_lossy().contains("__p5__") {
                continue;
            }
            let golden = Golden::load(&path).unwrap();
            let problem = Problem::of(&golden).unwrap();
            let network = Network::of(&problem).unwrap();
            let eval = &golden.steps[0].evals[0];
            let point = eval.point.as_ref().unwrap_or(&golden.w0);
            let w: Vec<f32> = point.iter().map(|w| *w as f32).collect();
            let (loss, gradient) = network.evaluate(1, Part::Whole, &w).unwrap();
            assert!((f64::from(loss) - eval.loss).abs() < PROBLEM_F32.value, "{}", golden.case);
            let recorded = eval.grad.as_ref().unwrap();
            assert_eq!(gradient.len(), recorded.len());
            for (i, (ours, theirs)) in gradient.iter().zip(recorded).enumerate() {
                assert!(
                    (f64::from(*ours) - theirs).abs() < PROBLEM_F32.value,
                    "{}, {i}: {ours} {theirs}",
                    golden.case
                );
            }
            compared += 1;
        }
        assert!(compared >= 6, "only {compared} files were compared");
    }
}
