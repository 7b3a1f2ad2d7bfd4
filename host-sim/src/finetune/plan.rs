//! Which runs an experiment consists of.

use super::{Arm, BaseKind, Corpus, Error, Guard, Options, Scope, Selection, Settings, Study, Task};
use crate::gpu;
use crate::model::{Net, model};
use crate::pretrain::BlobFile;
use crate::report::label;
use crate::train::{self, Device};

/// One run.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) task: Task,
    pub(super) person: u8,
    /// Whether the person has an odd place in the sorted list of people: the second of two tuned values then applies.
    pub(super) odd: bool,
    /// The repetition of the base model.
    pub(super) repetition: u32,
    /// Which draw of labelled samples, wrong labels and orders.
    pub(super) draw: u32,
    pub(super) study: Study,
    pub(super) variant: Variant,
}

/// What is done to a base model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) arm: Arm,
    /// Stored old samples per labelled one.
    pub(crate) replay: u32,
    pub(crate) options: Options,
}

/// Which base model a run starts from: network, person left out, repetition, method (none for a blob).
pub(super) type BaseKey = (Net, u8, u32, Option<Arm>);

impl Job<'_> {
    pub(super) fn base(&self) -> BaseKey {
        match self.variant.options.base {
            BaseKind::Method(arm) => (self.corpus.net, self.person, self.repetition, Some(arm)),
            BaseKind::File => (self.corpus.net, self.person, 0, None),
        }
    }
}

/// Refuses settings out of range.
pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    let refuse = |ok: bool, name, value: String, expected| {
        if ok { Ok(()) } else { Err(Error::Setting { name, value, expected }) }
    };
    let Settings { tasks, arms, seeds, lr, options, replay, blob, studies, .. } = settings;
    let Options { base, noise, anchor, .. } = options;
    if settings.device == Device::Gpu {
        gpu::describe().map_err(train::Error::from)?;
    }
    refuse(!tasks.is_empty(), "tasks", "none".into(), "name at least one")?;
    refuse(!arms.is_empty(), "arms", "none".into(), "name at least one")?;
    refuse(!studies.is_empty(), "studies", "none".into(), "name at least one")?;
    refuse(*seeds > 0, "seeds", seeds.to_string(), "give at least 1")?;
    refuse((0.0..=1.0).contains(noise), "noise", noise.to_string(), "give a share between 0 and 1")?;
    let lr = lr.unwrap_or(0.0);
    refuse(lr.is_finite() && lr >= 0.0, "lr", lr.to_string(), "give 0 or a positive number")?;
    let ok = anchor.is_finite() && *anchor >= 0.0;
    refuse(ok, "anchor", anchor.to_string(), "give 0 or a positive number")?;
    let best_epoch = matches!(options.guard, Guard::Accuracy | Guard::Loss);
    if options.wise_ft && !best_epoch {
        return Err(Error::NoEvidence { guard: label::guard(options.guard) });
    }
    let given = blob.as_ref().map_or("none".to_owned(), |path| path.display().to_string());
    let ok = (*base == BaseKind::File) == blob.is_some();
    refuse(ok, "blob", given, "give a file exactly if the base is one")?;
    let expected = "guards that look at every epoch have patience; give --guard accuracy or loss with it";
    let ok = options.patience.is_none() || best_epoch;
    refuse(ok, "patience", options.patience.unwrap_or(0).to_string(), expected)?;
    let expected = "a guard has a tolerance; give --guard with it";
    let ok = options.tolerance.is_none() || options.guard != Guard::Off;
    let tolerance = options.tolerance.unwrap_or(0.0);
    refuse(ok, "tolerance", tolerance.to_string(), expected)?;
    refuse(
        (0.0..=2.0).contains(&tolerance),
        "tolerance",
        tolerance.to_string(),
        "give a number from 0 to 2",
    )?;
    let expected =
        "what frozen layers say can be kept where they are the lower ones; give --scope last with it";
    refuse(!options.features || options.scope == Scope::Last, "features", "on".into(), expected)?;
    let expected = "the samples of a file were chosen when it was written; give --selection to pretrain";
    let ok = *base != BaseKind::File || options.selection == Selection::Random;
    refuse(ok, "selection", label::selection(options.selection).into(), expected)?;
    let expected = "the factory model's answers hold stored samples, and there are none; give --replay 1 or more, or leave \
                    --distil out";
    refuse(!options.distil || *replay != Some(0), "replay", "0".into(), expected)?;
    let replay = replay.unwrap_or(0);
    refuse(replay <= 100, "replay", replay.to_string(), "give at most 100 old samples a labelled one")
}

/// The settings, cut down to what a model blob is good for: its network's tasks, and the person that it has not seen.
pub(super) fn for_blob(settings: &Settings) -> Result<Settings, Error> {
    let Settings { blob: Some(path), tasks, person, .. } = settings else { return Ok(settings.clone()) };
    let file = BlobFile::read(path)?;
    let blob = file.parse()?;
    let fits = |task: &Task| model(task.net(), Scope::All).layout_hash() == blob.layout();
    let fitting: Vec<Task> = tasks.iter().copied().filter(fits).collect();
    if fitting.is_empty() {
        let all = [Task::Turned, Task::Digits, Task::Spar];
        return Err(file.of_other(all.into_iter().filter(fits).collect(), tasks).into());
    }
    Ok(Settings { tasks: fitting, person: person.or(u8::try_from(blob.left_out()).ok()), ..settings.clone() })
}

