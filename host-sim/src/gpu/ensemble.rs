//! Many training runs as replicas of one: people, seeds and hyperparameters side by side, one dispatch for all.
//!
//! What has to agree is what a dispatch has in common (`kin.rs`): network, mini-batch, and the kernels of a step. Learning
//! rates, radii, seeds, samples and the number of steps are each run's own; the longest come first, and the others leave when
//! they are done.

mod book;
mod kin;

use super::{Error, open};
use crate::compose::{Anchor, AnyMethod, Boxed, MethodSpec, Parts, compose_replica};
use crate::finetune::Progress;
use crate::model::Lesson;
use crate::report::label;
use crate::train::{self, Length, News, Order, Outcome, Running, Waiting, anchor, lend, order, state_lens};
use book::Book;
use flatmin::gate::Gate;
use flatmin::gates::Bernoulli;
use flatmin::method::{Clock, Eval, Next};
use flatmin::rng::Seed;
use flatmin::schedule::Schedule;
use flatmin_gpu::nn::{Data, Network, Sample};
use flatmin_gpu::{Gpu, Vector};
use kin::{Run, groups};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Trains all that wait, each as if it were alone. `meanwhile` is called where the host would wait for the device.
pub(crate) fn train(waiting: &[Arc<Waiting>], progress: &dyn Progress, meanwhile: &mut dyn FnMut()) {
    let groups = groups(waiting);
    let epochs =
        groups.iter().map(|group| u64::from(group.iter().map(|run| run.epochs()).max().unwrap_or(0)));
    let (runs, of) = (label::count(waiting.len(), "run"), label::count(groups.len(), "group"));
    progress.begin(&format!("epochs, {runs} in {of}"), epochs.sum());
    for group in &groups {
        if let Err(error) = run(group, progress, meanwhile) {
            let error = Arc::new(error);
            for run in group {
                run.waiting.tell(News::End(Err(train::Error::Ensemble(error.clone())), Duration::ZERO));
            }
        }
    }
    progress.end();
}

fn run(group: &[Run], progress: &dyn Progress, meanwhile: &mut dyn FnMut()) -> Result<(), train::Error> {
    let mut ensemble = Ensemble::new(group)?;
    let longest = group.first().map_or(0, |run| run.length.total);
    ensemble.dismiss(0);
    for step in 0..longest {
        ensemble.step(step)?;
        ensemble.after_step(step + 1)?;
        ensemble.report(step + 1, meanwhile)?;
        let done = step as usize + 1;
        group.first().filter(|run| done.is_multiple_of(run.length.steps)).inspect(|_| progress.advance());
    }
    Ok(())
}

/// Runs under way, side by side.
struct Ensemble<'a> {
    runs: &'a [Run],
    gpu: Gpu,
    network: Network,
    data: Data,
    frozen: Vector,
    w: Vector,
    g: Vector,
    state: Vec<(usize, Vector)>,
    anchor: Option<Anchor<Vector>>,
    average: Running<Gpu, Vector>,
    replicas: Vec<Replica>,
    /// When it began, and how long it was held up by others.
    began: Instant,
    meanwhile: Duration,
}

/// What one of them has on the host.
struct Replica {
    method: Box<dyn AnyMethod<Gpu>>,
    /// Numbers of its lessons in the data.
    numbers: Vec<u32>,
    order: Vec<usize>,
    gradients: u64,
    refused: u32,
}

