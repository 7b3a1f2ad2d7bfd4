//! LPF-SGD of the paper's authors, on the noise their run drew.

use super::base::wrapped;
use crate::replay::ReplayError;
use crate::replay::golden::Golden;
use crate::replay::hyperparameters::{Keys, refuse};
use crate::replay::problem::Problem;
use crate::replay::recipe::{LpfSgd, Method, Recipe};

pub(super) fn official(keys: &mut Keys<'_>, golden: &Golden) -> Result<Recipe, ReplayError> {
    let (parts, std) = (keys.count("M")?, keys.amount("std")?);
    if let Some(batch) = Problem::of(golden)?.smallest_batch().filter(|&batch| batch < parts) {
        return Err(refuse("M", format!("a batch of {batch} samples cannot be cut into {parts} parts")));
    }
    for step in &golden.steps {
        if step.noise.len() != parts || !(step.sigma.is_empty() || step.sigma.len() == parts) {
            let problem = format!(
                "{parts} parts need {parts} recorded noises and sigmas, step {} has {} and {}",
                step.step,
                step.noise.len(),
                step.sigma.len(),
            );
            return Err(refuse("M", problem));
        }
    }
    let Ok(parts) = u16::try_from(parts) else {
        return Err(refuse("M", format!("{parts} parts, but there are {} at most", u16::MAX)));
    };
    let noise = golden.steps.iter().map(|step| step.noise.clone()).collect();
    let method = Method::LpfSgd(LpfSgd { std, parts, noise });
    Ok(Recipe { optimizer: wrapped(keys, &golden.function)?, method, average: None })
}
