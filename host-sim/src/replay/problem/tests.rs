use super::*;
use crate::replay::check_records;
use crate::tolerance::CANARY_SHIFT;
use serde_json::json;
use std::path::Path;

fn golden_files() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    paths.iter().map(|path| Golden::load(path).unwrap()).collect()
}

/// At every recorded evaluation whose weights are known, loss and gradient are the library's.
#[test]
fn losses_and_gradients_agree_with_the_records() {
    let mut compared = 0;
    for golden in golden_files() {
        let problem = Problem::of(&golden).unwrap();
        compared += check_records(&golden, &problem).unwrap_or_else(|e| panic!("{}: {e}", golden.case));
    }
    assert!(compared > 700, "only {compared} losses and gradients were compared");
}

#[test]
fn a_wrong_gradient_does_not_agree() {
    for mut golden in golden_files() {
        let problem = Problem::of(&golden).unwrap();
        let grad = golden.steps[0].evals[0].grad.as_mut().unwrap();
        grad[0] += CANARY_SHIFT.value * grad.iter().fold(1.0f64, |m, g| m.max(g.abs()));
        assert!(check_records(&golden, &problem).is_err(), "{}", golden.case);
    }
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
