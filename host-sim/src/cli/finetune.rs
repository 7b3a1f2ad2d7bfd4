//! Options of `finetune`.

use super::names::Choice;
use super::{device, range};
use crate::finetune::{Arm, BaseKind, Guard, Options, Scope, Selection, Settings, Study};
use crate::report::label;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// What is personalised, how, and where results go.
#[derive(Debug, Args)]
pub struct Finetune {
    /// What is personalised
    #[arg(long, value_enum, default_value = "all")]
    task: Choice,
    /// Methods to compare, separated by commas or given again; the default is all of them
    #[arg(long, value_enum, value_delimiter = ',', value_name = "METHODS")]
    method: Vec<Arm>,
    /// Only this person (spar: 1 to 10) or writer (digits, turned: 0 to 13) is left out of the base model and
    /// personalised; the default is everyone in turn
    #[arg(long, value_name = "N", value_parser = range::person, allow_negative_numbers = true)]
    person: Option<u8>,
    /// Repetitions with other random numbers, 1 to 1000
    #[arg(long, value_name = "N", default_value = "1", value_parser = range::seeds, allow_negative_numbers = true)]
    seeds: u32,
    /// Learning rate of every method, from 0 to 10; the default is each method's tuned one
    #[arg(long, value_name = "X", value_parser = range::lr, allow_negative_numbers = true)]
    lr: Option<f32>,
    /// The share of the user's labels that are wrong, from 0 to 1: 0.2 is 20 %
    #[arg(long, value_name = "P", default_value = "0", value_parser = range::noise, allow_negative_numbers = true)]
    noise: f32,
    /// Who decides whether tuned weights are kept [default: trust with --noise, off otherwise: the tables that compare
    /// methods do so on right labels and without a guard, by the recipe that their numbers are known for; a table of wrong
    /// labels shows what each guard saves]
    #[arg(long, value_enum)]
    guard: Option<Guard>,
    /// A guard refuses weights that do worse than the factory's by more than this on the held-out samples of the new user or
    /// on stored old ones, 0 to 2: 0.05 is five points of accuracy (or 0.05 of loss); the default is any loss that the other
    /// set makes up for. The guard is accuracy, unless --guard says otherwise
    #[arg(long, value_name = "X", value_parser = range::tolerance, allow_negative_numbers = true)]
    tolerance: Option<f32>,
    /// The guard (accuracy, unless --guard says loss) looks at no more epochs after so many without a better one, 1 to 1000;
    /// the default is all of them. (A device stops there; gradients and time in the tables are still those of all epochs)
    #[arg(long, value_name = "N", value_parser = range::patience, allow_negative_numbers = true)]
    patience: Option<u32>,
    /// Pull every weight to the factory model's, with this strength, 0 to 100; 0.1 is usual
    #[arg(long, value_name = "X", default_value = "0", value_parser = range::anchor, allow_negative_numbers = true)]
    anchor: f32,
    /// Let the guard (accuracy, unless --guard says otherwise) also choose how far to go from the factory weights to the
    /// tuned ones
    #[arg(long)]
    wise_ft: bool,
    /// Hold replayed samples by the factory model's answers instead of their labels
    #[arg(long)]
    distil: bool,
    /// The model that is fine-tuned: trained with this method, or a file that pretrain wrote
    #[arg(long, value_name = "METHOD|FILE", default_value = "sgd")]
    base: OsString,
    /// Personalise for one person after another, each on top of the one before and without a guard, and say what is
    /// forgotten
    #[arg(long, conflicts_with_all = ["guard", "wise_ft", "distil", "base", "person", "selection", "features", "tolerance", "patience"])]
    pub sequence: bool,
    /// What is trained
    #[arg(long, value_enum, default_value_t)]
    scope: Scope,
    /// With --scope last: keep what the frozen layers say of each sample instead of computing it in every epoch. Same bits,
    /// fewer multiply-accumulates, more RAM
    #[arg(long)]
    features: bool,
    /// Which old samples are stored
    #[arg(long, value_enum, default_value_t)]
    selection: Selection,
    /// Stored old samples trained beside each labelled one, 0 to 100; the default is 0 for every method, and also 1
    /// for sgd and sam, at half the epochs
    #[arg(long, value_name = "N", value_parser = range::replay, allow_negative_numbers = true)]
    replay: Option<u32>,
    /// A data set in the TDS1 format instead of the embedded one; of the tasks asked for, those that it fits are run. (A
    /// stream has one label for all its windows, learnt and tested: shuffled among streams, labels can still be learnt)
    #[arg(long, value_name = "FILE.tds")]
    data: Option<PathBuf>,
    /// Worker threads; 0 is one a core. Results do not depend on it
    #[arg(long, value_name = "N", default_value = "0", value_parser = range::threads, allow_negative_numbers = true)]
    threads: usize,
    /// Train on a GPU instead of the CPU (needs the feature `gpu`): the first discrete one, or that whose name contains the
    /// environment variable WGPU_ADAPTER_NAME; testing stays on the CPU. A software adapter takes about twenty times as long
    /// as the CPU: there, give --task or --person
    #[arg(long)]
    pub gpu: bool,
    /// Folder for the report (report.html), tables (table.txt), plots (*.svg) and one JSON line a run (rows.jsonl);
    /// results of an earlier run there that this one does not write are removed
    #[arg(long, value_name = "DIR", default_value = "flatmin-out")]
    pub out: PathBuf,
    /// Print one JSON line a run instead of the tables
    #[arg(long)]
    pub json: bool,
}

