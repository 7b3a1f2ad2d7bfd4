//! Runs a recipe with the crate itself, in f32, on the best backend of this CPU. Gradients come from the crate's network
//! too where the problem is one; else they are those of the f64 problem, rounded.

mod network;

use super::ReplayError;
use super::golden::Tensor;
use super::problem::{Part, Problem};
use super::recipe::{self, Recipe};
use super::runner::{Asked, Moment, Runner, Task, Trajectory};
use crate::compose::{AnyMethod, Boxed, Failure, MethodSpec, OptimizerSpec, Parts, Rate, Spec, compose};
use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::{Backend, Cpu};
use flatmin::gates::Coin;
use flatmin::kernels::{Offset, SaveOffset};
use flatmin::layout::{Groups, Kind, Segment};
use flatmin::method::{Batch, Clock, Eval, Request};
use flatmin::methods::FilterScale;
use flatmin::noise::{Draw, Noise};
use network::Network;

/// The f32 runner.
#[derive(Debug, Clone, Copy, Default)]
pub struct Core;

impl Runner for Core {
    fn run(&self, task: &Task<'_>) -> Result<Trajectory, ReplayError> {
        let mut cpu = Cpu::detect();
        let mut method = method(task);
        let mut mean = task.recipe.average.map(|of| (of.collect(), Mean::new(of, task.w0.len())));
        let network = Network::of(task.problem);
        let mut w = narrow(task.w0);
        let mut g = vec![0.0; w.len()];
        let mut trajectory = Vec::with_capacity(task.steps);
        for step in 1..=task.steps {
            let mut asked = Vec::new();
            let mut objective = |point: &[f32], g: &mut [f32], request: Request| {
                let part = part(request.batch);
                let (loss, grad) = match &network {
                    Some(network) => network.evaluate(step, part, point)?,
                    None => rounded(task.problem, step, part, point),
                };
                asked.push(Asked { point: widen(point), part, loss: loss.into() });
                for (g, new) in g.iter_mut().zip(grad) {
                    *g = if request.accumulate { *g + new } else { new };
                }
                Ok::<f32, Failure>(loss)
            };
            let clock = clock(task, step);
            method
                .step(&mut cpu, &mut w, &mut g, &clock, &mut objective)
                .map_err(|error| failed(step, &error))?;
            if let Some((collect, mean)) = &mut mean
                && collect.after(step)
            {
                mean.observe(&mut cpu, &w, &clock).map_err(|error| failed(step, &error))?;
            }
            trajectory.push(Moment {
                asked,
                w: widen(&w),
                w_avg: mean.as_ref().and_then(|(_, mean)| mean.weights()),
                n_averaged: mean.as_ref().map_or(0, |(_, mean)| mean.count),
            });
        }
        Ok(trajectory)
    }

    fn ascend(&self, task: &Task<'_>, w: &[f64], grad: &[f64]) -> Result<Option<Vec<f64>>, ReplayError> {
        let (recipe::Method::Sam(sam) | recipe::Method::Rst { sam, .. }) = task.recipe.method else {
            return Ok(None);
        };
        // The ascent alone has no gate before it.
        let recipe = Recipe { method: recipe::Method::Sam(sam), ..task.recipe.clone() };
        let task = Task { recipe: &recipe, ..*task };
        let (mut cpu, mut w, mut g) = (Cpu::detect(), narrow(w), narrow(grad));
        let mut method = method(&task);
        let eval = Eval { g: &mut g[..], loss: 0.0 };
        method
            .begin(&mut cpu, &mut w, &clock(&task, 1))
            .and_then(|_| method.resume(&mut cpu, &mut w, eval))
            .map_err(|error| failed(1, &error))?;
        Ok(Some(widen(&w)))
    }
}

/// Loss and gradient computed in f64.
fn rounded(problem: &Problem, step: usize, part: Part, point: &[f32]) -> (f32, Vec<f32>) {
    let value = problem.evaluate(step, part, &widen(point));
    (value.loss as f32, narrow(&value.grad))
}

fn failed(step: usize, error: &dyn std::fmt::Display) -> ReplayError {
    ReplayError::Core { step, error: error.to_string() }
}

fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|x| *x as f32).collect()
}

