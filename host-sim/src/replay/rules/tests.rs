use super::*;
use crate::replay::recipe::{Adam, Optimizer, Sam, Sgd};
use serde_json::{Value, json};

/// A file of no steps with these hyperparameters.
fn golden(method: &str, library: &str, function: &str, hyperparameters: &Value) -> Golden {
    let text = json!({"format": "golden/1", "case": "c", "set": "open", "method": method, "library": library,
        "library_version": "1", "function": function, "dtype": "float64", "problem": {},
        "hyperparameters": hyperparameters, "layout": [], "w0": [], "steps": []});
    Golden::parse(&text.to_string()).unwrap()
}

fn davda(hyperparameters: &Value) -> Result<Resolved, ReplayError> {
    resolve(&golden("sam", "davda54/sam", "sam.SAM(base=SGD)", hyperparameters))
}

fn refused(result: Result<Resolved, ReplayError>, words: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
}

#[test]
fn defaults_are_the_library_s_own() {
    let of = |library: &str, function: &str| {
        resolve(&golden("adamw", library, function, &json!({"lr": 0.5}))).unwrap().recipe.optimizer
    };
    let adam = |weight_decay| Adam { lr: 0.5, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay };
    assert_eq!(of("torch", "torch.optim.AdamW"), Optimizer::AdamW(adam(0.01)));
    assert_eq!(of("optax", "optax.adamw"), Optimizer::AdamW(adam(1e-4)));
}

#[test]
fn each_library_has_its_own_eps() {
    let sam = |library: &str, function: &str| {
        let keys = json!({"rho": 0.5, "base": "SGD", "lr": 0.1});
        let resolved = resolve(&golden("sam", library, function, &keys)).unwrap();
        assert_eq!(resolved.recipe.entry(), "sam+sgd");
        (resolved.recipe.method, resolved.f64_bar)
    };
    let with = |eps| Method::Sam(Sam { rho: 0.5, eps });
    assert_eq!(sam("davda54/sam", "sam.SAM(base=SGD)"), (with(1e-12), REPLAY_F64));
    assert_eq!(sam("SamsungLabs/ASAM", "asam.SAM"), (with(1e-16), REPLAY_F64));
    let third = sam("pytorch_optimizer", "pytorch_optimizer.SAM(base=SGD)");
    assert_eq!(third, (with(1e-12), REPLAY_F64_NORM_IN_F32));
}

/// Every library's SAM over every base that it takes, with the base's own defaults.
#[test]
fn every_sam_takes_every_base() {
    let adam = |weight_decay| Adam { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay };
    let sgd = Sgd { lr: 0.1, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };
    let bases = [
        ("SGD", Optimizer::Sgd(sgd)),
        ("Adam", Optimizer::Adam(adam(0.0))),
        ("AdamW", Optimizer::AdamW(adam(0.01))),
    ];
    for (base, expected) in bases {
        let with = |function: &str| format!("{function}(base={base})");
        for (method, library, function, bar) in [
            ("sam", "davda54/sam", with("sam.SAM"), REPLAY_F64),
            ("sam", "SamsungLabs/ASAM", "asam.SAM".into(), REPLAY_F64),
            ("sam", "pytorch_optimizer", with("pytorch_optimizer.SAM"), REPLAY_F64_NORM_IN_F32),
            ("rst_composed", "davda54/sam", "sam.SAM + base_optimizer.step".into(), REPLAY_F64),
        ] {
            let mut keys = json!({"rho": 0.5, "base": base, "lr": 0.1});
            if method == "rst_composed" {
                keys.as_object_mut().unwrap().extend([("p".into(), json!(0.5)), ("coins".into(), json!([]))]);
            }
            let resolved = resolve(&golden(method, library, &function, &keys)).unwrap();
            assert_eq!((resolved.recipe.optimizer, resolved.f64_bar), (expected, bar), "{library} {base}");
        }
    }
}

#[test]
fn unknown_methods_and_functions_are_named() {
    refused(resolve(&golden("looksam", "x", "y", &json!({}))), &["looksam", "rst_composed"]);
    refused(
        resolve(&golden("sam", "optax", "optax.contrib.sam", &json!({}))),
        &["optax.contrib.sam", "asam.SAM"],
    );
    let mut deviant = golden("sgd", "torch", "torch.optim.SGD", &json!({"lr": 1}));
    assert!(resolve(&deviant).is_ok());
    deviant.notes.push("this is NOT a target".into());
    refused(resolve(&deviant), &["NOT a target"]);
    deviant.notes.clear();
    deviant.unread.push("\"mask\" of step 1".into());
    refused(resolve(&deviant), &["mask"]);
}

#[test]
fn records_that_only_another_recipe_reads_are_named() {
    let step = |more: &str| {
        let text = format!(
            r#"{{"format": "golden/1", "case": "c", "set": "open", "method": "sgd", "library": "torch",
            "library_version": "1", "function": "torch.optim.SGD", "dtype": "float64", "problem": {{}},
            "hyperparameters": {{"lr": 1}}, "layout": [{{"name": "w", "shape": [1], "kind": "weight", "offset": 0,
            "len": 1}}], "w0": [0], "steps": [{{"step": 1, "loss": 0, "grad_norm": 0, {more}
            "evals": [{{"loss": 0, "grad_norm": 0, "at": "w"}}]}}]}}"#
        );
        resolve(&Golden::parse(&text).unwrap())
    };
    assert!(step("").is_ok());
    refused(step("\"noise_0\": [1],"), &["noise_m"]);
    refused(step("\"sam_step\": 1,"), &["sam_step"]);
    refused(step("\"averaged\": 0,"), &["w_avg"]);
    refused(step("\"noise_1\": [1],"), &["noise_1"]);
}

#[test]
fn unknown_and_unsupported_hyperparameters_are_named() {
    let keys = |more: Value| {
        let mut keys = json!({"rho": 0.5, "base": "SGD", "lr": 0.1});
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        keys
    };
    assert!(davda(&keys(json!({"adaptive": false}))).is_ok());
    refused(davda(&keys(json!({"adaptive": true}))), &["adaptive", "no rule"]);
    refused(davda(&keys(json!({"warmup": 3}))), &["warmup", "unknown"]);
    refused(davda(&keys(json!({"base": "Lion"}))), &["base", "Lion"]);
    refused(davda(&keys(json!({"base": "AdamW"}))), &["base", "sam.SAM(base=SGD)"]);
    refused(davda(&keys(json!({"betas": [0.9, 0.99]}))), &["betas", "unknown"]);
    refused(davda(&keys(json!({"weight_decay": {"weight": 0.1}}))), &["weight_decay", "one finite number"]);
    refused(davda(&keys(json!({"nesterov": true}))), &["nesterov", "momentum"]);
    refused(davda(&keys(json!({"rho": -1}))), &["rho", "negative"]);
    refused(davda(&json!({"rho": 1, "base": "SGD"})), &["lr", "missing"]);
    let gc =
        golden("sam", "pytorch_optimizer", "pytorch_optimizer.SAM(base=SGD)", &keys(json!({"use_gc": true})));
    refused(resolve(&gc), &["use_gc", "not supported"]);
}
