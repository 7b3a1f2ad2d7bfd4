//! Models and the training loop.

use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use flatmin_sim::data::digits;
use flatmin_sim::finetune::Scope;
use flatmin_sim::model::{Example, Net, Workspace, initial, model};
use flatmin_sim::tolerance::{INITIAL_SPREAD, MEAN_OF_WEIGHTS};
use flatmin_sim::train::{Averaging, Device, Error, Outcome, Recipe, train};

const RECIPE: Recipe = Recipe {
    spec: Spec::new(MethodSpec::Plain, OptimizerSpec::momentum(0.9, 0.0)),
    epochs: 5,
    batch: 8,
    lr: Rate::Constant(0.05),
    average: None,
    seed: 7,
    anchor: 0.0,
    fresh_epochs: false,
    device: Device::Cpu,
};

/// Trains the digits MLP on the first `count` digits; also the weights at the end of each epoch.
fn trained(count: usize, recipe: &Recipe) -> Result<(Outcome, Vec<Vec<f32>>), Error> {
    let set = digits::load().unwrap();
    let examples: Vec<_> = (0..count).map(|i| Example { x: set.input(i), label: set.labels[i] }).collect();
    let net = model(Net::Digits, Scope::All);
    let mut epochs = Vec::new();
    let outcome = train(net, initial(net, 1), &[], &examples, recipe, &mut |epoch, w| {
        epochs.push(w.to_vec());
        assert_eq!(epoch as usize, epochs.len());
        Ok(())
    })?;
    Ok((outcome, epochs))
}

#[test]
fn partial_batches_are_dropped_and_few_examples_are_one_batch() {
    let gradients = |count| trained(count, &RECIPE).unwrap().0.gradients;
    assert_eq!([gradients(8), gradients(15), gradients(16), gradients(3)], [5 * 8, 5 * 8, 5 * 16, 5 * 3]);
}

#[test]
fn what_cannot_be_trained_is_refused() {
    assert!(matches!(trained(0, &RECIPE), Err(Error::NoExamples)));
    assert!(matches!(trained(8, &Recipe { batch: 0, ..RECIPE }), Err(Error::EmptyBatch)));
    assert!(matches!(trained(16, &Recipe { epochs: u32::MAX, ..RECIPE }), Err(Error::TooLong { .. })));
    let sam = MethodSpec::Sam { rho: Rate::Constant(-1.0), eps: 1e-12 };
    let negative = Recipe { spec: Spec { method: sam, ..RECIPE.spec }, ..RECIPE };
    assert!(trained(8, &negative).unwrap_err().to_string().contains("rho"));
}

#[test]
fn swa_is_the_mean_of_late_epochs() {
    let (_, plain) = trained(32, &RECIPE).unwrap();
    let averaged = Recipe { average: Some(Averaging::Swa { from: 0.6 }), ..RECIPE };
    let (outcome, epochs) = trained(32, &averaged).unwrap();
    assert_eq!(epochs[..3], plain[..3], "the average begins with the weights of epoch 3 of 5");
    for (i, &w) in outcome.weights.iter().enumerate() {
        let mean = plain[2..].iter().map(|w| f64::from(w[i])).sum::<f64>() / 3.0;
        assert!((f64::from(w) - mean).abs() < MEAN_OF_WEIGHTS.value);
    }
}

#[test]
fn ema_lags_behind_and_keeps_training_as_it_is() {
    let (plain, _) = trained(32, &RECIPE).unwrap();
    let ema =
        |decay| trained(32, &Recipe { average: Some(Averaging::Ema { decay }), ..RECIPE }).unwrap().0.weights;
    assert_eq!(ema(0.0), plain.weights);
    assert_ne!(ema(0.95), plain.weights);
}

#[test]
fn steps_without_a_finite_loss_are_counted_and_keep_the_weights() {
    let (outcome, _) = trained(32, &Recipe { lr: Rate::Constant(1e30), ..RECIPE }).unwrap();
    assert!(outcome.refused > 0 && outcome.refused < 5 * 4, "{}", outcome.refused);
    assert!(outcome.weights.iter().all(|w| w.is_finite()));
}

#[test]
fn a_split_model_is_the_same_model() {
    let set = digits::load().unwrap();
    let full = initial(model(Net::Digits, Scope::All), 3);
    let logits = |scope| {
        let model = model(Net::Digits, scope);
        let (w, frozen) = model.split(&full).unwrap();
        assert_eq!(model.merge(&w, &frozen).unwrap(), full);
        assert_eq!((w.len(), model.params()), (model.trainable(), 2_410));
        Workspace::new(model, &frozen).logits(set.input(0), &w).unwrap().to_vec()
    };
    assert_eq!(logits(Scope::All), logits(Scope::Last));
    assert_eq!(logits(Scope::All), logits(Scope::Bias));
    assert!(model(Net::Wrist, Scope::Last).split(&full).is_err());
}

#[test]
fn initial_weights_have_the_right_spread_and_biases_are_zero() {
    for (net, first, fan_in) in [(Net::Digits, 64 * 32, 64.0), (Net::Wrist, 16 * 30, 30.0)] {
        let w = initial(model(net, Scope::All), 5);
        let variance = w[..first].iter().map(|w| w * w).sum::<f32>() / first as f32;
        assert!(f64::from((variance * fan_in / 2.0 - 1.0).abs()) < INITIAL_SPREAD.value, "{variance}");
        let biases = if net == Net::Digits { 32 } else { 16 };
        assert!(w[first..first + biases].iter().all(|&b| b == 0.0));
        assert_ne!(w, initial(model(net, Scope::All), 6));
    }
}
