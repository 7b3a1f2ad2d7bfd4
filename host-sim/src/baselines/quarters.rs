//! How far accuracies on old digits depend on which random quarter of them is the test. Theirs were measured on another
//! quarter than ours, and all people share it, so that no standard error over people shows it. Base models end between 96.4
//! and 98.8 % on nine quarters.

use super::statistics::Summary;
use crate::finetune::{Arm, Base, Corpus, Error, Progress, Split, in_order};
use crate::model::Net;
use crate::train::{Device, Trainer, at_once};

/// Random quarters that are measured; the first is that of all experiments.
const COUNT: u32 = 9;

/// Standard deviations of a difference between two random quarters, in points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Quarters {
    /// Of the accuracy of base models.
    pub(super) accuracy: f64,
    /// Of what a SAM base has over an SGD base.
    pub(super) gain: f64,
}

impl Quarters {
    /// Trains a base model of both kinds for every quarter and writer.
    pub(super) fn measure(progress: &dyn Progress) -> Result<Self, Error> {
        let corpus = Corpus::embedded(Net::Digits)?;
        let of_quarter = |quarter| corpus.people.iter().map(move |&person| (quarter, person));
        let runs: Vec<(u32, u8)> = (0..COUNT).flat_map(of_quarter).collect();
        let accuracies = in_order(0, progress, "random test quarters", &runs, |&(quarter, person)| {
            let old = |arm| {
                let split = Split::of_quarter(&corpus, person, quarter)?;
                let place = (Device::Cpu, Trainer::default());
                let base = at_once(Base::train_on(&corpus, split, (person, 0), arm, place))?;
                Ok::<f64, Error>(100.0 * base.old)
            };
            let sgd = old(Arm::Sgd)?;
            Ok([sgd, old(Arm::Sam)? - sgd])
        })?;
        let spread = |of: usize| {
            let mean = |people: &[[f64; 2]]| people.iter().map(|x| x[of]).sum::<f64>() / people.len() as f64;
            let means: Vec<f64> = accuracies.chunks(corpus.people.len()).map(mean).collect();
            2.0_f64.sqrt() * Summary::of(&means).sd
        };
        Ok(Self { accuracy: spread(0), gain: spread(1) })
    }

    /// What a row says of it.
    pub(super) fn note(draws: f64, strict: f64) -> String {
        format!("and {draws:.2} for two random test quarters, measured on {COUNT} (without: {strict:.1})")
    }
}
