//! Compares a trajectory with the recorded one.

use super::ReplayError;
use super::ascent::recorded_ascents;
use super::bar::Bar;
use super::golden::{Dtype, Golden, Step};
use super::problem::Problem;
use super::recipe::{Method, Recipe};
use super::records::check_records;
use super::rules::{Resolved, resolve};
use super::runner::{Moment, Runners, Task, Trajectory};
use crate::reference::filter_norm_sigma;
use crate::tolerance::{REPLAY_F64, SIGMA_F32};
use std::fmt;

/// How a case that agrees went.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Name of the case.
    pub case: String,
    /// Its precision.
    pub dtype: Dtype,
    /// The registry name of what ran, such as `sam+sgd`.
    pub entry: String,
    /// How many recorded vectors were compared.
    pub compared: usize,
    /// The largest distance of weights found.
    pub worst: f64,
    /// The bar it stayed under.
    pub bar: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, entry, compared, worst, bar, .. } = self;
        let dtype = if self.dtype == Dtype::F64 { "f64" } else { "f32" };
        write!(
            f,
            "{case:<36} {dtype}  ran {entry:<15} {compared:>3} vectors, off by {worst:.1e} (bar {bar:.1e})"
        )
    }
}

/// Replays a parsed file. `sibling` is the float64 file of the same case, for a float32 file that has one.
///
/// # Errors
/// Whatever was not understood, and the first number that disagrees.
pub fn check(
    golden: &Golden,
    sibling: Option<&Golden>,
    runners: &Runners<'_>,
) -> Result<Report, ReplayError> {
    let Resolved { recipe, f64_bar } = resolve(golden)?;
    let problem = Problem::of(golden)?;
    check_records(golden, &problem)?;
    check_sigma(golden, &recipe)?;
    let (runner, bar) = match golden.dtype {
        Dtype::F64 => (runners.f64, Bar::absolute(f64_bar)),
        Dtype::F32 => (runners.f32, Bar::of_f32_case(golden, sibling)),
    };
    let task = Task {
        recipe: &recipe,
        problem: &problem,
        layout: &golden.layout,
        w0: &golden.w0,
        steps: golden.steps.len(),
    };
    for ascent in recorded_ascents(golden) {
        if let Some(point) = runner.ascend(&task, ascent.w, ascent.grad)? {
            ascent.check(&point, golden.dtype, &bar)?;
        }
    }
    let trajectory = runner.run(&task)?;
    let (compared, worst) = check_trajectory(golden, &trajectory, &bar)?;
    Ok(Report {
        case: golden.case.clone(),
        dtype: golden.dtype,
        entry: recipe.entry(),
        compared,
        worst,
        bar: bar.value,
    })
}

/// Compares a whole trajectory; returns how many vectors were compared and the largest distance.
///
/// # Errors
/// The first step, evaluation and element that disagrees.
pub fn check_trajectory(golden: &Golden, ours: &Trajectory, bar: &Bar) -> Result<(usize, f64), ReplayError> {
    count("the file", "the number of steps", golden.steps.len(), ours.len())?;
    let (mut compared, mut worst) = (0, 0.0f64);
    for (step, moment) in golden.steps.iter().zip(ours) {
        let place = format!("step {}", step.step);
        check_evaluations(golden, step, moment, bar)?;
        for (what, theirs, ours) in
            [("w", &step.w, Some(&moment.w)), ("w_avg", &step.w_avg, moment.w_avg.as_ref())]
        {
            let Some(theirs) = theirs else { continue };
            worst = worst.max(bar.check(&place, what, ours.map_or(&[], |ours| ours), theirs)?);
            compared += 1;
        }
        if let Some(n) = step.n_averaged {
            count(&place, "the number of averaged weights", n, moment.n_averaged)?;
        }
    }
    if compared == 0 {
        let problem = "no weights are recorded, so there is nothing to agree with".into();
        return Err(ReplayError::Inconsistent { place: "steps".into(), problem });
    }
    Ok((compared, worst))
}

/// Each evaluation must be there, at the recorded point, and in float64 with the recorded loss.
fn check_evaluations(golden: &Golden, step: &Step, moment: &Moment, bar: &Bar) -> Result<(), ReplayError> {
    let place = format!("step {}", step.step);
    count(&place, "the number of evaluations", step.evals.len(), moment.asked.len())?;
    for (number, (eval, asked)) in step.evals.iter().zip(&moment.asked).enumerate() {
        let place = format!("{place} evaluation {number}");
        if let Some(point) = &eval.point {
            bar.check(&place, "point", &asked.point, point)?;
        }
        if golden.dtype == Dtype::F64 {
            bar.check(&place, "loss", &[asked.loss / asked.part.of() as f64], &[eval.loss])?;
        }
    }
    Ok(())
}

fn count(place: &str, what: &'static str, expected: usize, found: usize) -> Result<(), ReplayError> {
    if expected == found {
        Ok(())
    } else {
        Err(ReplayError::Count { place: place.into(), what, expected, found })
    }
}

/// The recorded sigma of LPF-SGD must be `FilterNorm` of the weights before the step, wherever both are known.
fn check_sigma(golden: &Golden, recipe: &Recipe) -> Result<(), ReplayError> {
    let Method::LpfSgd(lpf) = &recipe.method else { return Ok(()) };
    for step in &golden.steps {
        let Some(w) = golden.w_before(step.step) else { continue };
        let ours = filter_norm_sigma(lpf.std, &golden.layout, w);
        for (part, theirs) in step.sigma.iter().enumerate() {
            let bar = match golden.dtype {
                Dtype::F64 => Bar::absolute(REPLAY_F64),
                Dtype::F32 => Bar { value: SIGMA_F32.value, relative: true, row: SIGMA_F32.name },
            };
            bar.check(&format!("step {}", step.step), &format!("sigma_{part}"), &ours, theirs)?;
        }
    }
    Ok(())
}
