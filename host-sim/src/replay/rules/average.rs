//! torch's `AveragedModel`: the first update copies; then SWA takes `1 / (n + 1)` of the way to w, EMA `1 - decay`.

use super::base::wrapped;
use crate::replay::ReplayError;
use crate::replay::golden::Golden;
use crate::replay::hyperparameters::{Keys, refuse};
use crate::replay::recipe::{Average, Collect, Method, Recipe};

pub(super) fn swa(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    kind(keys, &["swa", "swa_default", "swa_avg_fn", "swa_multi_avg_fn"])?;
    if keys.number_or("decay", 0.0)? != 0.0 {
        return Err(refuse("decay", "SWA has none; it must be null".into()));
    }
    averaged(keys, golden, Average::Swa)
}

pub(super) fn ema(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    kind(keys, &["ema", "ema_avg_fn", "ema_multi_avg_fn"])?;
    let decay = keys.amount("decay")?;
    if decay > 1.0 {
        return Err(refuse("decay", format!("{decay} must be in [0, 1]")));
    }
    averaged(keys, golden, |collect| Average::Ema { decay, collect })
}

/// How the average was asked for; each of these is the same arithmetic.
fn kind(keys: &mut Keys<'_>, known: &[&str]) -> Result<(), ReplayError> {
    let kind = keys.word("kind")?;
    if known.contains(&kind) {
        Ok(())
    } else {
        Err(refuse("kind", format!("{kind} is unknown; {} are known", known.join(" and "))))
    }
}

fn averaged(
    keys: &mut Keys<'_>,
    golden: &Golden,
    average: impl FnOnce(Collect) -> Average,
) -> Result<Recipe, ReplayError> {
    let collect = Collect { first_step: keys.count("first_step")?, every: keys.count("every")? };
    for step in &golden.steps {
        if step.averaged.is_some_and(|averaged| averaged != collect.after(step.step)) {
            return Err(refuse(
                "first_step",
                format!("does not give the recorded \"averaged\" of step {}", step.step),
            ));
        }
    }
    let optimizer = wrapped(keys, &golden.function)?;
    Ok(Recipe { optimizer, method: Method::Plain, average: Some(average(collect)) })
}
