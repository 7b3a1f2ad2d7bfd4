//! The samples of a run: what a person labels, what is stored of old users, what is tested on.

use super::plan::Job;
use super::{Base, Error, Point, Purpose, corrupt, seed, selection};
use crate::model::{Body, Example, Lesson, Net, Workspace};
use flatmin::nn::Target;
use flatmin::rng::{Draws, Key, Stream};

/// Points of a learning curve are measured on at most this many old samples.
const OLD_SAMPLES_OF_A_CURVE: usize = 300;
/// The temperature at which the factory model's answers are learnt.
const TEMPERATURE: f32 = 2.0;

/// The samples of a run.
pub(super) struct Samples<'a> {
    /// What the person labelled, rightly or wrongly; class after class.
    pub(super) labelled: Vec<Example<'a>>,
    /// The old samples that are replayed.
    pub(super) replayed: Vec<Example<'a>>,
    /// What the factory model answers to them.
    answers: Vec<Vec<f32>>,
    /// What the frozen layers say of the labelled and of the replayed samples, if it is kept.
    features: Option<[Vec<Vec<f32>>; 2]>,
    /// The old samples of the guard.
    pub(super) validation: Vec<Example<'a>>,
    pub(super) new_test: Vec<Example<'a>>,
    pub(super) old_test: Vec<Example<'a>>,
    /// Some of the old test, evenly chosen.
    old_some: Vec<Example<'a>>,
    /// Classes.
    pub(super) classes: usize,
    /// Of each labelled sample its place among the different ones of its class, and how many those are: a rare class is
    /// drawn with replacement, and copies of a sample must stay together.
    places: Vec<Place>,
}

/// A labelled sample among the different ones of its (true) class.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    rank: usize,
    of: usize,
}

/// The places of `chosen` samples; copies of a sample share theirs.
fn places(chosen: &[usize], labels: &[u8]) -> Vec<Place> {
    let different = |class: u8| {
        let members = chosen.iter().copied().filter(|&i| labels[i] == class);
        members.fold(Vec::new(), |mut seen, i| {
            if !seen.contains(&i) {
                seen.push(i);
            }
            seen
        })
    };
    let place = |&i: &usize| {
        let class = different(labels[i]);
        Place { rank: class.iter().position(|&other| other == i).unwrap_or(0), of: class.len() }
    };
    chosen.iter().map(place).collect()
}

impl<'a> Samples<'a> {
    pub(super) fn draw(job: &Job<'a>, base: &'a Base) -> Result<Self, Error> {
        let (corpus, split) = (job.corpus, &base.split);
        let (labels, classes) = (&corpus.set.labels, corpus.set.classes);
        let seed = seed(Purpose::User, corpus.net, job.person, job.draw);
        let a_class = labelled_a_class(corpus.net);
        let chosen = balanced(&split.candidates, labels, classes, a_class, draws(seed, Stream::Labelled));

        let mut given: Vec<u8> = chosen.iter().map(|&i| labels[i]).collect();
        corrupt(&mut given, classes, job.variant.options.noise, seed);
        let users = |i| corpus.users_example(job.task, i);
        let labelled = chosen.iter().zip(given).map(|(&i, label)| Example { label, ..users(i) }).collect();
        let count = a_class * job.variant.replay as usize;
        let [replayed, validation] = match &base.stored {
            Some(stored) => [stored.replay(count * classes)?, stored.validation()],
            None => selection::of(corpus, base, [count, a_class], job.variant.options.selection, seed)?
                .map(|set| corpus.examples(&set)),
        };
        let mut workspace = Workspace::new(base.net(), &[]);
        let answers = replayed.iter().map(|old| Ok(workspace.logits(old.x, &base.weights)?.to_vec()));
        let answers = answers.collect::<Result<_, Error>>()?;
        let old_test = corpus.examples(&split.old_test);
        Ok(Self {
            labelled,
            replayed,
            answers,
            features: None,
            validation,
            new_test: split.new_test.iter().map(|&i| users(i)).collect(),
            old_some: evenly(&old_test, OLD_SAMPLES_OF_A_CURVE),
            old_test,
            classes,
            places: places(&chosen, labels),
        })
    }

