//! SAM in three libraries, and RST composed of one of them.

use super::base::wrapped;
use crate::replay::ReplayError;
use crate::replay::golden::Golden;
use crate::replay::hyperparameters::{Keys, refuse};
use crate::replay::recipe::{Method, Recipe, Sam};

/// What davda54's code adds to the norm.
const DAVDA_EPS: f64 = 1e-12;
/// What SamsungLabs' code adds to the norm.
const SAMSUNG_EPS: f64 = 1e-16;

pub(super) fn davda(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    not_adaptive(keys)?;
    with_eps(keys, golden, DAVDA_EPS)
}

/// Restores by subtraction where davda54 copies: the same point up to one rounding. Its SAM inherits the constructor of its
/// ASAM and does nothing with the `eta`.
pub(super) fn samsung(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    keys.amount_or("eta", 0.0)?;
    with_eps(keys, golden, SAMSUNG_EPS)
}

pub(super) fn pytorch_optimizer(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    not_adaptive(keys)?;
    keys.must_be_off("use_gc", "centralizing the ascent gradient is not implemented")?;
    let eps = keys.amount_or("perturb_eps", DAVDA_EPS)?;
    with_eps(keys, golden, eps)
}

/// davda54's SAM step where the coin shows 1, its base optimizer's step elsewhere; `p` only says how coins were tossed.
pub(super) fn rst_composed(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    not_adaptive(keys)?;
    let sam = Sam { rho: keys.amount("rho")?, eps: DAVDA_EPS };
    let p = keys.number("p")?;
    if !(0.0..=1.0).contains(&p) {
        return Err(refuse("p", format!("{p} is no probability")));
    }
    let coins = keys.coins("coins")?;
    if coins.len() < golden.steps.len() {
        return Err(refuse("coins", format!("{} coins for {} steps", coins.len(), golden.steps.len())));
    }
    for (step, &coin) in golden.steps.iter().zip(&coins) {
        if step.sam_step.is_some_and(|sam_step| sam_step != coin) {
            return Err(refuse(
                "coins",
                format!("the coin of step {} is not its recorded sam_step", step.step),
            ));
        }
    }
    Ok(Recipe {
        optimizer: wrapped(keys, &golden.function)?,
        method: Method::Rst { sam, coins },
        average: None,
    })
}

fn with_eps(keys: &mut Keys<'_>, golden: &Golden, eps: f64) -> Result<Recipe, ReplayError> {
    let method = Method::Sam(Sam { rho: keys.amount("rho")?, eps });
    Ok(Recipe { optimizer: wrapped(keys, &golden.function)?, method, average: None })
}

fn not_adaptive(keys: &mut Keys<'_>) -> Result<(), ReplayError> {
    keys.must_be_off("adaptive", "the ascent scaled by the weights has no rule yet")
}
