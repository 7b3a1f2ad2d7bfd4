//! From an arm to a recipe.

use super::tuned::Tuned;
use super::{Arm, pretraining};
use crate::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use crate::model::Net;
use crate::train::{Averaging, Device, Recipe};
use flatmin::methods::FilterScale;
use flatmin::schedule::Cosine;

/// Epochs without replay; with it every epoch is longer, and half of them do.
const EPOCHS: u32 = 30;
/// Samples of a mini-batch.
const BATCH: usize = 8;
/// The share of the steps after which SWA collects.
const SWA_FROM: f32 = 0.4;
/// The same when a base model is trained.
const BASE_SWA_FROM: f32 = 0.6;
/// How much of the old mean an exponential average keeps at each step: about a fifth of a run of ninety steps.
const EMA_DECAY: f32 = 0.95;

/// Training a base model with `arm`, everything as it was tuned for the task of classifying unseen people.
pub(super) fn base(arm: Arm, net: Net, seed: u64) -> Recipe {
    let epochs = match net {
        Net::Digits => 60,
        Net::Wrist => 25,
    };
    let (lr, strength) = match (net, arm) {
        (Net::Digits, Arm::Sam | Arm::SamSwa | Arm::Rst) => (0.1, 0.25),
        (Net::Wrist, Arm::Sam | Arm::SamSwa) => (0.1, 0.06),
        (Net::Wrist, Arm::Rst) => (0.1, 0.25),
        (Net::Digits, Arm::Lpf) => (0.3, 0.4),
        (Net::Wrist, Arm::Lpf) => (0.1, 0.2),
        (Net::Digits, Arm::Swa | Arm::SgdWd) => (0.3, 0.0),
        (_, Arm::Adam) => (0.008, 0.0),
        _ => (0.1, 0.0),
    };
    let recipe = scratch(arm, strength, lr, seed);
    Recipe { epochs: epochs * recipe.epochs, ..recipe }
}

/// One epoch of training from scratch with `arm`, or what counts as one: `sgd-2x` has two.
pub(crate) fn scratch(arm: Arm, strength: f32, lr: f32, seed: u64) -> Recipe {
    let decay = if arm == Arm::SgdWd { 2e-3 } else { 5e-4 };
    let optimizer = match arm {
        Arm::Adam => OptimizerSpec::AdamW { betas: [0.9, 0.999], eps: 1e-8, weight_decay: decay },
        _ => OptimizerSpec::momentum(0.9, decay),
    };
    let plain = pretraining(method(arm, strength), lr, seed);
    Recipe {
        spec: Spec::new(plain.spec.method, optimizer),
        epochs: if arm == Arm::Sgd2x { 2 } else { 1 },
        average: match average(arm) {
            Some(Averaging::Swa { .. }) => Some(Averaging::Swa { from: BASE_SWA_FROM }),
            other => other,
        },
        ..plain
    }
}

/// Fine-tuning in the study of wrong labels: a step that is right for right labels, and a velocity that does not survive
/// an epoch.
pub(super) fn bold(arm: Arm, tuned: Tuned, seed: u64) -> Recipe {
    let recipe = recipe(arm, tuned, false, seed);
    Recipe {
        spec: Spec::new(recipe.spec.method, OptimizerSpec::momentum(0.5, 0.0)),
        epochs: 20,
        batch: 7,
        fresh_epochs: true,
        ..recipe
    }
}

/// How `arm` fine-tunes.
pub(super) fn recipe(arm: Arm, tuned: Tuned, replay: bool, seed: u64) -> Recipe {
    let epochs = if replay { EPOCHS / 2 } else { EPOCHS };
    Recipe {
        spec: Spec::new(method(arm, tuned.strength), optimizer(arm)),
        epochs: if arm == Arm::Sgd2x { 2 * epochs } else { epochs },
        batch: BATCH,
        lr: Rate::Constant(tuned.lr),
        average: average(arm),
        seed,
        anchor: 0.0,
        fresh_epochs: false,
        device: Device::Cpu,
    }
}

fn method(arm: Arm, strength: f32) -> MethodSpec {
    let rho = Rate::Constant(strength);
    match arm {
        Arm::Sgd | Arm::Sgd2x | Arm::SgdWd | Arm::Adam | Arm::Ema | Arm::Swa => MethodSpec::Plain,
        Arm::Sam | Arm::SamSwa => MethodSpec::Sam { rho, eps: 1e-12 },
        Arm::Rst => MethodSpec::Rst { rho, eps: 1e-12, p: Rate::Constant(0.5) },
        Arm::Lpf => lpf(strength),
    }
}

/// LPF-SGD in four parts, with noise that grows from a sixteenth of `gamma` to `gamma`.
pub(crate) const fn lpf(gamma: f32) -> MethodSpec {
    MethodSpec::LpfSgd {
        gamma: Rate::Cosine(Cosine { from: gamma / 16.0, to: gamma }),
        scale: FilterScale::FilterRms,
        parts: 4,
    }
}

fn optimizer(arm: Arm) -> OptimizerSpec {
    match arm {
        Arm::Adam => OptimizerSpec::AdamW { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 },
        Arm::SgdWd => OptimizerSpec::momentum(0.9, 1e-2),
        _ => OptimizerSpec::momentum(0.9, 0.0),
    }
}

fn average(arm: Arm) -> Option<Averaging> {
    match arm {
        Arm::Ema => Some(Averaging::Ema { decay: EMA_DECAY }),
        Arm::Swa | Arm::SamSwa => Some(Averaging::Swa { from: SWA_FROM }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flatmin::method::Batch;

    #[test]
    fn only_sgd_2x_has_twice_the_epochs_and_replay_halves_them() {
        let epochs = |arm, replay| recipe(arm, Tuned { lr: 0.1, strength: 0.1 }, replay, 0).epochs;
        assert_eq!((epochs(Arm::Sgd, false), epochs(Arm::Sgd2x, false)), (30, 60));
        assert_eq!((epochs(Arm::Sam, true), epochs(Arm::Sgd2x, true)), (15, 30));
    }

    #[test]
    fn the_four_parts_of_a_batch_of_eight_are_pairs() {
        let MethodSpec::LpfSgd { gamma, parts, .. } = method(Arm::Lpf, 0.32) else { panic!("not LPF-SGD") };
        assert_eq!(gamma, Rate::Cosine(Cosine { from: 0.02, to: 0.32 }));
        let ranges = (0..u32::from(parts)).map(|index| Batch::Part { index, of: parts.into() }.range(BATCH));
        assert!(ranges.eq([0..2, 2..4, 4..6, 6..8]));
    }
}
