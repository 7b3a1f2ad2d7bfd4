//! Base models: what is shipped before a person is known.

use super::plan::{BaseKey, Job};
use super::split::Split;
use super::{Corpus, Error, Progress, Purpose, Scope, in_order, seed};
use crate::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use crate::model::{Net, Workspace, initial, model};
use crate::train::{Recipe, train};
use flatmin::schedule::Cosine;
use std::collections::HashMap;

/// A model that has never seen one person.
pub(crate) struct Base {
    /// Which samples serve what.
    pub(crate) split: Split,
    /// The full vector.
    pub(crate) weights: Vec<f32>,
    /// Accuracy on the old test, in [0, 1].
    pub(crate) old: f64,
}

impl Base {
    /// Trains on everyone but `person`.
    pub(crate) fn train(corpus: &Corpus, person: u8, repetition: u32) -> Result<Self, Error> {
        let split = Split::without(corpus, person)?;
        let recipe = recipe(corpus.net, seed(Purpose::Base, corpus.net, person, repetition));
        let net = model(corpus.net, Scope::All);
        let examples = corpus.examples(&split.base);
        let start = initial(net, recipe.seed);
        let weights = train(net, start, &[], &examples, &recipe, &mut |_, _| Ok(()))?.weights;
        let old = Workspace::new(net, &[]).accuracy(&corpus.examples(&split.old_test), &weights)?;
        Ok(Self { split, weights, old })
    }
}

fn recipe(net: Net, seed: u64) -> Recipe {
    let epochs = match net {
        Net::Digits => 60,
        Net::Wrist => 25,
    };
    Recipe { epochs, ..pretraining(MethodSpec::Plain, 0.1, seed) }
}

/// Training from scratch: batch 32, momentum 0.9, weight decay 5e-4, a cosine from `lr` to 0; one epoch.
pub(crate) const fn pretraining(method: MethodSpec, lr: f32, seed: u64) -> Recipe {
    Recipe {
        spec: Spec::new(method, OptimizerSpec::momentum(0.9, 5e-4)),
        epochs: 1,
        batch: 32,
        lr: Rate::Cosine(Cosine { from: lr, to: 0.0 }),
        average: None,
        seed,
        anchor: 0.0,
        fresh_epochs: false,
    }
}

/// The base models of all jobs, each trained once.
pub(super) fn all(
    jobs: &[Job<'_>],
    threads: usize,
    progress: &dyn Progress,
) -> Result<HashMap<BaseKey, Base>, Error> {
    let mut wanted: Vec<_> = jobs.iter().map(|job| (job.base(), job.corpus)).collect();
    wanted.sort_by_key(|(key, _)| *key);
    wanted.dedup_by_key(|(key, _)| *key);
    let train =
        |&((_, person, repetition), corpus): &(BaseKey, &Corpus)| Base::train(corpus, person, repetition);
    let bases = in_order(threads, progress, "base models", &wanted, train)?;
    Ok(wanted.iter().map(|(key, _)| *key).zip(bases).collect())
}
