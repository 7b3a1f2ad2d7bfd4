//! One run: a person labels a few samples, the model is fine-tuned on them, and both are tested before and after.

use super::arms;
use super::plan::Job;
use super::tuned::{Case, Tuned, tuned};
use super::{Base, Error, Point, Purpose, Ram, Row, Settings, corrupt, seed};
use crate::model::{Example, Model, Net, Workspace, model};
use crate::train::{Recipe, state_bytes, train};
use flatmin::nn::cross_entropy;
use flatmin::rng::{Draws, Key, Stream};
use std::time::{Duration, Instant};

/// Points of a learning curve are measured on at most this many old samples.
const OLD_SAMPLES_OF_A_CURVE: usize = 300;

/// Fine-tunes `base` for the person of `job`.
pub(super) fn run(job: &Job<'_>, base: &Base, settings: &Settings) -> Result<Row, Error> {
    let seed = seed(Purpose::User, job.corpus.net, job.person, job.repetition);
    let tuned = values(job, settings);
    let recipe = arms::recipe(job.arm, tuned, job.replay > 0, seed);
    let samples = Samples::draw(job, base, settings.noise, seed);
    let model = model(job.corpus.net, settings.scope);
    let (start, frozen) = model.split(&base.weights)?;
    let mut workspace = Workspace::new(model, &frozen);

    let new_before = workspace.accuracy(&samples.new_test, &start)?;
    let mut curve = vec![samples.point(&mut workspace, 0, &start)?];
    let (began, mut testing) = (Instant::now(), Duration::ZERO);
    let outcome = train(model, start, &frozen, &samples.training, &recipe, &mut |epoch, w| {
        let began = Instant::now();
        curve.push(samples.point(&mut workspace, epoch, w)?);
        testing += began.elapsed();
        Ok(())
    })?;
    let seconds = began.elapsed().saturating_sub(testing).as_secs_f64();

    let w = &outcome.weights;
    Ok(Row {
        task: job.task,
        person: job.person,
        seed: job.repetition,
        method: job.arm,
        replay: job.replay,
        lr: tuned.lr,
        new_before,
        new_after: workspace.accuracy(&samples.new_test, w)?,
        old_before: base.old,
        old_after: workspace.accuracy(&samples.old_test, w)?,
        train_after: workspace.accuracy(&samples.labelled, w)?,
        gradients: outcome.gradients,
        macs: outcome.gradients * model.macs(),
        ram: bill(model, &recipe),
        diverged: outcome.refused > 0 || diverged(&mut workspace, &samples.labelled, w)?,
        curve,
        seconds,
    })
}

/// The tuned values, with the learning rate that was asked for, if any.
fn values(job: &Job<'_>, settings: &Settings) -> Tuned {
    let case = Case {
        task: job.task,
        noisy: settings.noise > 0.0,
        scope: settings.scope,
        replay: job.replay > 0,
        odd: job.odd,
    };
    let tuned = tuned(job.arm, case);
    Tuned { lr: settings.lr.unwrap_or(tuned.lr), ..tuned }
}

/// What a device needs for the same run, in bytes.
fn bill(model: &dyn Model, recipe: &Recipe) -> Ram {
    let floats = |n: usize| n * size_of::<f32>();
    Ram {
        weights: floats(model.trainable()),
        gradient: floats(model.trainable()),
        state: state_bytes(model, recipe),
        activations: floats(model.activations() + model.inputs()),
    }
}

/// The samples of a run.
struct Samples<'a> {
    /// What the person labelled, rightly or wrongly.
    labelled: Vec<Example<'a>>,
    /// The same and the replayed old samples.
    training: Vec<Example<'a>>,
    new_test: Vec<Example<'a>>,
    old_test: Vec<Example<'a>>,
    /// Some of the old test, evenly chosen.
    old_some: Vec<Example<'a>>,
}

