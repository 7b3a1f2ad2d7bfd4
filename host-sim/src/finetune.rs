//! The main job: personalise a model for every person in turn, once with every method, and say what each method bought.
//!
//! This file is the interface between the experiment (`finetune/`), the command line and the reports: what is asked
//! for ([`Settings`]), what comes out ([`Row`]), and who is told how far it is ([`Progress`]).

pub(crate) mod arms;
mod base;
mod corpus;
mod error;
mod guarded;
mod kinds;
mod labels;
mod parallel;
mod plan;
mod row;
mod samples;
mod seeds;
pub(crate) mod selection;
pub mod sequence;
mod settings;
mod split;
mod stored;
mod tuned;
mod user;

pub(crate) use arms::lpf;
pub(crate) use base::{Base, pretraining};
pub(crate) use corpus::Corpus;
pub use error::Error;
pub use kinds::{Arm, BaseKind, Guard, Options, Scope, Selection, Study, Task};
pub(crate) use labels::corrupt;
pub(crate) use parallel::{in_order, training};
pub(crate) use plan::Variant;
pub use row::{HARM, Point, Ram, Row};
pub(crate) use samples::labelled_a_class;
pub(crate) use seeds::{Purpose, seed};
pub(crate) use selection::two_sets;
pub use settings::Settings;
pub(crate) use split::Split;

/// Who is told how far a long piece of work has come. Calls come from several threads.
pub trait Progress: Sync {
    /// `total` units of `what` begin.
    fn begin(&self, what: &str, total: u64);
    /// One more unit is done.
    fn advance(&self);
    /// `done` of the `total` parts of the unit under way are; whoever does not show parts need not listen.
    fn within(&self, _done: u64, _total: u64) {}
    /// The work that began last is over.
    fn end(&self);
}

/// Nobody is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self) {}
    fn end(&self) {}
}

/// Personalises for every person in turn with every arm.
///
/// Base models are trained once a (network, person, seed, method), or read from a blob. All arms of a person see the same
/// labelled samples, the same wrong labels and the same order of samples. Rows come by study, task, person, seed, then
/// variants; all but [`Row::seconds`] are the same for every number of threads.
///
/// # Errors
/// When a setting is out of range, or the data cannot be had or do not fit the tasks. A run that diverges is no error:
/// see [`Row::diverged`].
pub fn run(settings: &Settings, progress: &dyn Progress) -> Result<Vec<Row>, Error> {
    plan::check(settings)?;
    let settings = &plan::for_blob(settings)?;
    let corpora = corpus::of_settings(settings)?;
    work(&plan::jobs(settings, &corpora)?, settings, progress)
}

/// Runs chosen variants of one task of the embedded data, `seeds` times for everyone.
pub(crate) fn run_variants(
    task: Task,
    study: Study,
    variants: &[Variant],
    seeds: u32,
    progress: &dyn Progress,
) -> Result<Vec<Row>, Error> {
    let settings = Settings { tasks: vec![task], seeds, ..Settings::default() };
    let corpus = Corpus::embedded(task.net())?;
    work(&plan::of_task(&settings, &corpus, (study, task), 1, variants)?, &settings, progress)
}

fn work(jobs: &[plan::Job<'_>], settings: &Settings, progress: &dyn Progress) -> Result<Vec<Row>, Error> {
    let bases = base::all(jobs, settings, progress)?;
    training(settings, progress, "fine-tuning runs", jobs, |job, trainer| {
        user::run(job, &bases[&job.base()], settings, trainer)
    })
}
