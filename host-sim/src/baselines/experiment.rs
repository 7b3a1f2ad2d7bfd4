//! The experiments behind the acceptance numbers.

use crate::compose::{MethodSpec, Rate};
use crate::finetune::{
    Arm, Base, Corpus, Error, Options, Progress, Purpose, Row, Scope, Settings, Study, Task, corrupt,
    in_order, lpf, pretraining, run, seed,
};
use crate::model::{Example, Net, Workspace, initial, model};
use crate::train::{Device, Recipe, Trainer, at_once, train};
use flatmin::rng::{Draws, Key, Stream};

/// Repetitions of the experiments that leave one person out.
const SEEDS: u32 = 5;

/// An experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Experiment {
    /// Training from scratch on random splits of the people, tested on those left out.
    Splits(Splits),
    /// Base models of the wrist, one person left out at a time.
    WristBases,
    /// Fine-tuning for one turned writer at a time with SGD at lr 0.03, without and with replay.
    Turned,
}

/// Training on random splits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Splits {
    pub(super) net: Net,
    pub(super) method: Descent,
    pub(super) lr: f32,
    /// Share of wrong training labels.
    pub(super) noise: f32,
    /// How many splits.
    pub(super) count: u32,
}

/// How a model is trained from scratch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Descent {
    Sgd,
    Sam { rho: f32 },
    Lpf { gamma: f32 },
}

/// What an experiment measures; one value a split or person, in percent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measured {
    /// Accuracy on people that the model has not seen (for fine-tuning: after it).
    pub(super) new: Vec<f64>,
    /// The same before fine-tuning.
    pub(super) new_before: Vec<f64>,
    /// Accuracy on unseen samples of the people that the base model has seen (for fine-tuning: after it).
    pub(super) old: Vec<f64>,
    /// The same before fine-tuning.
    pub(super) old_before: Vec<f64>,
    /// The same after fine-tuning with replay.
    pub(super) old_replay: Vec<f64>,
}

impl Experiment {
    pub(super) fn measure(self, progress: &dyn Progress) -> Result<Measured, Error> {
        match self {
            Self::Splits(splits) => Ok(Measured { new: splits.measure(progress)?, ..Measured::default() }),
            Self::WristBases => wrist_bases(progress),
            Self::Turned => turned(progress),
        }
    }
}

impl Splits {
    fn measure(self, progress: &dyn Progress) -> Result<Vec<f64>, Error> {
        let corpus = Corpus::embedded(self.net)?;
        let splits: Vec<u32> = (0..self.count).collect();
        in_order(0, progress, "random splits", &splits, |&split| self.accuracy(&corpus, split))
    }

    /// Percent right on the people left out of one split.
    fn accuracy(self, corpus: &Corpus, split: u32) -> Result<f64, Error> {
        let seed = seed(Purpose::Baseline, self.net, 0, split);
        let (known, unseen) = self.split(corpus, seed);
        let mut labels: Vec<u8> = known.iter().map(|example| example.label).collect();
        corrupt(&mut labels, corpus.set.classes, self.noise, seed);
        let training: Vec<_> =
            known.iter().zip(labels).map(|(example, label)| Example { label, ..*example }).collect();
        let net = model(self.net, Scope::All);
        let outcome = train(net, initial(net, seed), &[], &training, &self.recipe(seed), &mut |_, _| Ok(()))?;
        Ok(100.0 * Workspace::new(net, &[]).accuracy(&unseen, &outcome.weights)?)
    }

    /// Samples of the people that are known, and of 4 writers or 3 people left out at random.
    fn split(self, corpus: &Corpus, seed: u64) -> (Vec<Example<'_>>, Vec<Example<'_>>) {
        let out = match self.net {
            Net::Digits => 4,
            Net::Wrist => 3,
        };
        let mut people = corpus.people.clone();
        Draws::new(Key::new(seed, Stream::Split, 0)).shuffle(&mut people);
        let left_out = &people[..out.min(people.len())];
        let (unseen, known): (Vec<usize>, _) =
            (0..corpus.set.len()).partition(|&i| left_out.contains(&corpus.set.groups[i]));
        (corpus.examples(&known), corpus.examples(&unseen))
    }

