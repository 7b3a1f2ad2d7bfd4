//! The rule table: from a file's method, library and function to a [`Recipe`].
//!
//! A rule says how that function reads its hyperparameters and what it does when one is absent. What no row covers
//! fails the case with its name, so a file can never pass because something was ignored.

mod average;
mod base;
mod lpf;
mod sam;

use super::ReplayError;
use super::golden::{Golden, Step};
use super::hyperparameters::Keys;
use super::recipe::{Method, Recipe};
use crate::tolerance::{REPLAY_F64, REPLAY_F64_NORM_IN_F32, Tolerance};
use std::collections::BTreeSet;

/// A recipe, and how exactly the library computed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What to run.
    pub recipe: Recipe,
    /// The bar on the weights of a float64 file.
    pub f64_bar: Tolerance,
}

type Read = fn(&mut Keys<'_>, &Golden) -> Result<Recipe, ReplayError>;

struct Rule {
    methods: &'static [&'static str],
    library: &'static str,
    function: &'static str,
    read: Read,
    f64_bar: Tolerance,
}

const fn rule(
    methods: &'static [&'static str],
    library: &'static str,
    function: &'static str,
    read: Read,
) -> Rule {
    Rule { methods, library, function, read, f64_bar: REPLAY_F64 }
}

/// SAM of pytorch_optimizer, over one of torch's optimizers.
const fn pytorch_optimizer_sam(function: &'static str) -> Rule {
    Rule {
        f64_bar: REPLAY_F64_NORM_IN_F32,
        ..rule(&["sam"], "pytorch_optimizer", function, sam::pytorch_optimizer)
    }
}

/// One function; the name says which of its hyperparameters are in use.
const SGD: &[&str] = &[
    "sgd",
    "sgd_wd",
    "momentum",
    "momentum_wd",
    "momentum_dampening",
    "momentum_dampening_wd",
    "nesterov",
    "nesterov_wd",
];

const RULES: &[Rule] = &[
    rule(SGD, "torch", "torch.optim.SGD", base::torch_sgd),
    rule(SGD, "optax", "optax.sgd", base::optax_sgd),
    rule(&["adam", "adam_l2"], "torch", "torch.optim.Adam", base::torch_adam),
    rule(&["adam"], "optax", "optax.adam", base::optax_adam),
    rule(&["adamw"], "torch", "torch.optim.AdamW", base::torch_adamw),
    rule(&["adamw"], "optax", "optax.adamw", base::optax_adamw),
    rule(&["sam"], "davda54/sam", "sam.SAM(base=SGD)", sam::davda),
    rule(&["sam"], "davda54/sam", "sam.SAM(base=Adam)", sam::davda),
    rule(&["sam"], "davda54/sam", "sam.SAM(base=AdamW)", sam::davda),
    rule(&["sam"], "SamsungLabs/ASAM", "asam.SAM", sam::samsung),
    pytorch_optimizer_sam("pytorch_optimizer.SAM(base=SGD)"),
    pytorch_optimizer_sam("pytorch_optimizer.SAM(base=Adam)"),
    pytorch_optimizer_sam("pytorch_optimizer.SAM(base=AdamW)"),
    rule(&["rst_composed"], "davda54/sam", "sam.SAM + base_optimizer.step", sam::rst_composed),
    rule(&["lpf_sgd"], "devansh20la/LPF-SGD", "resnets_nodataaug/lpf_train.class_model_run", lpf::official),
    rule(&["swa"], "torch", "torch.optim.swa_utils.AveragedModel", average::swa),
    rule(&["ema"], "torch", "torch.optim.swa_utils.AveragedModel", average::ema),
];

/// Finds the rule of a file and reads its hyperparameters with it.
///
/// # Errors
/// Names the method, function or hyperparameter that no rule covers, or the record that contradicts them.
pub fn resolve(golden: &Golden) -> Result<Resolved, ReplayError> {
    if golden.method.ends_with("_deviant") || golden.notes.iter().any(|note| note.contains("NOT a target")) {
        return Err(ReplayError::NotATarget { library: golden.library.clone() });
    }
    let rule = find(golden)?;
    let mut keys = Keys::new(&golden.hyperparameters);
    let recipe = (rule.read)(&mut keys, golden)?;
    keys.done()?;
    let unread = unread_by(&recipe, golden);
    if unread.is_empty() {
        Ok(Resolved { recipe, f64_bar: rule.f64_bar })
    } else {
        Err(ReplayError::UnreadKeys { keys: unread.join(", ") })
    }
}

/// Keys that the parser does not know, and those that only another recipe reads.
fn unread_by(recipe: &Recipe, golden: &Golden) -> Vec<String> {
    let noisy = matches!(recipe.method, Method::LpfSgd(_));
    let tossed = matches!(recipe.method, Method::Rst { .. });
    let averaged = recipe.average.is_some();
    let any = |has: fn(&Step) -> bool| golden.steps.iter().any(has);
    let mut unread = golden.unread.clone();
    let mut note = |stray: bool, keys: &str| unread.extend(stray.then(|| keys.to_owned()));
    note(!noisy && any(|step| !step.noise.is_empty() || !step.sigma.is_empty()), "noise_m, sigma_m");
    note(!tossed && any(|step| step.sam_step.is_some()), "sam_step");
    note(!averaged && any(|step| step.averaged.is_some() || step.w_avg.is_some()), "averaged, w_avg");
    unread
}

/// The methods that have a rule.
pub fn methods() -> BTreeSet<&'static str> {
    RULES.iter().flat_map(|rule| rule.methods).copied().collect()
}

fn find(golden: &Golden) -> Result<&'static Rule, ReplayError> {
    let Golden { method, library, function, .. } = golden;
    let of_method: Vec<&Rule> = RULES.iter().filter(|rule| rule.methods.contains(&method.as_str())).collect();
    if of_method.is_empty() {
        let known = methods().into_iter().collect::<Vec<_>>().join(", ");
        return Err(ReplayError::Method { method: method.clone(), known });
    }
    let exact = of_method.iter().find(|rule| rule.library == library && rule.function == function);
    exact.copied().ok_or_else(|| {
        let known: Vec<_> =
            of_method.iter().map(|rule| format!("{} of {}", rule.function, rule.library)).collect();
        let (method, library, function) = (method.clone(), library.clone(), function.clone());
        ReplayError::Function { method, library, function, known: known.join(", ") }
    })
}

#[cfg(test)]
mod tests;
