//! The registry of what a user can choose: one row each, from which tables, command lines, tests and parity runs follow.
//!
//! Kernels have their own registry, [`for_each_kernel!`](crate::for_each_kernel).

use crate::average::Average;
use crate::averages::{Ema, Swa};
use crate::backend::Portable;
use crate::gate::Gate;
use crate::gates::Bernoulli;
use crate::method::Method;
use crate::methods::{LpfSgd, LpfSgdResidual, Plain, Rst, Sam};
use crate::optimizer::Optimizer;
use crate::optimizers::{Adam, AdamW, Anchored, Clipped, Momentum, Sgd};
use crate::state::{Cost, State};

/// Which question an entry answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// How do I move with this gradient?
    Optimizer,
    /// Where do I want the gradients taken, and how do I combine them?
    Method,
    /// Is the extra gradient worth it at this step?
    Gate,
    /// What do I remember of the trajectory?
    Average,
}

/// What is left when the perturbation is switched off (rho = 0, gamma = 0, p = 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Nothing can be switched off.
    None,
    /// The base optimizer, bit for bit.
    Exact,
    /// The base optimizer up to rounding, for this reason.
    Rounding(&'static str),
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The stem of its file and its name on a command line.
    pub name: &'static str,
    /// Which question it answers.
    pub role: Role,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Where it comes from.
    pub paper: &'static str,
    /// Memory beside weights and gradient; for a method and a gate without the base optimizer's.
    pub cost: Cost,
    /// Gradients of a whole mini-batch a step, as a formula.
    pub gradients: &'static str,
    /// What switching it off leaves.
    pub off: Off,
    /// Where it runs.
    pub on: On,
}

/// On which backends an entry runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// On all of them.
    Any,
    /// On a CPU; a device answers [`Error::NoResidual`](crate::Error::NoResidual).
    Cpu,
}

type Buffer = &'static mut [f32];
type Flash = &'static [f32];
type Base = Sgd;

/// Every entry, by role.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: <Sgd<Momentum<Buffer>> as Optimizer<Portable>>::NAME,
        role: Role::Optimizer,
        title: "SGD with momentum, dampening, Nesterov, L2",
        paper: "Polyak 1964; Sutskever et al. 2013",
        cost: <Sgd<Momentum<Buffer>> as State<Portable>>::COST,
        gradients: "1",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <Adam<Buffer> as Optimizer<Portable>>::NAME,
        role: Role::Optimizer,
        title: "Adam with L2",
        paper: "Kingma & Ba 2015",
        cost: <Adam<Buffer> as State<Portable>>::COST,
        gradients: "1",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <AdamW<Buffer> as Optimizer<Portable>>::NAME,
        role: Role::Optimizer,
        title: "Adam with decoupled decay",
        paper: "Loshchilov & Hutter 2019",
        cost: <AdamW<Buffer> as State<Portable>>::COST,
        gradients: "1",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <Anchored<'static, Base, Flash, Flash> as Optimizer<Portable>>::NAME,
        role: Role::Optimizer,
        title: "any optimizer behind a pull to the factory weights",
        paper: "Li et al. 2018",
        cost: <Anchored<'static, Base, Flash, Flash> as State<Portable>>::COST,
        gradients: "1",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <Clipped<Base> as Optimizer<Portable>>::NAME,
        role: Role::Optimizer,
        title: "any optimizer behind a global norm clip",
        paper: "Pascanu et al. 2013",
        cost: <Clipped<Base> as State<Portable>>::COST,
        gradients: "1",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <Plain<Base> as Method<Portable>>::NAME,
        role: Role::Method,
        title: "the base optimizer alone",
        paper: "-",
        cost: <Plain<Base> as State<Portable>>::COST,
        gradients: "1",
        off: Off::Exact,
        on: On::Any,
    },
    Entry {
        name: <Sam<Base, Buffer> as Method<Portable>>::NAME,
        role: Role::Method,
        title: "sharpness-aware minimization",
        paper: "Foret et al. 2021",
        cost: <Sam<Base, Buffer> as State<Portable>>::COST,
        gradients: "2",
        off: Off::Exact,
        on: On::Any,
    },
    Entry {
        name: "rst",
        role: Role::Method,
        title: "SAM behind a coin",
        paper: "Zhao et al. 2022",
        cost: <Rst<Base, Buffer> as State<Portable>>::COST,
        gradients: "1 + p",
        off: Off::Exact,
        on: On::Any,
    },
    Entry {
        name: <LpfSgd<'static, Base, Buffer, Buffer> as Method<Portable>>::NAME,
        role: Role::Method,
        title: "descent on a Gaussian-smoothed loss",
        paper: "Bisla et al. 2022",
        cost: <LpfSgd<'static, Base, Buffer, Buffer> as State<Portable>>::COST,
        gradients: "1 (in M parts)",
        off: Off::Rounding(
            "the mean over M parts of a batch adds in another order than the mean over the batch",
        ),
        on: On::Any,
    },
    Entry {
        name: "lpf_sgd_residual",
        role: Role::Method,
        title: "LPF-SGD without a copy of the weights",
        paper: "Bisla et al. 2022",
        cost: <LpfSgdResidual<'static, Base, Buffer, Buffer> as State<Portable>>::COST,
        gradients: "1 (in M parts)",
        off: Off::Rounding("as lpf_sgd, whose bits it has"),
        on: On::Cpu,
    },
    Entry {
        name: <Bernoulli as Gate<Portable>>::NAME,
        role: Role::Gate,
        title: "an independent coin at every step",
        paper: "Zhao et al. 2022",
        cost: <Bernoulli as State<Portable>>::COST,
        gradients: "p of the method's extra",
        off: Off::Exact,
        on: On::Any,
    },
    Entry {
        name: <Swa<Buffer> as Average<Portable>>::NAME,
        role: Role::Average,
        title: "equal-weight mean of late weights",
        paper: "Izmailov et al. 2018",
        cost: <Swa<Buffer> as State<Portable>>::COST,
        gradients: "+0",
        off: Off::None,
        on: On::Any,
    },
    Entry {
        name: <Ema<Buffer> as Average<Portable>>::NAME,
        role: Role::Average,
        title: "exponential moving average of the weights",
        paper: "Polyak & Juditsky 1992",
        cost: <Ema<Buffer> as State<Portable>>::COST,
        gradients: "+0",
        off: Off::None,
        on: On::Any,
    },
];

/// The entry of a name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}
