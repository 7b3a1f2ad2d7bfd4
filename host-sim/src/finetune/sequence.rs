//! Several people one after another, each on top of the one before: what is forgotten on the way?

use super::plan::{self, Variant};
use super::samples::{balanced, labelled_a_class};
use super::split::Split;
use super::tuned::{Case, Tuned, tuned};
use super::{Arm, Corpus, Error, Progress, Purpose, Settings, Task, arms, corpus, corrupt, seed, training};
use crate::model::{Example, Lesson, Workspace, initial, model};
use crate::train::{Origin, Recipe, Trainer};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::ReplayBuffer;
use flatmin::tune::replay_buffer::Class;
use serde::{Deserialize, Serialize};

/// People of a sequence, where there are enough; the base model has seen none of them.
pub const LENGTH: usize = 4;
/// People that a data set must have: one to train the base model on, and two to come one after another.
const LEAST: usize = 3;

/// One order of people with one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// The task.
    pub task: Task,
    /// The repetition: which people, in which order.
    pub seed: u32,
    /// The method.
    pub method: Arm,
    /// Samples in the replay buffer per labelled one.
    pub replay: u32,
    /// Share of wrong labels.
    pub noise: f32,
    /// Who, in order.
    pub people: Vec<u8>,
    /// The learning rate for each of them.
    pub lr: Vec<f32>,
    /// The forgetting matrix: `accuracy[i][j]` is that on person `j` after `i` people were learnt, in [0, 1]; row 0 is
    /// the base model.
    pub accuracy: Vec<Vec<f64>>,
    /// Accuracy on the base model's people after `i` people were learnt.
    pub old: Vec<f64>,
}

impl Sequence {
    /// Accuracy on each person right after learning them, the mean.
    pub fn just_learnt(&self) -> f64 {
        mean((0..self.people.len()).map(|j| self.accuracy[j + 1][j]))
    }

    /// Accuracy on everyone in the end, the mean.
    pub fn in_the_end(&self) -> f64 {
        mean(self.accuracy.last().into_iter().flatten().copied())
    }

    /// Backward transfer (Lopez-Paz & Ranzato 2017): what learning the later people did to the earlier ones, the mean of
    /// accuracy in the end minus right after learning, over all but the last. Below 0 is forgetting.
    pub fn backward_transfer(&self) -> f64 {
        let last = self.accuracy.len().saturating_sub(1);
        mean((0..last.saturating_sub(1)).map(|j| self.accuracy[last][j] - self.accuracy[j + 1][j]))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), x| (sum + x, count + 1));
    sum / f64::from(count.max(1))
}

/// Fine-tunes for [`LENGTH`] people in a random order, with every method asked for.
///
/// Of [`Settings`] it heeds tasks, arms, seeds, lr, noise, scope, anchor, replay and threads. With replay, a
/// [`ReplayBuffer`] of i8 samples begins with the base model's people and is offered every labelled sample afterwards.
///
/// # Errors
/// As [`run`](super::run).
pub fn run(settings: &Settings, progress: &dyn Progress) -> Result<Vec<Sequence>, Error> {
    plan::check(settings)?;
    let corpora = corpus::of_settings(settings)?;
    let mut starts = Vec::new();
    for &task in &settings.tasks {
        let Some(corpus) = corpora.iter().find(|corpus| corpus.net == task.net()) else { continue };
        if corpus.people.len() < LEAST {
            return Err(Error::FewPeople { needed: LEAST, there: corpus.people.len() });
        }
        starts.extend((0..settings.seeds).map(|repetition| (task, corpus, repetition)));
    }
    let bases =
        training(settings, progress, "base models", &starts, |&(task, corpus, repetition), trainer| {
            Start::train(task, corpus, repetition, (settings, trainer))
        })?;
    let variants = plan::methods(settings);
    let runs: Vec<_> =
        bases.iter().flat_map(|start| variants.iter().map(move |variant| (start, variant))).collect();
    training(settings, progress, "sequences", &runs, |(start, variant), trainer| {
        start.learn(variant, settings, trainer)
    })
}

