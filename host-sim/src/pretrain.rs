//! A base model as a file: trained without one person, and everything that a device needs to fine-tune it for them.

mod file;

pub use file::{BlobError, BlobFile};

use crate::data::{Channel, Dataset};
use crate::finetune::{
    Arm, Base, Corpus, Error, Progress, Purpose, Selection, Task, labelled_a_class, seed, selection, two_sets,
};
use crate::model::{Example, Model, Workspace};
use crate::train::Device;
use flatmin::blob::Contents;
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::Samples;
use flatmin::tune::replay_buffer::Item;
use std::path::PathBuf;

/// What is trained and stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// For which task.
    pub task: Task,
    /// With which method.
    pub method: Arm,
    /// Who is left out.
    pub person: u8,
    /// The repetition: decides every random number.
    pub seed: u32,
    /// Old samples to replay for each sample that a user labels, and as many to validate with for any but 0.
    pub replay: u32,
    /// Which they are.
    pub selection: Selection,
    /// A TDS file instead of the embedded data.
    pub data: Option<PathBuf>,
    /// Who trains.
    pub device: Device,
}

/// A model in its blob, and how good it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The file.
    pub file: BlobFile,
    /// Accuracy on the person who was left out, in [0, 1].
    pub new: f64,
    /// Accuracy on unseen samples of the others, in [0, 1].
    pub old: f64,
}

/// Trains and packs; `progress` is told of epochs, and of steps within them.
///
/// # Errors
/// When the data cannot be had or do not fit the task, nobody of that number is in them, or training stops.
pub fn run(settings: &Settings, progress: &dyn Progress) -> Result<Exported, Error> {
    let Settings { task, method, person, seed: repetition, device, .. } = *settings;
    let corpus = Corpus::of_task(task, settings.data.as_deref())?;
    if !corpus.people.contains(&person) {
        return Err(Error::NoPerson { task, person, known: corpus.people });
    }
    let base = Base::train_alone(&corpus, person, repetition, method, (device, progress))?;
    let users: Vec<_> = base.split.new_test.iter().map(|&i| corpus.users_example(task, i)).collect();
    let new = Workspace::new(base.net(), &[]).accuracy(&users, &base.weights)?;
    let sets = stored(&corpus, &base, settings)?;
    let file = pack((base.net(), &base.weights), &corpus.set, person.into(), sets)?;
    Ok(Exported { file, new, old: base.old })
}

/// The samples to replay and those to validate with: `replay` for each sample that a user labels, class-balanced.
fn stored<'a>(corpus: &'a Corpus, base: &Base, settings: &Settings) -> Result<[Vec<Example<'a>>; 2], Error> {
    let a_class = labelled_a_class(corpus.net);
    let count = a_class * settings.replay as usize;
    if count == 0 {
        return Ok([Vec::new(), Vec::new()]);
    }
    // Nobody's but the exporter's: the person's own draws are those of fine-tuning.
    let seed = seed(Purpose::Export, corpus.net, 0, settings.seed);
    let sets = selection::of(corpus, base, [count, a_class], settings.selection, seed)?;
    Ok(sets.map(|set| corpus.examples(&set)))
}

/// Packs a network that was trained on the pictures of split 0 and left nobody out, with `replay` of them of each class
/// and as many others to validate with.
///
/// # Errors
/// When network, weights and pictures do not fit together.
pub fn pictures(
    net: &'static dyn Model,
    weights: &[f32],
    set: &Dataset,
    replay: u32,
    seed: u64,
) -> Result<BlobFile, Error> {
    let training: Vec<usize> = (0..set.len()).filter(|&i| set.splits[i] == 0).collect();
    let (count, draws) = (replay as usize, Draws::new(Key::new(seed, Stream::Replay, 0)));
    let picture = |i| Example { x: set.input(i), label: set.labels[i] };
    let sets = two_sets(&training, &set.labels, set.classes, [count; 2], draws)
        .map(|set| set.into_iter().map(picture).collect());
    // Nobody was left out.
    pack((net, weights), set, u32::MAX, sets)
}

fn pack(
    (net, weights): (&'static dyn Model, &[f32]),
    set: &Dataset,
    left_out: u32,
    sets: [Vec<Example<'_>>; 2],
) -> Result<BlobFile, Error> {
    let raw = [Channel { mean: 0.0, sd: 1.0 }];
    let channels = if set.channels.is_empty() { &raw[..] } else { &set.channels };
    let (mean, sd): (Vec<f32>, Vec<f32>) = channels.iter().map(|channel| (channel.mean, channel.sd)).unzip();
    let scale = scales(sets.iter().flatten(), channels.len());
    let [replay, validation] = sets.map(|set| Quantised::of(&set, &scale));
    let dim = set.dim;
    let [replay, validation] =
        [&replay, &validation].map(|set| Samples::new(dim, &set.values, &set.labels, &scale));
    let (replay, validation) = (replay.map_err(BlobError::from)?, validation.map_err(BlobError::from)?);
    let mut workspace = Workspace::new(net, &[]);
    let (mut x, mut logits) = (vec![0.0; dim], Vec::new());
    for i in 0..replay.len() {
        replay.read(i, &mut x);
        logits.extend(workspace.logits(&x, weights)?);
    }
    let contents = Contents {
        layout: net.layout_hash(),
        classes: set.classes,
        left_out,
        mean: &mean,
        sd: &sd,
        weights,
        replay,
        logits: &logits,
        validation,
    };
    Ok(BlobFile::write(&contents)?)
}

/// Samples as they are stored.
struct Quantised {
    values: Vec<i8>,
    labels: Vec<u8>,
}

impl Quantised {
    fn of(set: &[Example<'_>], scale: &[f32]) -> Self {
        let values = set.iter().flat_map(|example| example.x.iter().zip(scale.iter().cycle()));
        Self {
            values: values.map(|(x, scale)| i8::nearest(x / scale)).collect(),
            labels: set.iter().map(|example| example.label).collect(),
        }
    }
}

/// For each channel what a stored 1 stands for, so that the largest value is 127; 1 where all are 0.
pub(crate) fn scales<'a>(examples: impl Iterator<Item = &'a Example<'a>>, channels: usize) -> Vec<f32> {
    let mut most = vec![0.0_f32; channels];
    for example in examples {
        example.x.iter().enumerate().for_each(|(i, x)| most[i % channels] = most[i % channels].max(x.abs()));
    }
    most.into_iter().map(|most| if most > 0.0 { most / 127.0 } else { 1.0 }).collect()
}

impl Exported {
    /// What was made, in a few lines.
    pub fn describe(&self, settings: &Settings) -> Result<String, Error> {
        Ok(format!(
            "{} base model without {} {}: new {:.1} %, old {:.1} %\n{}",
            crate::report::label::arm(settings.method),
            crate::report::label::people(settings.task),
            settings.person,
            100.0 * self.new,
            100.0 * self.old,
            self.file.describe()?,
        ))
    }
}
