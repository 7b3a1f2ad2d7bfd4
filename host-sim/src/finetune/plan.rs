//! Which runs an experiment consists of.

use super::{Arm, Corpus, Error, Settings, Task};
use crate::model::Net;

/// One run.
pub(super) struct Job<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) task: Task,
    pub(super) person: u8,
    /// Whether the person has an odd place in the sorted list of people: the second of two tuned values then applies.
    pub(super) odd: bool,
    pub(super) repetition: u32,
    pub(super) arm: Arm,
    pub(super) replay: u32,
}

/// Which base model a run starts from: network, person left out, repetition.
pub(super) type BaseKey = (Net, u8, u32);

impl Job<'_> {
    pub(super) fn base(&self) -> BaseKey {
        (self.corpus.net, self.person, self.repetition)
    }
}

/// Refuses settings out of range.
pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    let refuse = |ok: bool, name, value: String, expected| {
        if ok { Ok(()) } else { Err(Error::Setting { name, value, expected }) }
    };
    let Settings { tasks, arms, seeds, lr, noise, replay, .. } = settings;
    refuse(!tasks.is_empty(), "tasks", "none".into(), "name at least one")?;
    refuse(!arms.is_empty(), "arms", "none".into(), "name at least one")?;
    refuse(*seeds > 0, "seeds", seeds.to_string(), "give at least 1")?;
    refuse((0.0..=1.0).contains(noise), "noise", noise.to_string(), "give a share between 0 and 1")?;
    let lr = lr.unwrap_or(0.0);
    refuse(lr.is_finite() && lr >= 0.0, "lr", lr.to_string(), "give 0 or a positive number")?;
    let replay = replay.unwrap_or(0);
    refuse(replay <= 100, "replay", replay.to_string(), "give at most 100 old samples a labelled one")
}

/// All runs: by task, person, repetition, then arms without and with replay.
pub(super) fn jobs<'a>(settings: &Settings, corpora: &'a [Corpus]) -> Result<Vec<Job<'a>>, Error> {
    let variants = variants(settings);
    let mut jobs = Vec::new();
    for &task in &settings.tasks {
        let Some(corpus) = corpora.iter().find(|corpus| corpus.net == task.net()) else { continue };
        for (person, odd) in people(settings, corpus, task)? {
            for repetition in 0..settings.seeds {
                let job = |&(arm, replay)| Job { corpus, task, person, odd, repetition, arm, replay };
                jobs.extend(variants.iter().map(job));
            }
        }
    }
    Ok(jobs)
}

/// Arms with their replay: what was asked for, or every arm without and SGD and SAM also with one old sample a new one.
fn variants(settings: &Settings) -> Vec<(Arm, u32)> {
    let with = |replay| move |&arm: &Arm| (arm, replay);
    match settings.replay {
        Some(replay) => settings.arms.iter().map(with(replay)).collect(),
        None => {
            let also = settings.arms.iter().filter(|arm| matches!(arm, Arm::Sgd | Arm::Sam));
            settings.arms.iter().map(with(0)).chain(also.map(with(1))).collect()
        }
    }
}

/// Who is left out in turn, each with whether the place in the sorted list is odd.
fn people(settings: &Settings, corpus: &Corpus, task: Task) -> Result<Vec<(u8, bool)>, Error> {
    let everyone = corpus.people.iter().enumerate().map(|(place, &person)| (person, place % 2 == 1));
    let asked = |person| settings.person.is_none_or(|only| only == person);
    let people: Vec<_> = everyone.filter(|&(person, _)| asked(person)).collect();
    match settings.person {
        Some(person) if people.is_empty() => {
            Err(Error::NoPerson { task, person, known: corpus.people.clone() })
        }
        _ => Ok(people),
    }
}