/// A base model that has seen none of the people of a sequence.
struct Start<'a> {
    task: Task,
    corpus: &'a Corpus,
    repetition: u32,
    people: Vec<u8>,
    /// What the others have for training, and to test on.
    known: [Vec<usize>; 2],
    weights: Vec<f32>,
}

impl<'a> Start<'a> {
    async fn train(
        task: Task,
        corpus: &'a Corpus,
        repetition: u32,
        (settings, trainer): (&Settings, Trainer),
    ) -> Result<Self, Error> {
        let seed = seed(Purpose::Sequence, corpus.net, 0, repetition);
        let mut people = corpus.people.clone();
        draws(seed, Stream::Split).shuffle(&mut people);
        people.truncate(LENGTH.min(people.len().saturating_sub(1)));
        let nobody = Error::FewPeople { needed: LEAST, there: corpus.people.len() };
        let first = *people.first().ok_or(nobody)?;
        let split = Split::without(corpus, first)?;
        let others = |set: &[usize]| -> Vec<usize> {
            set.iter().copied().filter(|&i| !people.contains(&corpus.set.groups[i])).collect()
        };
        let known = [others(&split.base), others(&split.old_test)];
        if known.iter().any(Vec::is_empty) {
            let purpose = "of the people outside the sequence, to train the base model on and to test it";
            return Err(Error::NoSamples { person: first, purpose });
        }
        let recipe = Recipe { device: settings.device, ..arms::base(Arm::Sgd, corpus.net, seed) };
        let net = model(corpus.net, super::Scope::All);
        let lessons = corpus.examples(&known[0]).into_iter().map(Lesson::from).collect();
        let origin = Origin { model: net, w: initial(net, seed), frozen: &[], factory: None };
        let training = trainer.begin(origin, lessons, &recipe, false)?;
        let weights = training.end(&mut |_, _| Ok(())).await?.weights;
        Ok(Self { task, corpus, repetition, people, known, weights })
    }

    async fn learn(
        &self,
        variant: &Variant,
        settings: &Settings,
        trainer: Trainer,
    ) -> Result<Sequence, Error> {
        let Self { task, corpus, repetition, .. } = *self;
        let model = model(corpus.net, variant.options.scope);
        let (factory, frozen) = model.split(&self.weights)?;
        let (mut w, mut lr) = (factory.clone(), Vec::new());
        let mut workspace = Workspace::new(model, &frozen);
        let splits: Vec<Split> =
            self.people.iter().map(|&person| Split::without(corpus, person)).collect::<Result<_, _>>()?;
        let users = |set: &[usize]| -> Vec<Example<'_>> {
            set.iter().map(|&i| corpus.users_example(task, i)).collect()
        };
        let tests: Vec<_> = splits.iter().map(|split| users(&split.new_test)).collect();
        let old_test = corpus.examples(&self.known[1]);
        let mut test = |w: &[f32]| -> Result<(Vec<f64>, f64), Error> {
            let of_people = tests.iter().map(|test| workspace.accuracy(test, w)).collect::<Result<_, _>>()?;
            Ok((of_people, workspace.accuracy(&old_test, w)?))
        };
        let (first, old) = test(&w)?;
        let (mut accuracy, mut olds) = (vec![first], vec![old]);
        let (mut memory, first) = Memory::new(self, variant.replay);
        let mut buffer = memory.buffer(seed(Purpose::Sequence, corpus.net, 0, repetition))?;
        keep(&mut buffer, &first)?;
        for (place, (split, &person)) in splits.iter().zip(&self.people).enumerate() {
            let seed = seed(Purpose::Sequence, corpus.net, place as u8 + 1, repetition);
            let labelled = self.labelled(&split.candidates, variant.options.noise, seed);
            let stored = buffer.samples();
            let mut old = vec![0.0; stored.len() * corpus.set.dim];
            for (i, x) in old.chunks_mut(corpus.set.dim).enumerate() {
                stored.read(i, x);
            }
            let old = old.chunks(corpus.set.dim).zip(stored.labels()).map(|(x, &label)| Example { x, label });
            let lessons: Vec<Lesson<'_>> = labelled.iter().copied().chain(old).map(Lesson::from).collect();
            let (tuned, recipe) = self.recipe(variant, settings, person, seed);
            lr.push(tuned.lr);
            // The anchor stays where it is: at what was shipped, not at the person before.
            let origin = Origin { model, w, frozen: &frozen, factory: Some(&factory) };
            let training = trainer.begin(origin, lessons, &recipe, false)?;
            w = training.end(&mut |_, _| Ok(())).await?.weights;
            keep(&mut buffer, &labelled)?;
            let (of_people, old) = test(&w)?;
            accuracy.push(of_people);
            olds.push(old);
        }
        Ok(Sequence {
            task,
            seed: repetition,
            method: variant.arm,
            replay: variant.replay,
            noise: variant.options.noise,
            people: self.people.clone(),
            lr,
            accuracy,
            old: olds,
        })
    }

    /// What a person labels, rightly or wrongly.
    fn labelled(&self, candidates: &[usize], noise: f32, seed: u64) -> Vec<Example<'a>> {
        let Self { corpus, task, .. } = *self;
        let (labels, classes) = (&corpus.set.labels, corpus.set.classes);
        let count = labelled_a_class(corpus.net);
        let chosen = balanced(candidates, labels, classes, count, draws(seed, Stream::Labelled));
        let mut given: Vec<u8> = chosen.iter().map(|&i| labels[i]).collect();
        corrupt(&mut given, classes, noise, seed);
        chosen
            .iter()
            .zip(given)
            .map(|(&i, label)| Example { label, ..corpus.users_example(task, i) })
            .collect()
    }

    /// Values that were tuned on the half of the people that `person` is not in, as in the main job.
    fn recipe(&self, variant: &Variant, settings: &Settings, person: u8, seed: u64) -> (Tuned, Recipe) {
        let options = variant.options;
        let case = Case {
            task: self.task,
            noisy: options.noise > 0.0,
            scope: options.scope,
            replay: variant.replay > 0,
            odd: self.corpus.is_odd(person),
            base: options.base,
            anchored: options.anchor > 0.0,
        };
        let tuned = tuned(variant.arm, case);
        let tuned = Tuned { lr: settings.lr.unwrap_or(tuned.lr), ..tuned };
        let recipe = arms::recipe(variant.arm, tuned, case.replay, seed);
        (tuned, Recipe { anchor: options.anchor, device: settings.device, ..recipe })
    }
}

