//! Base optimizers of torch and optax, with the defaults those libraries document.

use crate::replay::ReplayError;
use crate::replay::golden::Golden;
use crate::replay::hyperparameters::{Keys, refuse};
use crate::replay::recipe::{Adam, Optimizer, Recipe, Sgd};

pub(super) fn torch_sgd(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    sgd(keys).map(Recipe::plain)
}

pub(super) fn torch_adam(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    adam(keys, 0.0).map(Optimizer::Adam).map(Recipe::plain)
}

pub(super) fn torch_adamw(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    adam(keys, 0.01).map(Optimizer::AdamW).map(Recipe::plain)
}

/// optax calls the same recursion a trace: `t = g + momentum t`, Nesterov `g + momentum t`. It has no decay.
pub(super) fn optax_sgd(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    let lr = keys.amount("lr")?;
    let (momentum, nesterov) = (keys.amount_or("momentum", 0.0)?, keys.flag_or("nesterov", false)?);
    let sgd = Sgd { lr, momentum, dampening: 0.0, nesterov: nesterov && momentum > 0.0, weight_decay: 0.0 };
    Ok(Recipe::plain(Optimizer::Sgd(sgd)))
}

pub(super) fn optax_adam(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    optax_moments(keys, 0.0).map(Optimizer::Adam).map(Recipe::plain)
}

pub(super) fn optax_adamw(keys: &mut Keys<'_>, _: &Golden) -> Result<Recipe, ReplayError> {
    let weight_decay = keys.amount_or("weight_decay", 1e-4)?;
    optax_moments(keys, weight_decay).map(Optimizer::AdamW).map(Recipe::plain)
}

/// The torch optimizer that a wrapper's `base` names; `function` must name the same where it names one.
pub(super) fn wrapped(keys: &mut Keys<'_>, function: &str) -> Result<Optimizer, ReplayError> {
    let base = keys.word("base")?;
    let named = function.split_once("(base=").map_or(base, |(_, rest)| rest.trim_end_matches(')'));
    if named != base {
        return Err(refuse("base", format!("{base}, but the function is {function}")));
    }
    match base {
        "SGD" => sgd(keys),
        "Adam" => adam(keys, 0.0).map(Optimizer::Adam),
        "AdamW" => adam(keys, 0.01).map(Optimizer::AdamW),
        _ => Err(refuse("base", format!("{base} is not supported; SGD, Adam and AdamW are"))),
    }
}

fn sgd(keys: &mut Keys<'_>) -> Result<Optimizer, ReplayError> {
    let sgd = Sgd {
        lr: keys.amount("lr")?,
        momentum: keys.amount_or("momentum", 0.0)?,
        dampening: keys.number_or("dampening", 0.0)?,
        nesterov: keys.flag_or("nesterov", false)?,
        weight_decay: keys.amount_or("weight_decay", 0.0)?,
    };
    keys.must_be_off("maximize", "steps go downhill only")?;
    if sgd.nesterov && (sgd.momentum == 0.0 || sgd.dampening != 0.0) {
        return Err(refuse("nesterov", "needs a momentum and no dampening".into()));
    }
    Ok(Optimizer::Sgd(sgd))
}

fn adam(keys: &mut Keys<'_>, default_decay: f64) -> Result<Adam, ReplayError> {
    let (beta1, beta2) = keys.pair_or("betas", (0.9, 0.999))?;
    let adam = Adam {
        lr: keys.amount("lr")?,
        beta1: fraction("betas", beta1)?,
        beta2: fraction("betas", beta2)?,
        eps: keys.amount_or("eps", 1e-8)?,
        weight_decay: keys.amount_or("weight_decay", default_decay)?,
    };
    keys.must_be_off("amsgrad", "the maximum of past second moments is not implemented")?;
    keys.must_be_off("maximize", "steps go downhill only")?;
    Ok(adam)
}

fn optax_moments(keys: &mut Keys<'_>, weight_decay: f64) -> Result<Adam, ReplayError> {
    let adam = Adam {
        lr: keys.amount("lr")?,
        beta1: fraction("b1", keys.number_or("b1", 0.9)?)?,
        beta2: fraction("b2", keys.number_or("b2", 0.999)?)?,
        eps: keys.amount_or("eps", 1e-8)?,
        weight_decay,
    };
    if keys.number_or("eps_root", 0.0)? != 0.0 {
        return Err(refuse("eps_root", "only 0 is supported: eps stands outside the root".into()));
    }
    keys.must_be_off("nesterov", "that is NAdam, another method")?;
    Ok(adam)
}

fn fraction(key: &str, value: f64) -> Result<f64, ReplayError> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(refuse(key, format!("{value} must be in [0, 1)")))
    }
}
