//! The names of tasks, methods and scopes as a user types them.

use crate::finetune::{Arm, Guard, Scope, Selection, Task};
use crate::report::label;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// One task or the usual two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    One(Task),
    All,
}

impl Choice {
    pub(super) fn tasks(self) -> Vec<Task> {
        match self {
            Self::One(task) => vec![task],
            Self::All => vec![Task::Turned, Task::Spar],
        }
    }
}

impl ValueEnum for Choice {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::One(Task::Turned), Self::One(Task::Digits), Self::One(Task::Spar), Self::All]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match *self {
            Self::One(task) => PossibleValue::new(label::task(task)).help(label::task_title(task)),
            Self::All => PossibleValue::new("all").help("turned, then spar"),
        })
    }
}

impl ValueEnum for Arm {
    fn value_variants<'a>() -> &'a [Self] {
        &label::ARMS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(label::arm(*self)).help(label::arm_title(*self)))
    }
}

impl ValueEnum for Scope {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::All, Self::Last, Self::Bias]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(label::scope(*self)).help(label::scope_title(*self)))
    }
}

impl ValueEnum for Guard {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Off, Self::Accuracy, Self::Loss, Self::Cross, Self::Trust]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(label::guard(*self)).help(label::guard_title(*self)))
    }
}

impl ValueEnum for Selection {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Random, Self::Herding]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(label::selection(*self)).help(label::selection_title(*self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed<T: ValueEnum>(value: &T) -> String {
        value.to_possible_value().unwrap().get_name().to_owned()
    }

    #[test]
    fn a_name_typed_is_the_name_in_a_json_row() {
        for arm in label::ARMS {
            assert_eq!(serde_json::to_value(arm).unwrap(), typed(&arm));
        }
        for guard in Guard::value_variants() {
            assert_eq!(serde_json::to_value(guard).unwrap(), typed(guard));
        }
        for scope in Scope::value_variants() {
            assert_eq!(serde_json::to_value(scope).unwrap(), typed(scope));
        }
        for choice in Choice::value_variants() {
            if let Choice::One(task) = choice {
                assert_eq!(serde_json::to_value(task).unwrap(), typed(choice));
            }
        }
    }
}
