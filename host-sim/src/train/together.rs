//! Trainings that wait for each other: on a GPU, those that agree in shape are replicas of one run.
//!
//! A piece of work that trains is a future. Where a CPU trains, it never waits. Where a GPU does, all pieces go on until each
//! waits for a training; then these are grouped and run, and their results let the pieces go on. Nothing is spawned, and a
//! result does not depend on who else waits.

use super::{Device, Error, Length, OnEpoch, Origin, Outcome, Recipe, teach_from};
use crate::finetune::{Progress, Silent};
use crate::gpu;
use crate::model::{Lesson, Model};
use rayon::prelude::*;
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Where a piece of work has its trainings done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trainer(Option<Arc<Mutex<Vec<Arc<Waiting>>>>>);

/// A training that waits, or is under way.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) order: Order,
    news: Mutex<VecDeque<News>>,
}

/// What is to be trained.
pub(crate) struct Order {
    pub(crate) model: &'static dyn Model,
    pub(crate) w: Vec<f32>,
    pub(crate) frozen: Vec<f32>,
    /// What an anchor pulls to.
    pub(crate) factory: Vec<f32>,
    pub(crate) lessons: Vec<Learnt>,
    pub(crate) recipe: Recipe,
    /// Whether somebody wants the weights of every epoch.
    pub(crate) watched: bool,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("model", &self.model.name()).field("recipe", &self.recipe).finish()
    }
}

/// A lesson that is kept while its owner waits.
#[derive(Debug)]
pub(crate) struct Learnt {
    x: Vec<f32>,
    target: Target,
    weight: f32,
}

#[derive(Debug)]
enum Target {
    Known(flatmin::nn::Target<'static>),
    Teacher { logits: Vec<f32>, temperature: f32 },
}

impl From<&Lesson<'_>> for Learnt {
    fn from(&Lesson { x, target, weight }: &Lesson<'_>) -> Self {
        use flatmin::nn::Target as Of;
        let target = match target {
            Of::Class(class) => Target::Known(Of::Class(class)),
            Of::Doubtful { label, q } => Target::Known(Of::Doubtful { label, q }),
            Of::Teacher { logits, temperature } => Target::Teacher { logits: logits.to_vec(), temperature },
        };
        Self { x: x.to_vec(), target, weight }
    }
}

impl Learnt {
    pub(crate) fn lesson(&self) -> Lesson<'_> {
        let target = match &self.target {
            Target::Known(target) => *target,
            Target::Teacher { logits, temperature } => {
                flatmin::nn::Target::Teacher { logits, temperature: *temperature }
            }
        };
        Lesson { x: &self.x, target, weight: self.weight }
    }
}

/// What a waiting piece of work is told.
#[derive(Debug)]
pub(crate) enum News {
    /// So many epochs are done; the weights.
    Epoch(u32, Vec<f32>),
    /// The training is over, after so long for its share.
    End(Result<Outcome, Error>, Duration),
}

impl Waiting {
    pub(crate) fn tell(&self, news: News) {
        lock(&self.news).push_back(news);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A training that was asked for.
pub(crate) enum Training<'a> {
    /// It is done when its end is waited for.
    Alone { origin: Origin<'a>, lessons: Vec<Lesson<'a>>, recipe: Recipe },
    /// It is done with others.
    Together { waiting: Arc<Waiting>, began: Instant },
}

impl Trainer {
    /// Asks for a training, as [`teach`](super::teach) does it. Several that do not depend on each other are better asked for
    /// before any is waited for. Only what is `watched` reports its epochs.
    pub(crate) fn begin<'a>(
        &self,
        origin: Origin<'a>,
        lessons: Vec<Lesson<'a>>,
        recipe: &Recipe,
        watched: bool,
    ) -> Result<Training<'a>, Error> {
        let Some(line) = self.0.as_ref().filter(|_| recipe.device == Device::Gpu) else {
            return Ok(Training::Alone { origin, lessons, recipe: *recipe });
        };
        Length::of(recipe, lessons.len())?;
        let (factory, lessons) = (origin.factory().to_vec(), lessons.iter().map(Learnt::from).collect());
        let Origin { model, w, frozen, .. } = origin;
        let order = Order { model, w, frozen: frozen.to_vec(), factory, lessons, recipe: *recipe, watched };
        let waiting = Arc::new(Waiting { order, news: Mutex::default() });
        lock(line).push(waiting.clone());
        Ok(Training::Together { waiting, began: Instant::now() })
    }
}

