//! Which runs can be replicas of one.

use crate::compose::{MethodSpec, OptimizerSpec};
use crate::train::{Averaging, Length, News, Order, Waiting};
use flatmin::methods::FilterScale;
use flatmin_gpu::nn::Layer;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::time::Duration;

/// Runs that are done at once, at most.
const MOST: usize = 512;
/// Sample numbers that a step names, at most: they travel with its submission.
const NUMBERS: usize = 1 << 15;

/// What runs must agree in to be replicas of one.
#[derive(Clone, Debug, PartialEq)]
struct Kin {
    layers: Vec<Layer>,
    batch: usize,
    method: Kind,
    /// Which, whether it has momentum, and whether that looks ahead.
    optimizer: (Discriminant<OptimizerSpec>, bool, bool),
    clips: bool,
    anchored: bool,
    average: Option<Averaging>,
    fresh_epochs: bool,
    /// Where something is done to all replicas at the end of an epoch.
    length: Option<Length>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Plain,
    /// Also RST's: a closed gate is a radius of 0.
    Sam,
    LpfSgd(FilterScale, u16),
    LpfSgdResidual(FilterScale, u16),
}

impl Kin {
    fn of(Order { model, recipe, .. }: &Order, length: Length) -> Self {
        let all_at_once = recipe.fresh_epochs || matches!(recipe.average, Some(Averaging::Swa { .. }));
        Self {
            layers: model.layers(),
            batch: length.batch,
            method: match recipe.spec.method {
                MethodSpec::Plain => Kind::Plain,
                MethodSpec::Sam { .. } | MethodSpec::Rst { .. } => Kind::Sam,
                MethodSpec::LpfSgd { scale, parts, .. } => Kind::LpfSgd(scale, parts),
                MethodSpec::LpfSgdResidual { scale, parts, .. } => Kind::LpfSgdResidual(scale, parts),
            },
            optimizer: match &recipe.spec.optimizer {
                sgd @ OptimizerSpec::Sgd { momentum, nesterov, .. } => {
                    (discriminant(sgd), momentum.is_some(), *nesterov)
                }
                adam => (discriminant(adam), false, false),
            },
            clips: recipe.spec.max_norm.is_some(),
            anchored: recipe.anchor > 0.0,
            average: recipe.average,
            fresh_epochs: recipe.fresh_epochs,
            length: all_at_once.then_some(length),
        }
    }
}

/// A run to come.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) waiting: Arc<Waiting>,
    pub(super) length: Length,
}

impl Run {
    pub(super) fn order(&self) -> &Order {
        &self.waiting.order
    }

    pub(super) fn epochs(&self) -> u32 {
        self.order().recipe.epochs
    }
}

/// Who can be replicas of one run, longest first.
pub(super) fn groups(waiting: &[Arc<Waiting>]) -> Vec<Vec<Run>> {
    let mut groups: Vec<(Kin, Vec<Run>)> = Vec::new();
    for waiting in waiting {
        let Order { recipe, lessons, .. } = &waiting.order;
        let length = match Length::of(recipe, lessons.len()) {
            Ok(length) => length,
            Err(error) => {
                waiting.tell(News::End(Err(error), Duration::ZERO));
                continue;
            }
        };
        let (kin, run) = (Kin::of(&waiting.order, length), Run { waiting: waiting.clone(), length });
        match groups.iter_mut().find(|(known, _)| *known == kin) {
            Some((_, group)) => group.push(run),
            None => groups.push((kin, vec![run])),
        }
    }
    let chunks = groups.into_iter().flat_map(|(kin, mut group)| {
        group.sort_by_key(|run| std::cmp::Reverse(run.length.total));
        let most = MOST.min(NUMBERS / kin.batch).max(1);
        group.chunks(most).map(<[Run]>::to_vec).collect::<Vec<_>>()
    });
    chunks.collect()
}