    fn recipe(self, seed: u64) -> Recipe {
        let epochs = match self.net {
            Net::Digits => 60,
            Net::Wrist => 20,
        };
        let method = match self.method {
            Descent::Sgd => MethodSpec::Plain,
            Descent::Sam { rho } => MethodSpec::Sam { rho: Rate::Constant(rho), eps: 1e-12 },
            Descent::Lpf { gamma } => lpf(gamma),
        };
        Recipe { epochs, ..pretraining(method, self.lr, seed) }
    }
}

fn wrist_bases(progress: &dyn Progress) -> Result<Measured, Error> {
    let corpus = Corpus::embedded(Net::Wrist)?;
    let runs: Vec<(u8, u32)> =
        corpus.people.iter().flat_map(|&person| (0..SEEDS).map(move |seed| (person, seed))).collect();
    let net = model(Net::Wrist, Scope::All);
    let accuracies = in_order(0, progress, "wrist base models", &runs, |&(person, repetition)| {
        let base =
            at_once(Base::train(&corpus, person, repetition, Arm::Sgd, (Device::Cpu, Trainer::default())))?;
        let new = corpus.examples(&base.split.new_test);
        Ok((person, Workspace::new(net, &[]).accuracy(&new, &base.weights)?, base.old))
    })?;
    Ok(Measured {
        new: by_person(accuracies.iter().map(|&(person, new, _)| (person, new))),
        old: by_person(accuracies.iter().map(|&(person, _, old)| (person, old))),
        ..Measured::default()
    })
}

fn turned(progress: &dyn Progress) -> Result<Measured, Error> {
    let settings = Settings {
        tasks: vec![Task::Turned],
        arms: vec![Arm::Sgd],
        person: None,
        seeds: SEEDS,
        lr: Some(0.03),
        options: Options::default(),
        blob: None,
        studies: vec![Study::Methods],
        replay: None,
        data: None,
        threads: 0,
        device: Device::Cpu,
    };
    let rows = run(&settings, progress)?;
    let column = |replay: u32, value: fn(&Row) -> f64| {
        by_person(rows.iter().filter(|row| row.replay == replay).map(|row| (row.person, value(row))))
    };
    Ok(Measured {
        new: column(0, |row| row.new_after),
        new_before: column(0, |row| row.new_before),
        old: column(0, |row| row.old_after),
        old_before: column(0, |row| row.old_before),
        old_replay: column(1, |row| row.old_after),
    })
}

/// The mean of each person's accuracies, in percent; rows of a person are neighbours.
fn by_person(rows: impl Iterator<Item = (u8, f64)>) -> Vec<f64> {
    let rows: Vec<_> = rows.collect();
    let mean = |rows: &[(u8, f64)]| 100.0 * rows.iter().map(|(_, x)| x).sum::<f64>() / rows.len() as f64;
    rows.chunk_by(|(a, _), (b, _)| a == b).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tolerance::{F64_SUM, SHARE_OF_PEOPLE};

    #[test]
    fn repetitions_of_a_person_are_one_value() {
        let rows = [(1, 0.5), (1, 0.7), (4, 0.2)];
        let means = by_person(rows.into_iter());
        assert!((means[0] - 60.0).abs() < F64_SUM.value && (means[1] - 20.0).abs() < F64_SUM.value);
    }

    #[test]
    fn a_split_leaves_four_writers_or_three_people_out() {
        for (net, out) in [(Net::Digits, 4), (Net::Wrist, 3)] {
            let corpus = Corpus::embedded(net).unwrap();
            let splits = Splits { net, method: Descent::Sgd, lr: 0.1, noise: 0.0, count: 1 };
            let sizes = |seed| {
                let (known, unseen) = splits.split(&corpus, seed);
                assert_eq!(known.len() + unseen.len(), corpus.set.len());
                unseen.len()
            };
            let share = sizes(1) as f64 / corpus.set.len() as f64;
            assert!(
                (share - f64::from(out) / corpus.people.len() as f64).abs() < SHARE_OF_PEOPLE.value,
                "{share}"
            );
            assert_ne!(sizes(1), sizes(2));
        }
    }
}
