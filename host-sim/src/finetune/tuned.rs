//! Tuned hyperparameters: learning rate, and radius or noise, for each arm and task.
//!
//! Each cell holds two pairs. The first was tuned on the people at odd places of the sorted list and is applied to
//! those at even places (0, 2, ...), the second the other way round: nobody is tested with values tuned on themselves.

use super::{Arm, BaseKind, Scope, Task};

/// Hyperparameters of an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tuned {
    /// Learning rate.
    pub(super) lr: f32,
    /// SAM's rho or LPF-SGD's gamma; 0 where there is neither.
    pub(super) strength: f32,
}

/// Whose values are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) task: Task,
    /// Whether some labels are wrong.
    pub(super) noisy: bool,
    pub(super) scope: Scope,
    pub(super) replay: bool,
    /// Whether the person has an odd place.
    pub(super) odd: bool,
    pub(super) base: BaseKind,
    /// Whether the weights are pulled to the factory's.
    pub(super) anchored: bool,
}

/// The steps of the study of wrong labels.
pub(super) const BOLD: Tuned = Tuned { lr: 0.01, strength: 0.15 };

/// The tuned values of `arm`.
///
/// On a SAM base, SGD, SWA and SAM with replay have values of their own, and so has SGD with an anchor; everything else
/// takes those of an SGD base. Under a smaller scope every arm takes SGD's learning rate of that scope. With replay, SGD,
/// SAM and SWA have their own values. Arms that are variants of SGD or SAM take theirs.
pub(super) fn tuned(arm: Arm, case: Case) -> Tuned {
    let values = row(arm, case)[column(case)][usize::from(case.odd)];
    match case.scope {
        Scope::All => values,
        Scope::Last => Tuned { lr: LAST[column(case)], ..values },
        Scope::Bias => Tuned { lr: BIAS[column(case)][usize::from(case.odd)], ..values },
    }
}

/// SPAR clean, SPAR with wrong labels, digits, turned digits.
fn column(case: Case) -> usize {
    match (case.task, case.noisy) {
        (Task::Spar, false) => 0,
        (Task::Spar, true) => 1,
        (Task::Digits, _) => 2,
        (Task::Turned, _) => 3,
    }
}

/// Two pairs for each column.
type Table = [[Tuned; 2]; 4];

fn row(arm: Arm, case: Case) -> &'static Table {
    if case.base == BaseKind::Method(Arm::Sam) {
        match (arm, case.replay) {
            (Arm::Sgd, false) => return &SAM_BASE_SGD,
            (Arm::Swa, false) => return &SAM_BASE_SWA,
            (Arm::Sam, true) => return &SAM_BASE_SAM_REPLAY,
            _ => {}
        }
    }
    match (arm, case.replay) {
        (Arm::Sgd, false) if case.anchored => &SGD_ANCHOR,
        (Arm::Sgd | Arm::Sgd2x | Arm::SgdWd | Arm::Ema, false) => &SGD,
        (Arm::Sgd | Arm::Sgd2x | Arm::SgdWd | Arm::Ema, true) => &SGD_REPLAY,
        (Arm::Sam | Arm::SamSwa, false) => &SAM,
        (Arm::Sam | Arm::SamSwa, true) => &SAM_REPLAY,
        (Arm::Swa, false) => &SWA,
        (Arm::Swa, true) => &SWA_REPLAY,
        (Arm::Adam, _) => &ADAM,
        (Arm::Lpf, _) => &LPF,
        (Arm::Rst, _) => &RST,
    }
}

const fn rate(lr: f32) -> Tuned {
    pair(lr, 0.0)
}

const fn pair(lr: f32, strength: f32) -> Tuned {
    Tuned { lr, strength }
}