/// What a replay buffer is lent.
struct Memory {
    values: Vec<i8>,
    labels: Vec<u8>,
    classes: Vec<Class>,
    scale: Vec<f32>,
    dim: usize,
}

impl Memory {
    /// Room for `replay` samples a labelled one, and as many of the base model's people.
    fn new<'a>(start: &Start<'a>, replay: u32) -> (Self, Vec<Example<'a>>) {
        let (set, net) = (&start.corpus.set, start.corpus.net);
        let a_class = labelled_a_class(net) * replay as usize;
        let seed = seed(Purpose::Sequence, net, 0, start.repetition);
        let chosen =
            balanced(&start.known[0], &set.labels, set.classes, a_class, draws(seed, Stream::Replay));
        let first = start.corpus.examples(&chosen);
        let room = a_class * set.classes;
        let memory = Self {
            values: vec![0; room * set.dim],
            labels: vec![0; room],
            classes: vec![Class::NEW; set.classes],
            dim: set.dim,
            scale: crate::pretrain::scales(first.iter(), set.channels.len().max(1)),
        };
        (memory, first)
    }

    fn buffer(&mut self, seed: u64) -> Result<ReplayBuffer<'_, i8>, Error> {
        let Self { values, labels, classes, scale, dim } = self;
        // The draws of the first samples have step 0.
        let draws = Draws::new(Key::new(seed, Stream::Replay, 1));
        Ok(ReplayBuffer::new(*dim, values, labels, classes, scale, draws)
            .map_err(crate::train::Error::from)?)
    }
}

/// Offers samples to the buffer.
fn keep(buffer: &mut ReplayBuffer<'_, i8>, samples: &[Example<'_>]) -> Result<(), Error> {
    let offered = samples.iter().try_for_each(|sample| buffer.offer(sample.x, sample.label).map(drop));
    Ok(offered.map_err(crate::train::Error::from)?)
}

fn draws(seed: u64, stream: Stream) -> Draws {
    Draws::new(Key::new(seed, stream, 0))
}
