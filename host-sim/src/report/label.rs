//! Names for people: of tasks, methods and scopes.

use crate::finetune::{Arm, BaseKind, Guard, Options, Scope, Selection, Study, Task};

/// Every method, in the order of the tables.
pub const ARMS: [Arm; 10] = [
    Arm::Sgd,
    Arm::Sgd2x,
    Arm::SgdWd,
    Arm::Adam,
    Arm::Sam,
    Arm::Lpf,
    Arm::Rst,
    Arm::Ema,
    Arm::Swa,
    Arm::SamSwa,
];

/// The name of a method, as in JSON rows and on the command line.
pub const fn arm(arm: Arm) -> &'static str {
    match arm {
        Arm::Sgd => "sgd",
        Arm::Sgd2x => "sgd-2x",
        Arm::SgdWd => "sgd-wd",
        Arm::Adam => "adam",
        Arm::Sam => "sam",
        Arm::Lpf => "lpf",
        Arm::Rst => "rst",
        Arm::Ema => "ema",
        Arm::Swa => "swa",
        Arm::SamSwa => "sam+swa",
    }
}

/// What a method is.
pub const fn arm_title(arm: Arm) -> &'static str {
    match arm {
        Arm::Sgd => "SGD with momentum",
        Arm::Sgd2x => "sgd with twice the epochs: the compute of sam",
        Arm::SgdWd => "sgd with weight decay 0.01 (not tuned)",
        Arm::Adam => "AdamW",
        Arm::Sam => "sharpness-aware minimization over sgd: two gradients a step",
        Arm::Lpf => "LPF-SGD: sgd on a smoothed loss, one gradient a step",
        Arm::Rst => "sam at random steps, sgd at the others",
        Arm::Ema => "sgd, exponential average of the weights",
        Arm::Swa => "sgd, mean of late weights",
        Arm::SamSwa => "sam, mean of late weights",
    }
}

/// A method with its stored samples, such as `sam`, `sam+replay`, `sam+replay2`.
pub fn line(method: Arm, replay: u32) -> String {
    match (arm(method), replay) {
        (name, 0) => name.to_owned(),
        (name, 1) => format!("{name}+replay"),
        (name, n) => format!("{name}+replay{n}"),
    }
}

/// A method with its stored samples and everything else that it does, such as `sam base: sgd+replay+distil`.
pub fn variant(method: Arm, replay: u32, options: &Options) -> String {
    let base = match options.base {
        BaseKind::Method(Arm::Sgd) => String::new(),
        BaseKind::Method(other) => format!("{} base: ", arm(other)),
        BaseKind::File => "file: ".to_owned(),
    };
    let extras = [
        (options.anchor > 0.0, "+anchor".to_owned()),
        (options.distil, "+distil".to_owned()),
        (options.selection != Selection::Random && replay > 0, format!("+{}", selection(options.selection))),
        (options.wise_ft, "+wise-ft".to_owned()),
        (options.scope != Scope::All, format!(" {}", scope(options.scope))),
        (options.features, ", features".to_owned()),
        (options.guard != Guard::Off, format!(", {}", guard(options.guard))),
    ];
    let extras: String = extras.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect();
    format!("{base}{}{extras}", line(method, replay))
}

/// The name of a selection, as in JSON rows and on the command line.
pub const fn selection(selection: Selection) -> &'static str {
    match selection {
        Selection::Random => "random",
        Selection::Herding => "herding",
    }
}

/// What a selection is.
pub const fn selection_title(selection: Selection) -> &'static str {
    match selection {
        Selection::Random => "any of each class",
        Selection::Herding => {
            "those whose mean, as the layers below the last see them, is nearest to their class's"
        }
    }
}

/// The name of a guard, as in JSON rows and on the command line.
pub const fn guard(guard: Guard) -> &'static str {
    match guard {
        Guard::Off => "off",
        Guard::Accuracy => "accuracy",
        Guard::Loss => "loss",
        Guard::Cross => "cross",
        Guard::Trust => "trust",
    }
}

/// What a guard is.
pub const fn guard_title(guard: Guard) -> &'static str {
    match guard {
        Guard::Off => "every run is kept",
        Guard::Accuracy => {
            "a quarter of the labels is held out; the best epoch by accuracy, or the factory weights"
        }
        Guard::Loss => "the same by loss",
        Guard::Cross => "each label is held out once; all train for the best number of epochs, or none",
        Guard::Trust => "a label pulls as much as two models that never learnt it believe it",
    }
}

/// The name of a task, as in JSON rows and on the command line.
pub const fn task(task: Task) -> &'static str {
    match task {
        Task::Turned => "turned",
        Task::Digits => "digits",
        Task::Spar => "spar",
    }
}

/// What a task is.
pub const fn task_title(task: Task) -> &'static str {
    match task {
        Task::Turned => "digits of a new writer whose camera is turned by 25 degrees",
        Task::Digits => "digits of a new writer",
        Task::Spar => "exercises of a new person, from a wrist sensor",
    }
}

/// Those who are personalised in a task.
pub const fn people(task: Task) -> &'static str {
    match task {
        Task::Turned | Task::Digits => "writer",
        Task::Spar => "person",
    }
}

/// The name of a scope, as in JSON rows and on the command line.
pub const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "all",
        Scope::Last => "last",
        Scope::Bias => "bias",
    }
}

/// What a scope is.
pub const fn scope_title(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "every weight",
        Scope::Last => "the last layer",
        Scope::Bias => "every bias",
    }
}

/// The name of a study, as in JSON rows.
pub const fn study(study: Study) -> &'static str {
    match study {
        Study::Methods => "methods",
        Study::Keeping => "keeping",
        Study::WrongLabels => "wrong-labels",
        Study::Sequence => "sequence",
    }
}

/// The question of a study.
pub const fn study_title(study: Study) -> &'static str {
    match study {
        Study::Methods => "What each method buys",
        Study::Keeping => "What else keeps old users",
        Study::WrongLabels => "Wrong labels, and what a guard saves",
        Study::Sequence => "One after another",
    }
}

/// A share as a percentage, without the digits that only the binary fraction has.
pub fn percent(share: f32) -> f64 {
    (f64::from(share) * 1e6).round() / 1e4
}

/// `1 seed`, `5 seeds`, `2 people`.
pub fn count(n: usize, one: &str) -> String {
    match (n, one) {
        (1, _) => format!("1 {one}"),
        (_, "person") => format!("{n} people"),
        _ => format!("{n} {one}s"),
    }
}