/// All runs: by study, task, person, repetition, then variants.
pub(super) fn jobs<'a>(settings: &Settings, corpora: &'a [Corpus]) -> Result<Vec<Job<'a>>, Error> {
    let mut jobs = Vec::new();
    for &study in &settings.studies {
        for &task in &settings.tasks {
            let Some(corpus) = corpora.iter().find(|corpus| corpus.net == task.net()) else { continue };
            let (draws, variants) = variants(study, task, settings);
            jobs.extend(of_task(settings, corpus, (study, task), draws, &variants)?);
        }
    }
    Ok(jobs)
}

/// The runs of one task: each variant for every person, repetition and draw.
pub(super) fn of_task<'a>(
    settings: &Settings,
    corpus: &'a Corpus,
    (study, task): (Study, Task),
    draws: u32,
    variants: &[Variant],
) -> Result<Vec<Job<'a>>, Error> {
    let mut jobs = Vec::new();
    for (person, odd) in people(settings, corpus, task)? {
        for (repetition, draw) in (0..settings.seeds).flat_map(|r| (0..draws).map(move |d| (r, d))) {
            let draw = repetition * draws + draw;
            let job = |variant| Job { corpus, task, person, odd, repetition, draw, study, variant };
            jobs.extend(variants.iter().copied().map(job));
        }
    }
    Ok(jobs)
}

/// How often labels are drawn for a base model of the study of wrong labels: harm is a share of runs.
const DRAWS: u32 = 3;

/// The draws for each base model and the variants of a study.
fn variants(study: Study, task: Task, settings: &Settings) -> (u32, Vec<Variant>) {
    let options = settings.options;
    match study {
        Study::Methods => (1, methods(settings)),
        Study::Keeping => (1, keeping(options)),
        // The steps were chosen for the wrist.
        Study::WrongLabels if task == Task::Spar => (DRAWS, wrong_labels(options)),
        // A sequence is no set of independent runs.
        Study::WrongLabels | Study::Sequence => (0, Vec::new()),
    }
}

/// Arms with their replay: what was asked for, or every arm without and SGD and SAM also with one old sample a new one.
pub(super) fn methods(settings: &Settings) -> Vec<Variant> {
    let with = |replay| move |&arm: &Arm| Variant { arm, replay, options: settings.options };
    match settings.replay {
        Some(replay) => settings.arms.iter().map(with(replay)).collect(),
        None => {
            let also = settings.arms.iter().filter(|arm| matches!(arm, Arm::Sgd | Arm::Sam));
            settings.arms.iter().map(with(0)).chain(also.map(with(1))).collect()
        }
    }
}

/// SGD, and what may keep old users, one at a time; then what may be added to stored samples.
fn keeping(options: Options) -> Vec<Variant> {
    let sgd = Variant { arm: Arm::Sgd, replay: 0, options };
    let replay = Variant { replay: 1, ..sgd };
    let sam = Options { base: BaseKind::Method(Arm::Sam), ..options };
    vec![
        sgd,
        Variant { options: Options { anchor: 0.1, ..options }, ..sgd },
        Variant { options: Options { wise_ft: true, guard: Guard::Accuracy, ..options }, ..sgd },
        Variant { options: sam, ..sgd },
        replay,
        Variant { options: Options { distil: true, ..options }, ..replay },
        Variant { options: sam, ..replay },
        Variant { arm: Arm::Sam, options: sam, ..replay },
    ]
}

/// SGD alone, and SAM with replay; with right labels and with a fifth and two fifths of them wrong; each without and with a
/// guard.
fn wrong_labels(options: Options) -> Vec<Variant> {
    let guards = [Guard::Off, Guard::Accuracy, Guard::Trust];
    let cells =
        [0.0, 0.2, 0.4].into_iter().flat_map(|noise| guards.map(|guard| Options { noise, guard, ..options }));
    let both = |options| [(Arm::Sgd, 0), (Arm::Sam, 1)].map(|(arm, replay)| Variant { arm, replay, options });
    cells.flat_map(both).collect()
}

/// Who is left out in turn, each with whether the place in the sorted list is odd.
fn people(settings: &Settings, corpus: &Corpus, task: Task) -> Result<Vec<(u8, bool)>, Error> {
    let everyone = corpus.people.iter().map(|&person| (person, corpus.is_odd(person)));
    let asked = |person| settings.person.is_none_or(|only| only == person);
    let people: Vec<_> = everyone.filter(|&(person, _)| asked(person)).collect();
    match settings.person {
        Some(person) if people.is_empty() => {
            Err(Error::NoPerson { task, person, known: corpus.people.clone() })
        }
        _ => Ok(people),
    }
}
