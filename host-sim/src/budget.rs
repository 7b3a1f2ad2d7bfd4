//! The bill of a fine-tuning run before anything is flashed: RAM by purpose, stack, flash, time and energy by chip.
//!
//! What is lent is computed from the types ([`Bill`]); stack, flash and instructions are figures of the committed ledger,
//! measured on images of the same run. Time and energy are estimates, and ranges.

pub mod chip;
pub mod figures;

use crate::finetune::{Guard, Scope, labelled_a_class};
use crate::mcu::Run;
use crate::model::{Net, Trained};
use chip::Core;
use figures::{Figure, Figures, Kind, Session};
use flatmin::averages::{Ema, Swa};
use flatmin::backend::Portable;
use flatmin::bill::Bill;
use flatmin::state::{Cost, State};
use flatmin_parity::compose::{MethodSpec, OptimizerSpec, Parts, Receive, Spec, compose};

/// Samples of a mini-batch.
pub const BATCH: u64 = 8;
/// Passes over the labelled samples alone, and beside replayed ones; see `finetune`.
const EPOCHS: [u64; 2] = [30, 15];
/// The share of RST's steps that are SAM's.
const RST_OPEN: f64 = 0.5;

/// Where something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Place {
    /// In RAM
    Ram,
    /// In flash
    Flash,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The network.
    pub net: Trained,
    /// Methods by name.
    pub methods: Vec<&'static str>,
    /// Base optimizers by name.
    pub optimizers: Vec<&'static str>,
    /// What trains.
    pub scope: Scope,
    /// An average by name.
    pub average: Option<&'static str>,
    /// Who decides what is kept.
    pub guard: Guard,
    /// Old samples, read from flash, beside each labelled one.
    pub replay: usize,
    /// Where the user's samples lie, as `i8`.
    pub samples: Place,
    /// Where the mean of the epochs lies, or the weights of the best one.
    pub epochs: Place,
    /// A whole session of `examples/wrist` around the training step, guard or not.
    pub session: bool,
    /// Whose stack and flash.
    pub core: Core,
}

/// The answer for one method over one optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// What is trained, and how.
    pub run: Run,
    /// What is lent.
    pub bill: Bill,
    /// Weights that do not train, which a session reads into RAM.
    pub frozen: usize,
    /// Worst-case stack in bytes.
    pub stack: Figure,
    /// Code and constants in bytes.
    pub flash: Figure,
}

impl Answer {
    /// All of the RAM; as much as is known if no stack is.
    pub fn ram(&self) -> u64 {
        (self.bill.total() + self.frozen) as u64 + self.stack.bytes().unwrap_or(0)
    }
}

/// Labelled samples of a run.
pub fn labelled(net: Trained) -> usize {
    match net {
        Trained::Wrist => 7 * labelled_a_class(Net::Wrist),
        Trained::Digits | Trained::Fmnist => 10 * labelled_a_class(Net::Digits),
    }
}

impl Question {
    /// Every method over every optimizer.
    pub fn answers(&self, figures: &Figures) -> Vec<Answer> {
        let runs = self
            .methods
            .iter()
            .flat_map(|&method| self.optimizers.iter().map(move |&optimizer| (method, optimizer)));
        runs.map(|(method, optimizer)| self.answer(method, optimizer, figures)).collect()
    }

    fn answer(&self, method: &'static str, optimizer: &'static str, figures: &Figures) -> Answer {
        let run = Run { net: self.net, scope: self.scope, method, optimizer, average: self.mean() };
        let [stack, flash] = [Kind::Stack, Kind::Flash].map(|kind| match self.around() {
            None => figures.step(kind, self.core, &run),
            Some(session) => figures.session(kind, self.core, &run, session),
        });
        let model = self.net.model(self.scope);
        let frozen = self.around().map_or(0, |_| size_of::<f32>() * (model.params() - model.trainable()));
        Answer { run, bill: self.bill(&run), frozen, stack, flash }
    }

    /// The session around the step: whoever guards, or keeps an epoch in flash, has driver, checkpoints and storage.
    pub fn around(&self) -> Option<Session> {
        let Self { guard, samples, epochs, .. } = *self;
        let session = self.session || guard != Guard::Off || epochs == Place::Flash;
        session.then_some(Session { guard, samples, epochs })
    }

