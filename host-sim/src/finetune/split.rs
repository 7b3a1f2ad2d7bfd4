//! Which samples serve what, when one person is left out.

use super::{Corpus, Error, Purpose, seed};
use crate::model::Net;
use flatmin::rng::{Draws, Key, Stream};

/// Indices of samples by what they are for. Everyone but the person left out is "old".
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// Old samples that the base model learns from, and that a replay buffer may hold.
    pub(crate) base: Vec<usize>,
    /// Old samples that it is tested on.
    pub(crate) old_test: Vec<usize>,
    /// The person's samples that may be labelled.
    pub(crate) candidates: Vec<usize>,
    /// The person's samples that the model is tested on.
    pub(crate) new_test: Vec<usize>,
}

impl Split {
    /// Leaves `person` out.
    pub(crate) fn without(corpus: &Corpus, person: u8) -> Result<Self, Error> {
        Self::of_quarter(corpus, person, 0)
    }

    /// The same, where another random quarter of the digits is the old test than that of all experiments, 0.
    pub(crate) fn of_quarter(corpus: &Corpus, person: u8, quarter: u32) -> Result<Self, Error> {
        let select = |old: bool, keep: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let groups = corpus.set.groups.iter().enumerate();
            groups.filter(|&(i, &group)| (group != person) == old && keep(i)).map(|(i, _)| i).collect()
        };
        let pos = |i: usize| corpus.set.pos[i];
        let split = match corpus.net {
            // Windows overlap by half: a gap in the recording keeps what is tested apart from what is learnt.
            Net::Wrist => Self {
                base: select(true, &|i| pos(i) < 0.58),
                old_test: select(true, &|i| pos(i) >= 0.66),
                candidates: select(false, &|i| pos(i) < 0.36),
                new_test: select(false, &|i| pos(i) >= 0.46),
            },
            Net::Digits => {
                let learnt = three_quarters(corpus.set.len(), quarter);
                Self {
                    base: select(true, &|i| learnt[i]),
                    old_test: select(true, &|i| !learnt[i]),
                    candidates: select(false, &|i| pos(i) < 0.5),
                    new_test: select(false, &|i| pos(i) >= 0.5),
                }
            }
        };
        split.check(person)?;
        Ok(split)
    }

    fn check(&self, person: u8) -> Result<(), Error> {
        let sets = [
            (&self.base, "of the others to train the base model on"),
            (&self.old_test, "of the others to test on"),
            (&self.candidates, "of the person to label"),
            (&self.new_test, "of the person to test on"),
        ];
        match sets.into_iter().find(|(set, _)| set.is_empty()) {
            Some((_, purpose)) => Err(Error::NoSamples { person, purpose }),
            None => Ok(()),
        }
    }
}

/// A fixed random 75 % of all images, the same for every person and repetition.
fn three_quarters(len: usize, quarter: u32) -> Vec<bool> {
    let mut order: Vec<usize> = (0..len).collect();
    let seed = seed(Purpose::Holdout, Net::Digits, 0, quarter);
    Draws::new(Key::new(seed, Stream::Split, 0)).shuffle(&mut order);
    let mut learnt = vec![false; len];
    order.iter().take(len * 3 / 4).for_each(|&i| learnt[i] = true);
    learnt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_tested_is_learnt() {
        for net in [Net::Digits, Net::Wrist] {
            let corpus = Corpus::embedded(net).unwrap();
            for &person in &corpus.people {
                let split = Split::without(&corpus, person).unwrap();
                let group = |i: &usize| corpus.set.groups[*i];
                assert!(split.base.iter().chain(&split.old_test).all(|i| group(i) != person));
                assert!(split.candidates.iter().chain(&split.new_test).all(|i| group(i) == person));
                assert!(split.base.iter().all(|i| !split.old_test.contains(i)));
                assert!(split.candidates.iter().all(|i| !split.new_test.contains(i)));
            }
        }
    }

    #[test]
    fn every_person_can_label_every_class() {
        for (net, people) in [(Net::Digits, 14), (Net::Wrist, 10)] {
            let corpus = Corpus::embedded(net).unwrap();
            assert_eq!(corpus.people.len(), people);
            for &person in &corpus.people {
                let candidates = Split::without(&corpus, person).unwrap().candidates;
                let count = |class| {
                    candidates.iter().filter(|&&i| usize::from(corpus.set.labels[i]) == class).count()
                };
                assert!((0..corpus.set.classes).all(|class| count(class) > 0), "{net:?}, person {person}");
            }
        }
    }
}
