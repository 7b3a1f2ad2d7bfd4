//! Training a network on Fashion-MNIST from scratch, with any method, and testing it on pictures that it has not seen.

use crate::compose::MethodSpec;
use crate::data::Dataset;
use crate::finetune::{Arm, Progress, arms, corrupt, pretraining};
use crate::model::{Example, Lesson, Model, fmnist, fmnist_mlp, initial};
use crate::train::{Device, Error, Origin, Recipe, accuracy, teach_from};
use std::time::Instant;

/// A trained network and how well it does.
#[derive(Clone, Debug)]
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
    /// How long training took; testing is not counted.
    pub seconds: f64,
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

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Which network.
    pub net: Net,
    /// The method that trains it.
    pub method: Arm,
    /// Passes over the pictures.
    pub epochs: u32,
    /// Decides every random number.
    pub seed: u64,
    /// Pictures of each class that are stored beside the model, if it is written.
    pub replay: u32,
    /// The embedded pictures even where the whole set is installed.
    pub subset: bool,
    /// Who trains, and who tests.
    pub device: Device,
}

/// A network for 28x28 pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Net {
    /// [`fmnist`]: 7,018 weights.
    #[default]
    Cnn,
    /// [`fmnist_mlp`]: 3,716,106 weights.
    Mlp,
}

impl Net {
    /// The network.
    pub fn model(self) -> &'static dyn Model {
        match self {
            Self::Cnn => fmnist(),
            Self::Mlp => fmnist_mlp(),
        }
    }
}

impl Settings {
    /// The recipe: SGD and SAM as tuned for the CNN, every other method near them and not tuned.
    pub fn recipe(&self) -> Recipe {
        let Self { method: arm, epochs, seed, device, .. } = *self;
        let (lr, strength) = match arm {
            Arm::Sam | Arm::SamSwa | Arm::Rst => (0.03, 0.06),
            Arm::Lpf => (0.01, 0.1),
            Arm::Adam => (0.001, 0.0),
            Arm::Sgd | Arm::Sgd2x | Arm::SgdWd | Arm::Ema | Arm::Swa => (0.01, 0.0),
        };
        let arm = arms::scratch(arm, strength, lr, seed);
        Recipe { epochs: epochs * arm.epochs, device, ..arm }
    }
}

/// Trains `model` on split 0 of `set`, of whose labels a share `noise` is wrong, and tests on split 1.
///
/// The seed of the recipe decides the initial weights, the wrong labels, the order of pictures, noise and coins; the
/// same seed gives the same bits.
///
/// # Errors
/// When no picture is for training, the pictures do not fit the network, the method refuses its hyperparameters, or there is
/// no GPU.
pub fn run(
    model: &'static dyn Model,
    set: &Dataset,
    recipe: &Recipe,
    noise: f32,
    progress: &dyn Progress,
) -> Result<Trained, Error> {
    let part = |split| (0..set.len()).filter(move |&i| set.splits[i] == split);
    let mut labels: Vec<u8> = part(0).map(|i| set.labels[i]).collect();
    corrupt(&mut labels, set.classes, noise, recipe.seed);
    let training: Vec<_> = part(0).zip(labels).map(|(i, label)| Example { x: set.input(i), label }).collect();
    let test: Vec<_> = part(1).map(|i| Example { x: set.input(i), label: set.labels[i] }).collect();
    let lessons: Vec<Lesson<'_>> = training.iter().map(|&picture| picture.into()).collect();
    let origin = Origin { model, w: initial(model, recipe.seed), frozen: &[], factory: None };
    let began = Instant::now();
    let outcome = teach_from(origin, &lessons, recipe, progress, &mut |_, _| Ok(()))?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Trained {
        train: accuracy(recipe.device, model, &training, &outcome.weights)?,
        test: accuracy(recipe.device, model, &test, &outcome.weights)?,
        weights: outcome.weights,
        gradients: outcome.gradients,
        refused: outcome.refused,
        seconds,
    })
}