impl<'a> Ensemble<'a> {
    fn new(runs: &'a [Run]) -> Result<Self, train::Error> {
        let Some(first) = runs.first() else { return Err(train::Error::NoExamples) };
        let (model, recipe) = (first.order().model, &first.order().recipe);
        let gpu = open()?.lane(runs.len() as u32).map_err(Error::from)?;
        let all = |values: &dyn Fn(&Order) -> Vec<f32>| {
            let values: Vec<f32> = runs.iter().flat_map(|run| values(run.order())).collect();
            gpu.upload(&values).map_err(Error::from)
        };
        let network = Network::new(&gpu, &model.layers(), first.length.batch).map_err(Error::from)?;
        let mut book = Book::default();
        let numbers: Vec<Vec<u32>> = runs.iter().map(|run| book.enter(run.order())).collect();
        let data = network.data(book.lessons.into_iter().map(sample)).map_err(Error::from)?;
        let zeros = |len: usize| gpu.zeros(len).map_err(Error::from);
        let state = state_lens(model, recipe).into_iter().map(|len| Ok((len, zeros(len)?)));
        let state = state.collect::<Result<Vec<_>, Error>>()?;
        let of_anchor = |order: &Order| anchor(order.model, &order.factory, order.recipe.anchor);
        let anchor = match recipe.anchor > 0.0 {
            false => None,
            true => Some(Anchor {
                factory: all(&|order| of_anchor(order).factory)?,
                strengths: all(&|order| of_anchor(order).strengths)?,
            }),
        };
        let replicas = runs.iter().zip(numbers).map(|(run, numbers)| Replica {
            method: method(run.order(), &state, &anchor),
            numbers,
            order: Vec::new(),
            gradients: 0,
            refused: 0,
        });
        Ok(Self {
            runs,
            replicas: replicas.collect(),
            frozen: all(&|order| order.frozen.clone())?,
            w: all(&|order| order.w.clone())?,
            g: zeros(model.trainable())?,
            average: Running::new(recipe.average, || zeros(model.trainable()))?,
            network,
            data,
            state,
            anchor,
            gpu,
            began: Instant::now(),
            meanwhile: Duration::ZERO,
        })
    }

    /// One step of every run that goes on.
    fn step(&mut self, step: u32) -> Result<(), train::Error> {
        let going = &self.runs[..self.gpu.active() as usize];
        self.begin_epochs(step, going)?;
        let clock = |run: &Run| {
            let (recipe, total) = (&run.order().recipe, run.length.total);
            Clock { step, total, lr: recipe.lr.at(step, total) }
        };
        let clocks: Vec<Clock> = going.iter().map(clock).collect();
        let opens: Vec<bool> = going
            .iter()
            .zip(&clocks)
            .map(|(run, clock)| opens(run.order(), clock))
            .collect::<Result<_, _>>()?;
        let Self { gpu, network, data, frozen, w, g, replicas, .. } = self;
        let mut b = gpu.clone();
        let each = |phase: &mut dyn FnMut(usize) -> Result<Next, flatmin::Error>| {
            let next = gpu.each(|k| phase(k as usize)).map_err(|error| why(gpu, error))?;
            Ok::<_, train::Error>(next.first().copied().unwrap_or(Next::Done))
        };
        let mut next = each(&mut |k| replicas[k].method.begin(&mut b, w, &clocks[k]))?;
        let mut first = true;
        while let Next::Gradient(request) = next {
            let mut samples = Vec::new();
            for ((replica, run), opens) in replicas.iter_mut().zip(going).zip(&opens) {
                let Length { batch, steps, .. } = run.length;
                let from = step as usize % steps * batch;
                let part = replica.order.get(from..from + batch).unwrap_or_default();
                let part = part.get(request.batch.range(batch)).unwrap_or_default();
                samples.extend(part.iter().map(|&i| replica.numbers[i]));
                // A closed gate takes its gradient twice, for company, at the same weights.
                replica.gradients += if first || *opens { part.len() as u64 } else { 0 };
            }
            let loss =
                network.gradient(data, &samples, w, frozen, g, request.accumulate).map_err(Error::from)?;
            next =
                each(&mut |k| replicas[k].method.resume(&mut b, w, Eval { g: &mut *g, loss: loss.clone() }))?;
            first = false;
        }
        Ok(())
    }

    /// Orders of samples, and fresh methods where epochs begin anew.
    fn begin_epochs(&mut self, step: u32, going: &[Run]) -> Result<(), train::Error> {
        let begins = |run: &Run| (step as usize).is_multiple_of(run.length.steps);
        if step > 0 && going.iter().any(|run| run.order().recipe.fresh_epochs && begins(run)) {
            for (len, v) in &mut self.state {
                self.gpu.write(v, &vec![0.0; *len * self.runs.len()]).map_err(Error::from)?;
            }
            for (replica, run) in self.replicas.iter_mut().zip(going) {
                replica.method = method(run.order(), &self.state, &self.anchor);
            }
        }
        for (replica, run) in self.replicas.iter_mut().zip(going).filter(|(_, run)| begins(run)) {
            let epoch = step / run.length.steps as u32;
            replica.order = order(run.order().recipe.seed, epoch, run.order().lessons.len());
        }
        Ok(())
    }

