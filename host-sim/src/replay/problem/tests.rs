use super::*;
use crate::replay::check_records;
use crate::tolerance::{CANARY_SHIFT, F64_SUM, SLOPE};
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
        check_slopes(&Problem::Mlp(mlp), activation);
    }
}

/// A net with two channels, a stride and an image that is not square.
#[test]
fn a_convnet_has_the_gradient_of_its_loss() {
    let data: Vec<f64> = (0..3 * 2 * 5 * 6).map(|i| (f64::from(i) * 2.3).cos()).collect();
    for activation in ["tanh", "relu"] {
        let problem = json!({"id": "P5", "kind": "convnet", "activation": activation, "input": [2, 5, 6],
            "filters": 3, "kernel": 3, "padding": 0, "stride": 2, "classes": 2, "loss": "", "samples": 3,
            "X": {"shape": [3, 2, 5, 6], "data": data}, "y": [1, 0, 1], "batches": [[2, 0], [1]]});
        check_slopes(&Problem::Convnet(Convnet::read(&problem).unwrap()), activation);
        for (key, value, word) in
            [("padding", 1, "padding"), ("stride", 0, "stride"), ("kernel", 6, "kernel")]
        {
            let mut problem = problem.clone();
            problem[key] = value.into();
            assert!(Convnet::read(&problem).unwrap_err().contains(word));
        }
    }
}

fn check_slopes(problem: &Problem, name: &str) {
    let shapes = match problem {
        Problem::Mlp(mlp) => mlp.shapes(),
        Problem::Convnet(net) => net.shapes(),
        Problem::Quadratic(_) | Problem::Logistic(_) => unreachable!(),
    };
    let len = shapes.iter().map(|s| s.iter().product::<usize>()).sum();
    let w: Vec<f64> = (0..len).map(|i| (i as f64 * 1.7).sin()).collect();
    let loss = |w: &[f64]| problem.evaluate(3, Part::Whole, w).loss;
    let grad = problem.evaluate(3, Part::Whole, &w).grad;
    for i in 0..len {
        let (mut up, mut down) = (w.clone(), w.clone());
        up[i] += 1e-6;
        down[i] -= 1e-6;
        let slope = (loss(&up) - loss(&down)) / 2e-6;
        assert!((slope - grad[i]).abs() < SLOPE.value, "{name} element {i}: {slope} {}", grad[i]);
    }
    let halves: f64 = (0..2).map(|index| problem.evaluate(1, Part::Of { index, of: 2 }, &w).loss).sum();
    assert!((halves / 2.0 - loss(&w)).abs() < F64_SUM.value);
}

#[test]
fn what_cannot_be_evaluated_is_named() {
    let mut golden = golden_files().swap_remove(0);
    for (kind, word) in [("mlp_layernorm", "normalisation"), ("transformer", "unknown")] {
        golden.problem = json!({"id": "P6", "kind": kind});
        let message = Problem::of(&golden).unwrap_err().to_string();
        assert!(message.contains(kind) && message.contains(word), "{message}");
    }
    golden.problem = json!({"id": "P1", "kind": "quadratic", "n": 1, "loss": "", "extra": 1});
    assert!(Problem::of(&golden).unwrap_err().to_string().contains("extra"));
}
