//! Options of `budget`.

use super::range;
use crate::budget::chip::{CHIPS, Chip, Core, find};
use crate::budget::{Place, Question};
use crate::finetune::{Guard, Scope};
use crate::model::Trained;
use crate::report::budget::Limits;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use flatmin::registry::{ENTRIES, Role};

/// What is billed, and what there is.
#[derive(Clone, Debug, Args)]
pub struct Budget {
    /// The networks, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "wrist")]
    net: Vec<Trained>,
    /// Methods, separated by commas; the default is all
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = names(Role::Method))]
    method: Vec<String>,
    /// Base optimizers, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "sgd,adam", value_parser = names(Role::Optimizer))]
    optimizer: Vec<String>,
    /// What is trained
    #[arg(long, value_enum, default_value_t)]
    scope: Scope,
    /// An average of the weights beside the method
    #[arg(long, value_name = "NAME", value_parser = names(Role::Average))]
    average: Option<String>,
    /// Who decides whether tuned weights are kept
    #[arg(long, value_enum, default_value_t)]
    guard: Guard,
    /// Stored old samples trained beside each labelled one, 0 to 100: they are read from flash, but take time
    #[arg(long, value_name = "N", default_value = "0", value_parser = range::replay, allow_negative_numbers = true)]
    replay: u32,
    /// Where the labelled samples are kept
    #[arg(long, value_enum, default_value = "ram")]
    samples: Place,
    /// Where the mean of the epochs is kept, or the weights of the best one; in flash, it is a record of the checkpoints
    #[arg(long, value_enum, default_value = "ram")]
    epochs: Place,
    /// Bill a whole session as examples/wrist makes it: driver, checkpoints, log; implied by a guard and by `--epochs flash`
    #[arg(long)]
    session: bool,
    /// Whose stack and flash
    #[arg(long, value_enum, default_value = "m4f")]
    core: Core,
    /// The RAM that there is, such as 32K; says what fits, and what would help where nothing does
    #[arg(long, value_name = "BYTES", value_parser = range::bytes)]
    ram: Option<u64>,
    /// The flash that there is for code, such as 64K
    #[arg(long, value_name = "BYTES", value_parser = range::bytes)]
    flash: Option<u64>,
    /// Chips whose time and energy are estimated, separated by commas; the default is all, `none` for none
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = chips())]
    chip: Vec<String>,
    /// Print one JSON line a method instead of the tables
    #[arg(long)]
    pub json: bool,
}

const NONE: &str = "none";

/// The names of a role, those aside that wrap another optimizer.
fn of_role(role: Role) -> impl Iterator<Item = &'static str> {
    let of = move |name: &str| ENTRIES.iter().any(|entry| entry.role == role && entry.name == name);
    let names = ENTRIES.iter().map(|entry| entry.name).filter(|name| !["anchored", "clipped"].contains(name));
    names.filter(move |name| of(name))
}

fn names(role: Role) -> PossibleValuesParser {
    PossibleValuesParser::new(of_role(role))
}

fn chips() -> PossibleValuesParser {
    PossibleValuesParser::new(CHIPS.iter().map(|chip| chip.name).chain([NONE]))
}

/// Those of a role that were asked for, in the order of the registry; all, if none was.
fn chosen(role: Role, asked: &[String]) -> Vec<&'static str> {
    of_role(role).filter(|name| asked.is_empty() || asked.iter().any(|asked| asked == name)).collect()
}

impl Budget {
    /// One question a network.
    pub fn questions(&self) -> Vec<Question> {
        let average = self.average.as_ref().map(std::slice::from_ref);
        let average = average.and_then(|asked| chosen(Role::Average, asked).first().copied());
        let question = |&net: &Trained| Question {
            net,
            methods: chosen(Role::Method, &self.method),
            optimizers: chosen(Role::Optimizer, &self.optimizer),
            scope: self.scope,
            average,
            guard: self.guard,
            replay: self.replay as usize,
            samples: self.samples,
            epochs: self.epochs,
            session: self.session,
            core: self.core,
        };
        self.net.iter().map(question).collect()
    }

    /// What there is.
    pub fn limits(&self) -> Limits {
        Limits { ram: self.ram, flash: self.flash }
    }

    /// The chips.
    pub fn chips(&self) -> Vec<&'static Chip> {
        if self.chip.is_empty() {
            return CHIPS.iter().collect();
        }
        self.chip.iter().filter_map(|name| find(name)).collect()
    }
}

impl ValueEnum for Trained {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.model(Scope::All).name()))
    }
}

impl ValueEnum for Core {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.title()))
    }
}