impl Training<'_> {
    /// The end of the training.
    pub(crate) async fn end(self, on_epoch: &mut OnEpoch<'_>) -> Result<Outcome, Error> {
        let (waiting, began) = match self {
            Self::Alone { origin, lessons, recipe } => {
                return teach_from(origin, &lessons, &recipe, &Silent, on_epoch);
            }
            Self::Together { waiting, began } => (waiting, began),
        };
        let mut watching = Duration::ZERO;
        loop {
            let news = poll_fn(|_| lock(&waiting.news).pop_front().map_or(Poll::Pending, Poll::Ready));
            match news.await {
                News::Epoch(epoch, w) => {
                    let began = Instant::now();
                    on_epoch(epoch, &w)?;
                    watching += began.elapsed();
                }
                News::End(outcome, share) => {
                    let idle = began.elapsed().saturating_sub(watching + share);
                    return outcome.map(|outcome| Outcome { idle, ..outcome });
                }
            }
        }
    }
}

/// A run of [`side_by_side`], as [`teach`](super::teach) takes it.
pub struct Job<'a> {
    /// What is trained.
    pub model: &'static dyn Model,
    /// Its weights.
    pub w: Vec<f32>,
    /// What does not train.
    pub frozen: &'a [f32],
    /// What is learnt.
    pub lessons: Vec<Lesson<'a>>,
    /// How.
    pub recipe: Recipe,
    /// Who watches, if anybody does.
    pub on_epoch: Option<&'a mut OnEpoch<'a>>,
}

impl Job<'_> {
    async fn train(self, trainer: Trainer) -> Result<Outcome, Error> {
        let Self { model, w, frozen, lessons, recipe, on_epoch } = self;
        let origin = Origin { model, w, frozen, factory: None };
        let training = trainer.begin(origin, lessons, &recipe, on_epoch.is_some())?;
        match on_epoch {
            Some(on_epoch) => training.end(on_epoch).await,
            None => training.end(&mut |_, _| Ok(())).await,
        }
    }
}

/// Trains all `jobs`, each with the outcome of [`teach`](super::teach). On a GPU, those with the same network, mini-batch,
/// composition and average are replicas of one run; learning rates, radii, seeds, samples and lengths may differ.
///
/// # Errors
/// [`Error::Gpu`] when there is no GPU; what else stops a job is its own result.
pub fn side_by_side(
    jobs: Vec<Job<'_>>,
    progress: &dyn Progress,
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    if jobs.iter().any(|job| job.recipe.device == Device::Gpu) {
        gpu::describe()?;
    }
    let work = |trainer: &Trainer| jobs.into_iter().map(|job| job.train(trainer.clone())).collect();
    Ok(all(progress, work, |waiting, meanwhile| gpu::train(waiting, progress, meanwhile)))
}

/// The result of work that has nothing to wait for, since its trainer is the default one.
pub(crate) fn at_once<R>(work: impl Future<Output = R>) -> R {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a training alone is done when its end is waited for"),
    }
}

/// A piece of work and, in the end, its result.
enum Work<F: Future> {
    Running(Pin<Box<F>>),
    Done(F::Output),
}

impl<F: Future> Work<F> {
    /// Goes on as far as possible; whether that was to the end.
    fn go_on(&mut self) -> bool {
        let Self::Running(work) = self else { return false };
        let Poll::Ready(result) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            return false;
        };
        *self = Self::Done(result);
        true
    }
}

/// Does all `work` at once, on the threads of the caller's pool, and the trainings with `train`, which tells each what becomes
/// of it. Between epochs it calls what it is given, so that those who watch can do so.
pub(crate) fn all<F>(
    progress: &dyn Progress,
    work: impl FnOnce(&Trainer) -> Vec<F>,
    train: impl Fn(&[Arc<Waiting>], &mut dyn FnMut()),
) -> Vec<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let trainer = Trainer(Some(Arc::default()));
    let mut works: Vec<Work<F>> =
        work(&trainer).into_iter().map(|one| Work::Running(Box::pin(one))).collect();
    let done = Cell::new(0);
    let mut go_on = || {
        let running = works.par_iter_mut().with_max_len(1);
        done.set(done.get() + running.filter_map(|work| work.go_on().then_some(())).count());
    };
    loop {
        go_on();
        (0..done.take()).for_each(|_| progress.advance());
        let waiting = trainer.0.as_ref().map(|line| std::mem::take(&mut *lock(line))).unwrap_or_default();
        if waiting.is_empty() {
            break;
        }
        train(&waiting, &mut go_on);
    }
    let result = |work| match work {
        Work::Done(result) => result,
        Work::Running(_) => unreachable!("who does not wait for a training is done"),
    };
    works.into_iter().map(result).collect()
}
