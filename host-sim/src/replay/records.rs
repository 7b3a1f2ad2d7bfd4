//! The recorded losses and gradients, checked against the problem alone: no runner is involved.
//!
//! This shows that the objective was read right, and that the file does not contradict itself.

use super::ReplayError;
use super::bar::Bar;
use super::golden::{At, Dtype, Eval, Golden, Step};
use super::problem::{Part, Problem};
use crate::tolerance::{PROBLEM_F32, PROBLEM_F64};

/// Evaluates the problem wherever the file records the weights of an evaluation, and compares; returns how many losses
/// and gradients agreed.
///
/// # Errors
/// The step and evaluation that disagree.
pub fn check_records(golden: &Golden, problem: &Problem) -> Result<usize, ReplayError> {
    let mut compared = 0;
    for step in &golden.steps {
        if gap_in_first_loss(step) {
            return Err(ReplayError::Inconsistent {
                place: format!("step {}", step.step),
                problem: "its loss is not that of its first evaluation".into(),
            });
        }
        compared += check_step(golden, problem, step)?;
    }
    Ok(compared)
}

fn gap_in_first_loss(step: &Step) -> bool {
    let first = step.evals[0].loss;
    step.loss != first && !(step.loss.is_nan() && first.is_nan())
}

/// A step cut into parts records `loss / M`, and the gradient summed up so far; a whole step is the case M = 1.
fn check_step(golden: &Golden, problem: &Problem, step: &Step) -> Result<usize, ReplayError> {
    let parts = step.noise.len();
    if parts != 0 && parts != step.evals.len() {
        return Err(ReplayError::Inconsistent {
            place: format!("step {}", step.step),
            problem: format!("{parts} noises are recorded, but {} evaluations", step.evals.len()),
        });
    }
    let mut compared = 0;
    let mut sum = Some(vec![0.0; golden.w0.len()]);
    for (index, eval) in step.evals.iter().enumerate() {
        let Some(point) = known_point(golden, step, eval) else {
            sum = None;
            continue;
        };
        let part = if parts == 0 { Part::Whole } else { Part::Of { index, of: parts } };
        let ours = problem.evaluate(step.step, part, point);
        let share = 1.0 / part.of() as f64;
        let place = format!("step {} evaluation {index}, problem alone", step.step);
        bar(golden.dtype, &[eval.loss]).check(&place, "loss", &[share * ours.loss], &[eval.loss])?;
        compared += 1;
        let earlier = if parts == 0 { Some(vec![0.0; point.len()]) } else { sum.take() };
        sum = earlier.map(|sum| sum.iter().zip(&ours.grad).map(|(sum, g)| sum + share * g).collect());
        if let (Some(grad), Some(sum)) = (&eval.grad, &sum) {
            bar(golden.dtype, grad).check(&place, "grad", sum, grad)?;
            compared += 1;
        }
    }
    Ok(compared)
}

fn known_point<'a>(golden: &'a Golden, step: &Step, eval: &'a Eval) -> Option<&'a [f64]> {
    match eval.at {
        At::W => golden.w_before(step.step),
        At::Perturbed => eval.point.as_deref(),
    }
}

/// The bar on every element, in units of the largest recorded one or 1.
fn bar(dtype: Dtype, theirs: &[f64]) -> Bar {
    let row = match dtype {
        Dtype::F64 => PROBLEM_F64,
        Dtype::F32 => PROBLEM_F32,
    };
    let largest = theirs.iter().filter(|x| x.is_finite()).fold(1.0f64, |m, x| m.max(x.abs()));
    Bar { value: row.value * largest, relative: false, row: row.name }
}
