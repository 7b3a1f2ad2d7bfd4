//! Input that no method may accept is refused by name and changes nothing.

use flatmin::backend::Cpu;
use flatmin::drive::{StepError, step};
use flatmin::error::{Error, Quantity};
use flatmin::layout::filters;
use flatmin::method::{Clock, Method};
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::optimizers::{Adam, Sgd};
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec, boxed};
use flatmin_tests::compare::same_bits;
use flatmin_tests::trial::{N, NET, SEED, clock, samples, start};

#[test]
fn an_infinite_squared_norm_is_refused() {
    let mut sam = Sam::new(Sgd::new(), vec![0.0; N]);
    let (mut w, mut g, mut b) = (start(), vec![0.0; N], Cpu::detect());
    let said = step(&mut sam, &mut b, &mut w[..], &mut g[..], &clock(0), |_, g, _| {
        g.fill(f32::MAX);
        Ok::<f32, ()>(0.0)
    });
    assert_eq!(said, Err(StepError::Method(Error::NonFinite(Quantity::Gradient))));
    same_bits("w", &w, &start()).unwrap();
}

#[test]
fn hyperparameters_out_of_range_are_refused_by_name_and_change_nothing() {
    let rate = Rate::Constant;
    let sgd = OptimizerSpec::momentum(0.9, 0.0);
    let on = |method| Spec::new(method, sgd);
    let by = |optimizer| Spec::new(MethodSpec::Plain, optimizer);
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let rms = FilterScale::FilterRms;
    let lpf = |gamma, parts| on(MethodSpec::LpfSgd { gamma: rate(gamma), scale: rms, parts });
    let rst = |p| on(MethodSpec::Rst { rho: rate(0.1), eps: 0.0, p: rate(p) });
    let sam = |rho, eps| on(MethodSpec::Sam { rho: rate(rho), eps });
    let momentum = |momentum, dampening| {
        let momentum = Some(momentum);
        by(OptimizerSpec::Sgd { momentum, dampening, nesterov: false, weight_decay: 0.0 })
    };
    let adam = |b1, b2, eps| by(OptimizerSpec::Adam { betas: [b1, b2], eps, weight_decay: 0.0 });
    let adamw = |weight_decay| by(OptimizerSpec::AdamW { betas: [0.9, 0.99], eps: 0.1, weight_decay });
    let clip = |max_norm| Spec { max_norm: Some(max_norm), ..on(MethodSpec::Plain) };
    let mut cases = vec![
        (lpf(0.1, 0), "parts"),
        (rst(1.001), "p"),
        (momentum(1.0, 0.0), "momentum"),
        (momentum(0.9, 1.5), "dampening"),
        (adam(1.0, 0.9, 0.1), "beta1"),
        (adam(0.9, 1.0, 0.1), "beta2"),
        (clip(0.0), "max_norm"),
    ];
    for bad in [nan, inf, -inf, -0.5] {
        cases.extend([
            (sam(bad, 0.0), "rho"),
            (sam(0.1, bad), "eps"),
            (rst(bad), "p"),
            (lpf(bad, 2), "gamma"),
            (momentum(bad, 0.0), "momentum"),
            (momentum(0.9, bad), "dampening"),
            (adam(bad, 0.9, 0.1), "beta1"),
            (adam(0.9, bad, 0.1), "beta2"),
            (adam(0.9, 0.9, bad), "eps"),
            (adamw(bad), "weight_decay"),
            (clip(bad), "max_norm"),
        ]);
    }
    for (spec, expected) in cases {
        refuses(&spec, clock(1), expected);
    }
    for spec in samples() {
        for lr in [nan, inf, -inf, -0.5] {
            refuses(&spec, Clock { lr, ..clock(1) }, "lr");
        }
    }
}

fn refuses(spec: &Spec, clock: Clock, expected: &str) {
    let mut method = boxed::<Cpu>(spec, NET, SEED);
    let (mut w, words) = (start(), method.words());
    match method.begin(&mut Cpu::detect(), &mut w, &clock) {
        Err(Error::Hyperparameter { name, .. }) => assert_eq!(name, expected, "{spec:?}"),
        other => panic!("{spec:?}, {clock:?}: {other:?}"),
    }
    same_bits(expected, &w, &start()).unwrap();
    assert_eq!(method.words(), words);
    method.visit(&mut |v| assert!(v.iter().all(|v| *v == 0.0)));
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    fn refused(mut method: impl Method<Cpu>, n: usize, clock: &Clock, expected: Error) {
        let mut w = vec![0.5; n];
        assert_eq!(
            format!("{:?}", method.begin(&mut Cpu::detect(), &mut w, clock)),
            format!("Err({expected:?})")
        );
        assert!(w.iter().all(|w| *w == 0.5));
    }
    let name = |name, value| Error::Hyperparameter { name, value };
    let length = |what, expected, found| Error::Length { what, expected, found };
    let saved = || vec![0.0; N];
    let sam = |rho: f32| Sam::new(Sgd::new(), saved()).rho(rho);
    let slots = || vec![0.0; filters(NET)];
    let lpf = || LpfSgd::new(Sgd::new(), NET, saved(), slots(), 1);
    refused(sam(f32::NAN), N, &clock(0), name("rho", f32::NAN));
    refused(sam(-0.1), N, &clock(0), name("rho", -0.1));
    refused(sam(0.1), N + 1, &clock(0), length("saved weights", N + 1, N));
    let infinite = Clock { lr: f32::INFINITY, ..clock(0) };
    refused(Plain::new(Sgd::new()), N, &infinite, name("lr", f32::INFINITY));
    refused(Plain::new(Sgd::new().weight_decay(-1.0)), N, &clock(0), name("weight_decay", -1.0));
    refused(Plain::new(Sgd::new().momentum(1.0, saved())), N, &clock(0), name("momentum", 1.0));
    refused(Plain::new(Adam::new(saved(), vec![0.0; 3])), N, &clock(0), length("second moment", N, 3));
    refused(Plain::new(Adam::new(saved(), saved()).betas(0.9, 1.0)), N, &clock(0), name("beta2", 1.0));
    refused(lpf().parts(0), N, &clock(0), name("parts", 0.0));
    refused(lpf().gamma(f32::INFINITY, FilterScale::FilterRms), N, &clock(0), name("gamma", f32::INFINITY));
    refused(lpf(), N - 1, &clock(0), length("layout", N - 1, N));
    let gated = flatmin::gate::Gated::new(flatmin::gates::Bernoulli::new(1).p(1.5), sam(0.1));
    refused(gated, N, &clock(0), name("p", 1.5));
}
