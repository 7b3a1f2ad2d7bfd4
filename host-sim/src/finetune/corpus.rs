//! Which data a network learns from.

use super::{Error, Settings, Task};
use crate::data::turn::turn;
use crate::data::{Dataset, digits, wrist};
use crate::model::{Example, Net};
use std::path::Path;

/// By how many degrees the new writer's camera is turned.
const CAMERA_DEGREES: f64 = 25.0;

/// The data of one network.
pub(crate) struct Corpus {
    /// The network that it fits.
    pub(crate) net: Net,
    /// The samples.
    pub(crate) set: Dataset,
    /// The same inputs as a turned camera sees them; empty for the wrist.
    turned: Vec<f32>,
    /// Everyone, sorted.
    pub(crate) people: Vec<u8>,
}

impl Task {
    /// The network of the task.
    pub(crate) const fn net(self) -> Net {
        match self {
            Self::Turned | Self::Digits => Net::Digits,
            Self::Spar => Net::Wrist,
        }
    }
}

impl Corpus {
    fn new(net: Net, set: Dataset) -> Self {
        let turned = match net {
            Net::Digits => (0..set.len()).flat_map(|i| turn(set.input(i), CAMERA_DEGREES)).collect(),
            Net::Wrist => Vec::new(),
        };
        let mut people = set.groups.clone();
        people.sort_unstable();
        people.dedup();
        Self { net, set, turned, people }
    }

    /// The embedded data of `net`.
    pub(crate) fn embedded(net: Net) -> Result<Self, Error> {
        let set = match net {
            Net::Digits => digits::load()?,
            Net::Wrist => wrist::load()?,
        };
        Ok(Self::new(net, set))
    }

    fn from_file(path: &Path) -> Result<Self, Error> {
        let set = Dataset::from_file(path)?;
        match (set.dim, set.classes, set.channels.len()) {
            (64, 10, 0) => Ok(Self::new(Net::Digits, set)),
            (384, 7, 6) => Ok(Self::new(Net::Wrist, set)),
            (inputs, classes, _) => Err(Error::Shape { path: path.to_owned(), inputs, classes }),
        }
    }

    /// The data of `task`: embedded, or those of a file that fits it.
    pub(crate) fn of_task(task: Task, data: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = data else { return Self::embedded(task.net()) };
        let corpus = Self::from_file(path)?;
        if corpus.net == task.net() { Ok(corpus) } else { Err(corpus.no_task(path)) }
    }

    /// Why a file is of no use for the tasks asked for.
    fn no_task(&self, path: &Path) -> Error {
        let fits = match self.net {
            Net::Digits => "the tasks turned and digits",
            Net::Wrist => "the task spar",
        };
        Error::NoTask { path: path.to_owned(), fits }
    }

    /// Whether `person` has an odd place in the sorted list of people: the second of two tuned values then applies.
    pub(crate) fn is_odd(&self, person: u8) -> bool {
        self.people.iter().position(|&other| other == person).is_some_and(|place| place % 2 == 1)
    }

    /// Sample `i`, as everyone sees it.
    pub(crate) fn example(&self, i: usize) -> Example<'_> {
        Example { x: self.set.input(i), label: self.set.labels[i] }
    }

    /// Samples as everyone sees them.
    pub(crate) fn examples(&self, indices: &[usize]) -> Vec<Example<'_>> {
        indices.iter().map(|&i| self.example(i)).collect()
    }

    /// Sample `i`, as the new user of `task` sees it.
    pub(crate) fn users_example(&self, task: Task, i: usize) -> Example<'_> {
        let upright = self.example(i);
        match task {
            Task::Turned => Example { x: &self.turned[i * self.set.dim..][..self.set.dim], ..upright },
            Task::Digits | Task::Spar => upright,
        }
    }
}

/// The data of the tasks asked for; tasks that a given file does not fit are left out.
pub(super) fn of_settings(settings: &Settings) -> Result<Vec<Corpus>, Error> {
    let asked = |net: Net| settings.tasks.iter().any(|task| task.net() == net);
    let Some(path) = &settings.data else {
        let nets = [Net::Digits, Net::Wrist].into_iter().filter(|&net| asked(net));
        return nets.map(Corpus::embedded).collect();
    };
    let corpus = Corpus::from_file(path)?;
    if asked(corpus.net) { Ok(vec![corpus]) } else { Err(corpus.no_task(path)) }
}