    /// The average: trust brings its own.
    fn mean(&self) -> Option<&'static str> {
        self.average.or((self.guard == Guard::Trust).then_some("swa"))
    }

    /// What is lent to a run.
    pub fn bill(&self, run: &Run) -> Bill {
        let bill = Bill::sized(self.net.model(run.scope).shape(), method_cost(run.method, run.optimizer));
        let bill = match run.average {
            Some("ema") => bill.average::<Ema<&'static mut [f32]>>(),
            Some(_) => bill.average::<Swa<&'static mut [f32]>>(),
            None => bill,
        };
        let bill = self.guarded(bill, run.average);
        let labelled = labelled(self.net);
        let bill = match self.samples {
            Place::Ram => bill.samples::<i8>(labelled),
            // A log in flash, and in RAM the place and the label of each sample.
            Place::Flash if self.around().is_some() => Bill { samples: bill.samples + 2 * labelled, ..bill },
            Place::Flash => return bill,
        };
        bill.classes(self.net.model(run.scope).classes())
    }

    /// With a guard, and what a session has in any case: room for the weights of an epoch, unless they lie in flash or a mean
    /// is what is judged, and for trust in each label.
    fn guarded(&self, bill: Bill, average: Option<&str>) -> Bill {
        if self.around().is_none() {
            return bill;
        }
        let bill = match (self.guard, self.epochs) {
            // Its mean of the epochs can be a record that is written over and over; one that moves with every step cannot.
            (Guard::Trust, Place::Flash) if average == Some("swa") => Bill { average: 0, ..bill },
            (Guard::Trust, _) | (_, Place::Flash) => bill,
            (_, Place::Ram) => bill.guard(),
        };
        let bill = match self.guard {
            Guard::Cross => bill.cross_validated(EPOCHS[usize::from(self.replay > 0)] as usize),
            _ => bill,
        };
        bill.trust(labelled(self.net))
    }

    /// The same question with another scope.
    pub fn scoped(&self, scope: Scope) -> Self {
        Self { scope, ..self.clone() }
    }

    /// Instructions of a whole fine-tuning run: the steps of the main job, and the guard's gradients and answers. `None`
    /// where no step was counted.
    pub fn instructions(&self, run: &Run, core: Core, figures: &Figures) -> Option<f64> {
        let alone = Run { average: None, ..*run };
        let plain = Run { method: "plain", optimizer: "sgd", ..alone };
        let sample = figures.exact("sample", core, &plain)? as f64;
        let step = |run: &Run| {
            let smallest = figures.exact("step", core, run)? as f64;
            let more = BATCH.saturating_sub(run.smallest_batch()) * run.gradients();
            Some(smallest + more as f64 * sample)
        };
        let open = step(&alone)?;
        let step = match run.method {
            "rst" => RST_OPEN * open + (1.0 - RST_OPEN) * step(&Run { method: "plain", ..alone })?,
            _ => open,
        };
        let labelled = labelled(self.net) as u64;
        let epochs = EPOCHS[usize::from(self.replay > 0)];
        let steps = |samples: u64| samples.div_euclid(BATCH.min(samples).max(1));
        let trained = labelled * (1 + self.replay as u64);
        // A forward pass is about a third of a gradient.
        let answers = sample / 3.0;
        let guard = match self.guard {
            Guard::Off => 0.0,
            Guard::Accuracy | Guard::Loss => (epochs + 1) as f64 * (labelled / 4 + labelled) as f64 * answers,
            // Two runs on half of the samples each; every fold is scored with all old samples.
            Guard::Cross => {
                let scored = (epochs + 1) * 3 * labelled;
                (2 * steps(trained / 2) * epochs) as f64 * step + scored as f64 * answers
            }
            Guard::Trust => {
                let folds = 2 * steps(trained / 2) * (epochs / 4).max(1);
                folds as f64 * step + 3.0 * labelled as f64 * answers
            }
        };
        let held_out = if matches!(self.guard, Guard::Accuracy | Guard::Loss) { trained / 4 } else { 0 };
        Some((steps(trained - held_out) * epochs) as f64 * step + guard)
    }
}

/// The cost of a method over an optimizer, by their names in the registry.
fn method_cost(method: &str, optimizer: &str) -> Cost {
    struct OfState;
    impl Receive<Portable> for OfState {
        type Output = Cost;
        fn receive<M: flatmin::method::Method<Portable> + 'static>(self, _: M) -> Cost {
            <M as State<Portable>>::COST
        }
    }
    let method = MethodSpec::SAMPLES.into_iter().find(|spec| spec.name() == method);
    let optimizer = match optimizer {
        "sgd" => Some(OptimizerSpec::momentum(0.9, 0.0)),
        name => OptimizerSpec::SAMPLES.into_iter().find(|spec| spec.name() == name),
    };
    let (Some(method), Some(optimizer)) = (method, optimizer) else { return Cost::NONE };
    let (noise, coin) = (flatmin::rng::Seed(0), flatmin::rng::Seed(0));
    let parts = Parts { segments: &[], zeros: |_| Vec::<f32>::new(), noise, coin };
    compose::<Portable, Vec<f32>, _, _, _, _>(&Spec::new(method, optimizer), parts, OfState)
}