    /// Averages, once `done` steps are; hands over.
    fn after_step(&mut self, done: u32) -> Result<(), train::Error> {
        let mut b = self.gpu.clone();
        if let Some(run) = self.runs.first() {
            let (step, total) = (done.saturating_sub(1), run.length.total);
            let clock = Clock { step, total, lr: run.order().recipe.lr.at(step, total) };
            self.average.after_step(&mut b, &self.w, &clock)?;
            if (done as usize).is_multiple_of(run.length.steps) {
                self.average.after_epoch(&mut b, &self.w, &clock)?;
            }
        }
        self.gpu.submit();
        Ok(())
    }

    /// Tells those whose epoch or run ends after `done` steps, if they want to know.
    fn report(&mut self, done: u32, meanwhile: &mut dyn FnMut()) -> Result<(), train::Error> {
        let going = &self.runs[..self.gpu.active() as usize];
        let ends = |run: &Run| (done as usize).is_multiple_of(run.length.steps);
        let settles = |run: &Run| {
            let watched = run.waiting.order.watched || run.order().recipe.fresh_epochs;
            done == run.length.total || (watched && ends(run))
        };
        if !going.iter().any(settles) {
            return Ok(());
        }
        let began = Instant::now();
        meanwhile();
        self.meanwhile += began.elapsed();
        let (mut b, replicas) = (self.gpu.clone(), &mut self.replicas);
        let refused = self.gpu.each(|k| Ok::<_, train::Error>(replicas[k as usize].method.settle(&mut b)))?;
        let w = self.average.mean().unwrap_or(&self.w);
        let weights = self.gpu.download(w).map_err(Error::from)?;
        let weights = weights.chunks_exact(w.len().max(1));
        for (((run, replica), refused), weights) in going.iter().zip(replicas).zip(refused).zip(weights) {
            replica.refused += refused;
            if ends(run) && run.waiting.order.watched {
                let epoch = done / run.length.steps as u32;
                run.waiting.tell(News::Epoch(epoch, weights.to_vec()));
            }
            if done == run.length.total {
                let Replica { gradients, refused, .. } = *replica;
                let outcome = Outcome { weights: weights.to_vec(), gradients, refused, idle: Duration::ZERO };
                let spent = self.began.elapsed().saturating_sub(self.meanwhile);
                run.waiting.tell(News::End(Ok(outcome), spent / self.runs.len() as u32));
            }
        }
        self.dismiss(done);
        Ok(())
    }

    /// Those that are done after `done` steps leave; they are the last ones.
    fn dismiss(&self, done: u32) {
        let going = self.runs.iter().filter(|run| run.length.total > done).count();
        self.gpu.narrow(going as u32);
    }
}

/// A run's method before its first step, with handles to the state of all.
fn method(
    order: &Order,
    state: &[(usize, Vector)],
    anchor: &Option<Anchor<Vector>>,
) -> Box<dyn AnyMethod<Gpu>> {
    let (segments, seed) = (order.model.segments(), Seed(order.recipe.seed));
    let zeros = lend(state.iter().map(|(len, v)| (*len, v.handle())).collect());
    let anchor = anchor
        .as_ref()
        .map(|anchor| Anchor { factory: anchor.factory.handle(), strengths: anchor.strengths.handle() });
    let parts = Parts { segments, zeros, noise: seed, coin: seed };
    compose_replica::<Gpu, Vector, _, _, _, _>(&order.recipe.spec, anchor, parts, Boxed)
}

/// Whether a run takes every gradient of this step; only a gate says no.
fn opens(order: &Order, clock: &Clock) -> Result<bool, flatmin::Error> {
    match order.recipe.spec.method {
        MethodSpec::Rst { p, .. } => {
            Gate::<Gpu>::opens(&mut Bernoulli::new(0).p(p).coin(Seed(order.recipe.seed)), clock)
        }
        MethodSpec::Plain
        | MethodSpec::Sam { .. }
        | MethodSpec::LpfSgd { .. }
        | MethodSpec::LpfSgdResidual { .. } => Ok(true),
    }
}

/// What the device says is more than that it failed.
fn why(gpu: &Gpu, error: flatmin::Error) -> train::Error {
    match gpu.status() {
        Err(device) if error == flatmin::Error::Device => Error::from(device).into(),
        _ => error.into(),
    }
}

fn sample(Lesson { x, target, weight }: Lesson<'_>) -> Sample<'_> {
    Sample { x, target, weight }
}