impl<'a> Samples<'a> {
    fn draw(job: &Job<'a>, base: &Base, noise: f32, seed: u64) -> Self {
        let (corpus, split) = (job.corpus, &base.split);
        let (labels, classes) = (&corpus.set.labels, corpus.set.classes);
        let draws = |stream| Draws::new(Key::new(seed, stream, 0));
        let count = labelled_a_class(corpus.net);
        let chosen = balanced(&split.candidates, labels, classes, count, draws(Stream::Labelled));
        let replayed = count * job.replay as usize;
        let replayed = balanced(&split.base, labels, classes, replayed, draws(Stream::Replay));

        let mut given: Vec<u8> = chosen.iter().map(|&i| labels[i]).collect();
        corrupt(&mut given, classes, noise, seed);
        let users = |i| corpus.users_example(job.task, i);
        let labelled: Vec<_> =
            chosen.iter().zip(given).map(|(&i, label)| Example { label, ..users(i) }).collect();
        let old_test = corpus.examples(&split.old_test);
        Self {
            training: labelled.iter().copied().chain(corpus.examples(&replayed)).collect(),
            labelled,
            new_test: split.new_test.iter().map(|&i| users(i)).collect(),
            old_some: evenly(&old_test, OLD_SAMPLES_OF_A_CURVE),
            old_test,
        }
    }

    /// A point of the learning curve.
    fn point(
        &self,
        workspace: &mut Workspace<'_>,
        epoch: u32,
        w: &[f32],
    ) -> Result<Point, flatmin::nn::Error> {
        let new = workspace.accuracy(&self.new_test, w)?;
        Ok(Point { epoch, new, old: workspace.accuracy(&self.old_some, w)? })
    }
}

/// How many samples of each class a person labels.
const fn labelled_a_class(net: Net) -> usize {
    match net {
        Net::Digits => 3,
        Net::Wrist => 4,
    }
}

/// `count` random samples of every class among `from`; with replacement where a class has fewer.
fn balanced(from: &[usize], labels: &[u8], classes: usize, count: usize, mut draws: Draws) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(classes * count);
    for class in 0..classes {
        let mut members: Vec<usize> =
            from.iter().copied().filter(|&i| usize::from(labels[i]) == class).collect();
        if members.len() >= count {
            draws.shuffle(&mut members);
            chosen.extend(&members[..count]);
        } else if !members.is_empty() {
            chosen.extend((0..count).map(|_| members[draws.below(members.len() as u32) as usize]));
        }
    }
    chosen
}

/// At most `count` items at even distances.
fn evenly<T: Copy>(items: &[T], count: usize) -> Vec<T> {
    let count = count.min(items.len());
    (0..count).map(|i| items[i * items.len() / count]).collect()
}

/// Whether a loss is not finite, or samples of several classes all get the same answer.
fn diverged(workspace: &mut Workspace<'_>, examples: &[Example<'_>], w: &[f32]) -> Result<bool, Error> {
    let mut answers = Vec::with_capacity(examples.len());
    for example in examples {
        let loss = cross_entropy(workspace.logits(example.x, w)?, example.label.into());
        if !loss.is_some_and(f32::is_finite) {
            return Ok(true);
        }
        answers.push(workspace.predict(example.x, w)?);
    }
    let labels: Vec<u8> = examples.iter().map(|example| example.label).collect();
    Ok(one_class(&answers) && !one_class(&labels))
}

fn one_class(classes: &[u8]) -> bool {
    classes.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws() -> Draws {
        Draws::new(Key::new(1, Stream::Labelled, 0))
    }

    #[test]
    fn every_class_is_drawn_equally_often_and_only_rare_ones_twice() {
        let labels = [0, 0, 0, 0, 1, 2, 2];
        let from = [0, 1, 2, 3, 4, 5];
        let chosen = balanced(&from, &labels, 4, 3, draws());
        let of = |class: u8| chosen.iter().filter(|&&i| labels[i] == class).collect::<Vec<_>>();
        assert_eq!([of(0).len(), of(1).len(), of(2).len()], [3, 3, 3]);
        assert!(of(0)[0] != of(0)[1] && of(0)[1] != of(0)[2] && of(0)[0] != of(0)[2]);
        assert!(of(2).iter().all(|&&i| i == 5), "sample 6 is not among those to draw from");
    }

    #[test]
    fn even_choices_span_the_list() {
        assert_eq!(evenly(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5]);
        assert_eq!(evenly(&[1, 2], 3), [1, 2]);
        assert!(evenly::<u8>(&[], 3).is_empty());
    }
}
