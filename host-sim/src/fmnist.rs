//! Training the Fashion-MNIST CNN from scratch, with any method, and testing it on pictures that it has not seen.

use crate::compose::MethodSpec;
use crate::data::Dataset;
use crate::finetune::{corrupt, pretraining};
use crate::model::{Example, Workspace, fmnist, initial};
use crate::train::{Error, OnEpoch, Recipe, train};

/// A trained network and how well it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Its weights.
    pub weights: Vec<f32>,
    /// The share of the training pictures that are classified as they were labelled in training, in [0, 1].
    pub train: f64,
    /// The share of the test pictures that are classified right, in [0, 1].
    pub test: f64,
    /// Gradients of single pictures that were evaluated.
    pub gradients: u64,
    /// Steps that were dropped because a loss or a gradient was not finite.
    pub refused: u32,
}

impl Trained {
    /// The generalisation gap: training accuracy less test accuracy.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.train - self.test
    }
}

/// The recipe of the measured baselines: 10 epochs, batch 32, momentum 0.9, weight decay 5e-4, a cosine from `lr` to 0.
///
/// On the embedded subset SGD was tuned to lr 0.01, SAM to lr 0.03 and rho 0.06. Every field may be changed.
#[must_use]
pub const fn recipe(method: MethodSpec, lr: f32, seed: u64) -> Recipe {
    Recipe { epochs: 10, ..pretraining(method, lr, seed) }
}

/// Trains on split 0 of `set`, of whose labels a share `noise` is wrong, and tests on split 1.
///
/// The seed of the recipe decides the initial weights, the wrong labels, the order of pictures, noise and coins; the
/// same seed gives the same bits.
///
/// # Errors
/// When no picture is for training, the pictures do not fit the network, or the method refuses its hyperparameters.
pub fn run(set: &Dataset, recipe: &Recipe, noise: f32, on_epoch: &mut OnEpoch<'_>) -> Result<Trained, Error> {
    let part = |split| (0..set.len()).filter(move |&i| set.splits[i] == split);
    let mut labels: Vec<u8> = part(0).map(|i| set.labels[i]).collect();
    corrupt(&mut labels, set.classes, noise, recipe.seed);
    let training: Vec<_> = part(0).zip(labels).map(|(i, label)| Example { x: set.input(i), label }).collect();
    let test: Vec<_> = part(1).map(|i| Example { x: set.input(i), label: set.labels[i] }).collect();
    let start = initial(fmnist(), recipe.seed);
    let outcome = train(fmnist(), start, &[], &training, recipe, on_epoch)?;
    let mut workspace = Workspace::new(fmnist(), &[]);
    Ok(Trained {
        train: workspace.accuracy(&training, &outcome.weights)?,
        test: workspace.accuracy(&test, &outcome.weights)?,
        weights: outcome.weights,
        gradients: outcome.gradients,
        refused: outcome.refused,
    })
}
