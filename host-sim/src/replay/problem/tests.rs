use super::*;
use crate::replay::golden::{At, Dtype};
use crate::tolerance::{PROBLEM_F32, PROBLEM_F64};
use serde_json::json;
use std::path::Path;

fn golden_files() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    paths.iter().map(|path| Golden::load(path).unwrap()).collect()
}

fn far(ours: &[f64], theirs: &[f64], dtype: Dtype) -> bool {
    let largest = theirs.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let row = match dtype {
        Dtype::F64 => PROBLEM_F64,
        Dtype::F32 => PROBLEM_F32,
    };
    let bar = row.value * largest.max(1.0);
    ours.iter().zip(theirs).any(|(a, b)| (a - b).abs() > bar)
}

/// At every recorded evaluation whose weights are known, loss and gradient are the library's.
#[test]
fn losses_and_gradients_agree_with_the_records() {
    let (mut losses, mut grads) = (0, 0);
    for golden in golden_files() {
        let problem = Problem::of(&golden).unwrap();
        for step in &golden.steps {
            let lpf = !step.noise.is_empty();
            for (number, eval) in step.evals.iter().enumerate() {
                let point = match eval.at {
                    At::W => golden.w_before(step.step),
                    At::Perturbed => eval.point.as_deref(),
                };
                let Some(point) = point.filter(|_| !lpf) else { continue };
                let ours = problem.evaluate(step.step, Part::Whole, point);
                let place =
                    format!("{} {:?} step {} evaluation {number}", golden.case, golden.dtype, step.step);
                assert!(
                    !far(&[ours.loss], &[eval.loss], golden.dtype),
                    "{place}: {} {}",
                    ours.loss,
                    eval.loss
                );
                losses += 1;
                if let Some(grad) = &eval.grad {
                    assert!(!far(&ours.grad, grad, golden.dtype), "{place}");
                    grads += 1;
                }
            }
        }
    }
    assert!(losses > 500 && grads > 100, "{losses} losses, {grads} gradients");
}

/// LPF-SGD records loss / M of each part, and the gradient accumulated so far.
#[test]
fn parts_agree_with_the_records() {
    let mut parts = 0;
    for golden in golden_files().iter().filter(|golden| golden.has_noise()) {
        let problem = Problem::of(golden).unwrap();
        for step in &golden.steps {
            let of = step.evals.len();
            let mut sum = vec![0.0; golden.w0.len()];
            for (index, eval) in step.evals.iter().enumerate() {
                let (Some(point), Some(grad)) = (&eval.point, &eval.grad) else { break };
                let ours = problem.evaluate(step.step, Part::Of { index, of }, point);
                sum.iter_mut().zip(&ours.grad).for_each(|(s, g)| *s += g / of as f64);
                assert!(!far(&[ours.loss / of as f64], &[eval.loss], golden.dtype), "{}", golden.case);
                assert!(!far(&sum, grad, golden.dtype), "{}", golden.case);
                parts += 1;
            }
        }
    }
    assert!(parts > 10, "{parts}");
}

/// A net of other sizes than any file: its gradient is the slope of its loss.
#[test]
fn a_deep_net_has_the_gradient_of_its_loss() {
    for activation in ["tanh", "relu"] {
        let problem = json!({"id": "P4", "kind": "mlp", "activation": activation, "sizes": [2, 4, 3, 5, 2],
            "loss": "", "samples": 3, "X": {"shape": [3, 2], "data": [0.5, -1.0, 0.25, 2.0, -0.75, 0.125]},
            "y": [1, 0, 1], "batches": [[2, 0], [1]]});
        let mlp = Mlp::read(&problem).unwrap();
        let len = mlp.shapes().iter().map(|s| s.iter().product::<usize>()).sum();
        let w: Vec<f64> = (0..len).map(|i| (i as f64 * 1.7).sin()).collect();
        let problem = Problem::Mlp(mlp);
        let loss = |w: &[f64]| problem.evaluate(3, Part::Whole, w).loss;
        let grad = problem.evaluate(3, Part::Whole, &w).grad;
        for i in 0..len {
            let (mut up, mut down) = (w.clone(), w.clone());
            up[i] += 1e-6;
            down[i] -= 1e-6;
            let slope = (loss(&up) - loss(&down)) / 2e-6;
            assert!((slope - grad[i]).abs() < 1e-8, "{activation} element {i}: {slope} {}", grad[i]);
        }
        let halves: f64 = (0..2).map(|index| problem.evaluate(1, Part::Of { index, of: 2 }, &w).loss).sum();
        assert!((halves / 2.0 - loss(&w)).abs() < 1e-15);
    }
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    let mut golden = golden_files().swap_remove(0);
    for (kind, word) in
        [("convnet", "convolutions"), ("mlp_layernorm", "normalisation"), ("transformer", "unknown")]
    {
        golden.problem = json!({"id": "P5", "kind": kind});
        let message = Problem::of(&golden).unwrap_err().to_string();
        assert!(message.contains(kind) && message.contains(word), "{message}");
    }
    golden.problem = json!({"id": "P1", "kind": "quadratic", "n": 1, "loss": "", "extra": 1});
    assert!(Problem::of(&golden).unwrap_err().to_string().contains("extra"));
}
