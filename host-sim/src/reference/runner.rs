//! Runs a recipe with the textbook implementations.

use super::{Adam, AdamW, Average, Ema, LpfSgd, Method, Optimizer, Plain, Rst, Sam, Sgd, Swa, perturbed};
use crate::replay::ReplayError;
use crate::replay::recipe;
use crate::replay::runner::{Asked, Moment, Runner, Task, Trajectory};

/// The f64 runner.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Runner for Reference {
    fn run(&self, task: &Task<'_>) -> Result<Trajectory, ReplayError> {
        let mut optimizer = optimizer(task.recipe.optimizer);
        let mut method = method(&task.recipe.method);
        let mut average = task.recipe.average.map(average);
        let mut w = task.w0.to_vec();
        let mut trajectory = Vec::with_capacity(task.steps);
        for step in 1..=task.steps {
            let mut asked = Vec::new();
            method.step(&mut w, optimizer.as_mut(), &mut |point, part| {
                let value = task.problem.evaluate(step, part, point);
                asked.push(Asked { point: point.to_vec(), part, loss: value.loss });
                (value.loss, value.grad)
            });
            if let Some((collect, average)) = &mut average
                && collect.after(step)
            {
                average.collect(&w);
            }
            trajectory.push(Moment {
                asked,
                w: w.clone(),
                w_avg: average.as_ref().and_then(|(_, average)| average.mean()).map(<[f64]>::to_vec),
                n_averaged: average.as_ref().map_or(0, |(_, average)| average.count()),
            });
        }
        Ok(trajectory)
    }

    fn ascend(&self, task: &Task<'_>, w: &[f64], grad: &[f64]) -> Result<Option<Vec<f64>>, ReplayError> {
        Ok(match task.recipe.method {
            recipe::Method::Sam(sam) | recipe::Method::Rst { sam, .. } => Some(perturbed(sam, w, grad)),
            recipe::Method::Plain | recipe::Method::LpfSgd(_) => None,
        })
    }
}

fn optimizer(of: recipe::Optimizer) -> Box<dyn Optimizer> {
    match of {
        recipe::Optimizer::Sgd(of) => Box::new(Sgd::new(of)),
        recipe::Optimizer::Adam(of) => Box::new(Adam::new(of)),
        recipe::Optimizer::AdamW(of) => Box::new(AdamW::new(of)),
    }
}

fn method(of: &recipe::Method) -> Box<dyn Method> {
    match of {
        recipe::Method::Plain => Box::new(Plain),
        recipe::Method::Sam(sam) => Box::new(Sam(*sam)),
        recipe::Method::Rst { sam, coins } => Box::new(Rst::new(*sam, coins.clone())),
        recipe::Method::LpfSgd(lpf) => Box::new(LpfSgd::new(lpf.clone())),
    }
}

fn average(of: recipe::Average) -> (recipe::Collect, Box<dyn Average>) {
    match of {
        recipe::Average::Swa(collect) => (collect, Box::new(Swa::default())),
        recipe::Average::Ema { decay, collect } => (collect, Box::new(Ema::new(decay))),
    }
}