fn widen(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

fn clock(task: &Task<'_>, step: usize) -> Clock {
    let lr = match task.recipe.optimizer {
        recipe::Optimizer::Sgd(of) => of.lr,
        recipe::Optimizer::Adam(of) | recipe::Optimizer::AdamW(of) => of.lr,
    };
    Clock { step: step as u32 - 1, total: task.steps as u32, lr: lr as f32 }
}

fn part(batch: Batch) -> Part {
    match batch {
        Batch::Part { index, of } if of > 1 => Part::Of { index: index as usize, of: of as usize },
        Batch::Part { .. } => Part::Of { index: 0, of: 1 },
        _ => Part::Whole,
    }
}

/// The composition that a recipe asks for.
fn method(task: &Task<'_>) -> Box<dyn AnyMethod<Cpu>> {
    // A few dozen bytes a case, for the life of the program: compositions borrow their layout as firmware does, forever.
    let segments = Box::leak(task.layout.iter().map(segment).collect::<Vec<_>>().into_boxed_slice());
    let (noise, coins) = match &task.recipe.method {
        recipe::Method::LpfSgd(of) => (recorded(&of.noise), Vec::new()),
        recipe::Method::Rst { coins, .. } => (Recorded::default(), coins.clone()),
        recipe::Method::Plain | recipe::Method::Sam(_) => Default::default(),
    };
    let zeros = |n| vec![0.0_f32; n];
    let parts = Parts { segments, zeros, noise, coin: RecordedCoins(coins) };
    compose::<Cpu, Vec<f32>, _, _, _, _>(&spec(task.recipe), parts, Boxed)
}

fn segment(tensor: &Tensor) -> Segment {
    let (filters, fan_in, kind) = match (tensor.shape.len(), tensor.kind) {
        (0 | 1, super::golden::Kind::Bias) => (tensor.len, 1, Kind::Bias),
        (0 | 1, super::golden::Kind::Norm) => (tensor.len, 1, Kind::Norm),
        // Whatever is not a bias and has one axis is one filter.
        _ => (tensor.filters(), tensor.len / tensor.filters().max(1), Kind::Weight),
    };
    Segment { filters: filters as u32, fan_in: fan_in as u32, kind }
}

fn spec(recipe: &Recipe) -> Spec {
    let rho_eps = |sam: &recipe::Sam| (Rate::Constant(sam.rho as f32), sam.eps as f32);
    let method = match &recipe.method {
        recipe::Method::Plain => MethodSpec::Plain,
        recipe::Method::Sam(sam) => {
            let (rho, eps) = rho_eps(sam);
            MethodSpec::Sam { rho, eps }
        }
        recipe::Method::Rst { sam, .. } => {
            let (rho, eps) = rho_eps(sam);
            MethodSpec::Rst { rho, eps, p: Rate::Constant(0.5) }
        }
        recipe::Method::LpfSgd(of) => MethodSpec::LpfSgd {
            gamma: Rate::Constant(of.std as f32),
            scale: FilterScale::FilterNorm,
            parts: of.parts,
        },
    };
    Spec::new(method, optimizer(recipe.optimizer))
}

fn optimizer(of: recipe::Optimizer) -> OptimizerSpec {
    match of {
        recipe::Optimizer::Sgd(of) => OptimizerSpec::Sgd {
            momentum: (of.momentum != 0.0).then_some(of.momentum as f32),
            dampening: of.dampening as f32,
            nesterov: of.nesterov,
            weight_decay: of.weight_decay as f32,
        },
        recipe::Optimizer::Adam(of) => {
            let (betas, eps) = ([of.beta1 as f32, of.beta2 as f32], of.eps as f32);
            OptimizerSpec::Adam { betas, eps, weight_decay: of.weight_decay as f32 }
        }
        recipe::Optimizer::AdamW(of) => {
            let (betas, eps) = ([of.beta1 as f32, of.beta2 as f32], of.eps as f32);
            OptimizerSpec::AdamW { betas, eps, weight_decay: of.weight_decay as f32 }
        }
    }
}

/// Recorded coins; tails where nothing is recorded.
#[derive(Debug, Clone, Default)]
struct RecordedCoins(Vec<bool>);

impl Coin for RecordedCoins {
    fn toss(&mut self, _: f32, step: u32) -> bool {
        self.0.get(step as usize).copied().unwrap_or(false)
    }
}

/// Recorded noise, by step, then by part; none where nothing is recorded.
#[derive(Debug, Clone, Default)]
struct Recorded(Vec<Vec<Vec<f32>>>);

fn recorded(noise: &[Vec<Vec<f64>>]) -> Recorded {
    Recorded(noise.iter().map(|parts| parts.iter().map(|part| narrow(part)).collect()).collect())
}

impl Recorded {
    fn of(&self, draw: Draw, len: usize) -> Vec<f32> {
        let recorded = self.0.get(draw.step as usize).and_then(|parts| parts.get(draw.part as usize));
        recorded.cloned().unwrap_or_else(|| vec![0.0; len])
    }
}

impl<B: Backend<Vector = [f32]>> Noise<B> for Recorded {
    fn perturb(&mut self, b: &mut B, draw: Draw, _: Groups<'_>, _: &[f32], w: &mut [f32], saved: &mut [f32]) {
        let noise = self.of(draw, saved.len());
        b.map(SaveOffset {}, [], [w, saved], [&noise]);
    }

    fn reperturb(&mut self, b: &mut B, draw: Draw, _: Groups<'_>, _: &[f32], w: &mut [f32], saved: &[f32]) {
        b.map(Offset {}, [], [w], [saved, &self.of(draw, saved.len())]);
    }
}

/// An average of the crate, and how many weights it holds.
struct Mean {
    average: Kept,
    count: usize,
}

enum Kept {
    Swa(Swa<Vec<f32>>),
    Ema(Ema<Vec<f32>>),
}

impl Mean {
    fn new(of: recipe::Average, n: usize) -> Self {
        let average = match of {
            recipe::Average::Swa(_) => Kept::Swa(Swa::new(vec![0.0; n])),
            recipe::Average::Ema { decay, .. } => Kept::Ema(Ema::new(vec![0.0; n]).decay(decay as f32)),
        };
        Self { average, count: 0 }
    }

    fn observe(&mut self, cpu: &mut Cpu, w: &[f32], clock: &Clock) -> Result<(), flatmin::Error> {
        self.count += 1;
        match &mut self.average {
            Kept::Swa(swa) => swa.observe(cpu, w, clock),
            Kept::Ema(ema) => ema.observe(cpu, w, clock),
        }
    }

    fn weights(&self) -> Option<Vec<f64>> {
        match &self.average {
            Kept::Swa(swa) => Average::<Cpu>::mean(swa).map(widen),
            Kept::Ema(ema) => Average::<Cpu>::mean(ema).map(widen),
        }
    }
}