    /// Keeps what frozen layers say of each sample that trains; lessons are about that from now on. How many samples those
    /// are.
    pub(super) fn keep_features(&mut self, body: &dyn Body, frozen: &[f32]) -> Result<usize, Error> {
        let see = |examples: &[Example<'_>]| {
            examples.iter().map(|example| body.features(example.x, frozen)).collect::<Result<Vec<_>, _>>()
        };
        self.features = Some([see(&self.labelled)?, see(&self.replayed)?]);
        Ok(self.labelled.len() + self.replayed.len())
    }

    /// Whether labelled sample `i` is held out for a guard: a quarter of the different samples of each class with all
    /// their copies, but not its only one.
    pub(super) fn is_held_out(&self, i: usize) -> bool {
        self.places.get(i).is_some_and(|place| place.is_held_out())
    }

    /// The fold of labelled sample `i`; copies of a sample are in one.
    pub(super) fn fold(&self, i: usize, folds: usize) -> usize {
        self.places.get(i).map_or(0, |place| place.rank % folds)
    }

    /// What is learnt: of the labelled samples and their partners in replay those at places to `keep`, the labelled ones
    /// with a weight each, the replayed ones by their labels or the factory's answers.
    pub(super) fn lessons(
        &self,
        keep: impl Fn(usize) -> bool,
        weight: impl Fn(usize) -> f32,
        distil: bool,
    ) -> Vec<Lesson<'_>> {
        let seen = |set: usize, i: usize, example: Example<'a>| match &self.features {
            Some(features) => Lesson { x: &features[set][i], ..example.into() },
            None => example.into(),
        };
        let users = self.labelled.iter().enumerate().filter(|(i, _)| keep(*i));
        let users = users.map(|(i, &example)| Lesson { weight: weight(i), ..seen(0, i, example) });
        let partner = |place: usize| place % self.labelled.len().max(1);
        let old = self.replayed.iter().zip(&self.answers).enumerate();
        let old = old.filter(|(place, _)| keep(partner(*place)));
        let old = old.map(|(i, (&example, logits))| match seen(1, i, example) {
            lesson if distil => {
                Lesson { target: Target::Teacher { logits, temperature: TEMPERATURE }, ..lesson }
            }
            lesson => lesson,
        });
        users.chain(old).collect()
    }

    /// A point of the learning curve.
    pub(super) fn point(
        &self,
        workspace: &mut Workspace<'_>,
        epoch: u32,
        w: &[f32],
    ) -> Result<Point, flatmin::nn::Error> {
        let new = workspace.accuracy(&self.new_test, w)?;
        Ok(Point { epoch, new, old: workspace.accuracy(&self.old_some, w)? })
    }
}

impl Place {
    fn is_held_out(self) -> bool {
        self.rank < self.of.div_ceil(4).min(self.of.saturating_sub(1))
    }
}

fn draws(seed: u64, stream: Stream) -> Draws {
    Draws::new(Key::new(seed, stream, 0))
}

/// How many samples of each class a person labels.
pub(crate) const fn labelled_a_class(net: Net) -> usize {
    match net {
        Net::Digits => 3,
        Net::Wrist => 4,
    }
}

/// `count` random samples of every class among `from`; with replacement where a class has fewer.
pub(crate) fn balanced(
    from: &[usize],
    labels: &[u8],
    classes: usize,
    count: usize,
    mut draws: Draws,
) -> Vec<usize> {
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
    fn copies_of_a_sample_stay_on_one_side() {
        let labels = [0, 0, 0, 0, 1, 2, 2];
        // Class 0 as it is usually drawn; one sample of class 1 and two of class 2, drawn with replacement.
        let chosen = [3, 0, 2, 1, 4, 4, 4, 4, 6, 5, 6, 6];
        let places = places(&chosen, &labels);
        let held: Vec<bool> = places.iter().map(|place| place.is_held_out()).collect();
        assert_eq!(held[..4], [true, false, false, false], "a quarter, the first");
        assert_eq!(held[4..8], [false; 4], "an only sample trains");
        assert_eq!(held[8..], [true, false, true, true], "with all its copies");
        let fold = |place: &Place| place.rank % 2;
        assert!(places.iter().map(fold).eq([0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0]));
    }

    #[test]
    fn even_choices_span_the_list() {
        assert_eq!(evenly(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5]);
        assert_eq!(evenly(&[1, 2], 3), [1, 2]);
        assert!(evenly::<u8>(&[], 3).is_empty());
    }
}