impl Finetune {
    /// What the experiment is asked for.
    pub fn settings(&self) -> Settings {
        Settings {
            tasks: self.task.tasks(),
            arms: self.arms(),
            person: self.person,
            seeds: self.seeds,
            lr: self.lr,
            options: self.options(),
            blob: self.base_method().is_none().then(|| PathBuf::from(&self.base)),
            studies: self.studies(),
            replay: self.replay,
            data: self.data.clone(),
            threads: self.threads,
            device: device(self.gpu),
        }
    }

    /// The method that trains the base model; none if it is a file.
    fn base_method(&self) -> Option<Arm> {
        self.base.to_str().and_then(|name| Arm::from_str(name, false).ok())
    }

    fn options(&self) -> Options {
        let rule = self.wise_ft || self.tolerance.is_some() || self.patience.is_some();
        let guard = match (rule, self.noise > 0.0 && !self.sequence) {
            (true, _) => Guard::Accuracy,
            (false, true) => Guard::Trust,
            (false, false) => Guard::Off,
        };
        Options {
            base: self.base_method().map_or(BaseKind::File, BaseKind::Method),
            noise: self.noise,
            scope: self.scope,
            guard: self.guard.unwrap_or(guard),
            anchor: self.anchor,
            wise_ft: self.wise_ft,
            distil: self.distil,
            selection: self.selection,
            tolerance: self.tolerance,
            patience: self.patience,
            features: self.features,
        }
    }

    /// The comparison of methods; the other tables too when nothing that changes a run was asked for.
    fn studies(&self) -> Vec<Study> {
        if self.sequence {
            return vec![Study::Sequence];
        }
        let plain = self.options() == Options::default() && self.guard.is_none();
        if plain && self.method.is_empty() && self.lr.is_none() && self.replay.is_none() {
            vec![Study::Methods, Study::Keeping, Study::WrongLabels]
        } else {
            vec![Study::Methods]
        }
    }

    /// The methods asked for, each once.
    fn arms(&self) -> Vec<Arm> {
        let asked = if self.method.is_empty() { &label::ARMS[..] } else { &self.method };
        let first = |&(place, arm): &(usize, &Arm)| !asked[..place].contains(arm);
        asked.iter().enumerate().filter(first).map(|(_, &arm)| arm).collect()
    }
}