const SGD: Table = [
    [rate(0.0003), rate(0.0003)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.003), rate(0.0003)],
    [rate(0.03), rate(0.01)],
];
const SAM: Table = [
    [pair(0.0003, 0.4), pair(0.0003, 0.05)],
    [pair(0.0003, 0.15), pair(0.0003, 0.05)],
    [pair(0.003, 0.4), pair(0.0003, 0.05)],
    [pair(0.01, 0.15), pair(0.01, 0.05)],
];
const LPF: Table = [
    [pair(0.0003, 0.6), pair(0.0003, 0.3)],
    [pair(0.0003, 0.6), pair(0.0003, 0.6)],
    [pair(0.001, 0.3), pair(0.0003, 0.3)],
    [pair(0.01, 0.1), pair(0.01, 0.3)],
];
const SWA: Table = [
    [rate(0.0003), rate(0.0003)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.03), rate(0.0003)],
    [rate(0.03), rate(0.01)],
];
const ADAM: Table = [
    [rate(0.0003), rate(0.0003)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.001), rate(0.0003)],
    [rate(0.01), rate(0.01)],
];
const RST: Table = [
    [pair(0.0003, 0.15), pair(0.001, 0.05)],
    [pair(0.0003, 0.05), pair(0.0003, 0.05)],
    [pair(0.001, 0.4), pair(0.0003, 0.15)],
    [pair(0.01, 0.15), pair(0.01, 0.15)],
];
const SGD_REPLAY: Table = [
    [rate(0.01), rate(0.003)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.03), rate(0.03)],
    [rate(0.03), rate(0.03)],
];
const SAM_REPLAY: Table = [
    [pair(0.003, 0.15), pair(0.003, 0.15)],
    [pair(0.0003, 0.4), pair(0.0003, 0.15)],
    [pair(0.003, 0.4), pair(0.03, 0.05)],
    [pair(0.03, 0.05), pair(0.03, 0.05)],
];
const SWA_REPLAY: Table = [
    [rate(0.01), rate(0.01)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.03), rate(0.03)],
    [rate(0.03), rate(0.03)],
];
const SGD_ANCHOR: Table = [
    [rate(0.01), rate(0.03)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.01), rate(0.0003)],
    [rate(0.03), rate(0.03)],
];
const SAM_BASE_SGD: Table = [
    [rate(0.0003), rate(0.0003)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.003), rate(0.003)],
    [rate(0.03), rate(0.03)],
];
const SAM_BASE_SWA: Table = [
    [rate(0.0003), rate(0.001)],
    [rate(0.0003), rate(0.0003)],
    [rate(0.003), rate(0.003)],
    [rate(0.03), rate(0.03)],
];
const SAM_BASE_SAM_REPLAY: Table = [
    [pair(0.01, 0.05), pair(0.003, 0.05)],
    [pair(0.0003, 0.15), pair(0.0003, 0.15)],
    [pair(0.03, 0.05), pair(0.01, 0.05)],
    [pair(0.03, 0.05), pair(0.03, 0.15)],
];
/// SGD on the last layer: the same learning rate at even and odd places.
const LAST: [f32; 4] = [0.001, 0.001, 0.001, 0.03];
/// SGD on the biases.
const BIAS: [[f32; 2]; 4] = [[0.001, 0.001], [0.001, 0.001], [0.003, 0.003], [0.003, 0.1]];

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Case = Case {
        task: Task::Spar,
        noisy: false,
        scope: Scope::All,
        replay: false,
        odd: false,
        base: BaseKind::Method(Arm::Sgd),
        anchored: false,
    };

    #[test]
    fn values_depend_on_task_place_and_noise() {
        assert_eq!(tuned(Arm::Sam, CASE), pair(0.0003, 0.4));
        assert_eq!(tuned(Arm::Sam, Case { odd: true, ..CASE }), pair(0.0003, 0.05));
        assert_eq!(tuned(Arm::Sam, Case { noisy: true, ..CASE }), pair(0.0003, 0.15));
        assert_eq!(tuned(Arm::Rst, Case { odd: true, ..CASE }), pair(0.001, 0.05));
        let turned = Case { task: Task::Turned, noisy: true, ..CASE };
        assert_eq!(tuned(Arm::Sgd, turned), rate(0.03));
        assert_eq!(tuned(Arm::Lpf, Case { odd: true, ..turned }), pair(0.01, 0.3));
        assert_eq!(tuned(Arm::Swa, Case { task: Task::Digits, ..CASE }), rate(0.03));
    }

    #[test]
    fn variants_share_the_values_of_what_they_vary() {
        for replay in [false, true] {
            let case = Case { replay, ..CASE };
            assert_eq!(tuned(Arm::SamSwa, case), tuned(Arm::Sam, case));
            for arm in [Arm::Sgd2x, Arm::SgdWd, Arm::Ema] {
                assert_eq!(tuned(arm, case), tuned(Arm::Sgd, case));
            }
        }
    }

    #[test]
    fn replay_has_its_own_values_where_they_were_tuned() {
        let case = Case { replay: true, ..CASE };
        assert_eq!(tuned(Arm::Sgd, case), rate(0.01));
        assert_eq!(tuned(Arm::Sam, case), pair(0.003, 0.15));
        assert_eq!(tuned(Arm::Swa, Case { odd: true, ..case }), rate(0.01));
        assert_eq!(tuned(Arm::Lpf, case), tuned(Arm::Lpf, CASE));
    }

    #[test]
    fn a_flat_base_and_an_anchor_have_values_of_their_own() {
        let flat = Case { base: BaseKind::Method(Arm::Sam), ..CASE };
        assert_eq!(tuned(Arm::Swa, Case { odd: true, ..flat }), rate(0.001));
        assert_eq!(tuned(Arm::Sam, Case { replay: true, ..flat }), pair(0.01, 0.05));
        assert_eq!(tuned(Arm::Lpf, flat), tuned(Arm::Lpf, CASE));
        assert_eq!(tuned(Arm::Sgd, Case { anchored: true, odd: true, ..CASE }), rate(0.03));
    }

    #[test]
    fn a_smaller_scope_changes_the_learning_rate_only() {
        let bias = Case { scope: Scope::Bias, task: Task::Turned, odd: true, ..CASE };
        assert_eq!(tuned(Arm::Sam, bias), pair(0.1, 0.05));
        assert_eq!(tuned(Arm::Adam, Case { scope: Scope::Last, ..CASE }), rate(0.001));
    }
}
