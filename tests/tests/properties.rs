//! Properties that hold for any layout, any floats and any hyperparameters.

use flatmin::backend::{Backend, Cpu, Portable};
use flatmin::kernels::{Perturb, SaveAscend, StepAdam};
use flatmin::layout::{Groups, Kind, Segment, Sharing, filters, params};
use flatmin::math::sqrt;
use flatmin::rng::{Key, Stream};
use flatmin_tests::compare::{same, same_bits};
use proptest::collection::vec;
use proptest::num::f32::ANY;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let matrix = prop_oneof![Just(Kind::Weight), Just(Kind::LoraA), Just(Kind::LoraB)];
    let vector = prop_oneof![Just(Kind::Bias), Just(Kind::Norm)];
    let matrix = (0..6_u32, 0..80_u32, matrix);
    // Mostly as documented; a vector of rows longer than 1 must still be covered.
    let vector = (0..6_u32, prop_oneof![9 => Just(1_u32), 1 => 0..4_u32], vector);
    let segment = prop_oneof![matrix.boxed(), vector.boxed()];
    vec(segment.prop_map(|(filters, fan_in, kind)| Segment { filters, fan_in, kind }), 0..8)
}

fn sharing() -> impl Strategy<Value = Sharing> {
    prop_oneof![Just(Sharing::Tensor), Just(Sharing::Row)]
}

/// Floats with any bits, and more of the ordinary ones.
fn float() -> impl Strategy<Value = f32> {
    prop_oneof![1 => ANY, 3 => -4.0_f32..4.0]
}

/// Three vectors of one length.
fn vectors() -> impl Strategy<Value = [Vec<f32>; 4]> {
    (0..300_usize).prop_flat_map(|n| [0; 4].map(|_| vec(float(), n)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn spans_cover_every_element_once_in_order(segments in segments(), sharing in sharing()) {
        let groups = Groups { segments: &segments, sharing };
        prop_assert_eq!(groups.len(), params(&segments));
        prop_assert_eq!(groups.slots(), filters(&segments));
        let mut at = 0;
        let mut measured = BTreeMap::new();
        for span in groups.spans() {
            prop_assert_eq!(span.start, at, "a gap or an overlap");
            prop_assert!(span.len > 0);
            prop_assert!(span.slot < groups.slots());
            at += span.len;
            if span.measured {
                prop_assert_eq!(span.fan_in as usize, span.len, "a group is measured in one run");
                prop_assert!(measured.insert(span.slot, span.fan_in).is_none(), "two groups in one slot");
            } else {
                prop_assert_eq!(sharing, Sharing::Row);
                prop_assert_eq!(measured.get(&span.slot), Some(&span.fan_in), "joins a row that is not there");
            }
        }
        prop_assert_eq!(at, groups.len(), "elements left over");
    }

    #[test]
    fn sqrt_is_that_of_std(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        prop_assert!(same(sqrt(x), x.sqrt()), "{x:e}: {:e}", sqrt(x));
    }

    #[test]
    fn save_ascend_has_one_result(v in vectors(), rho in float(), eps in float(), sq_norm in float()) {
        let run = |mut b: Cpu| {
            let [mut w, mut saved, g, _] = v.clone();
            b.map(SaveAscend { rho, eps }, [&sq_norm], [&mut w[..], &mut saved[..]], [&g[..]]);
            [w, saved]
        };
        let (a, b) = (run(Cpu::Portable(Portable)), run(Cpu::detect()));
        for (a, b) in a.iter().zip(&b) {
            same_bits("", a, b).map_err(TestCaseError::fail)?;
        }
        // `saved` takes the old weights as they are.
        same_bits("saved", &a[1], &v[0]).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn step_adam_has_one_result(
        v in vectors(),
        [lr, beta1, beta2, eps, l2, decay] in [(); 6].map(|()| float()),
        updates in any::<u32>(),
        restore in any::<bool>(),
    ) {
        let kernel = StepAdam { lr, beta1, beta2, eps, l2, decay, updates };
        let run = |mut b: Cpu| {
            let [mut w, mut m, mut s, g] = v.clone();
            let saved = restore.then(|| v[3].iter().rev().copied().collect::<Vec<_>>());
            b.update(kernel, &mut w, saved.as_deref(), &g, [&mut m[..], &mut s[..]]);
            [w, m, s]
        };
        let (a, b) = (run(Cpu::Portable(Portable)), run(Cpu::detect()));
        for (a, b) in a.iter().zip(&b) {
            same_bits("", a, b).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn perturb_has_one_result(
        segments in segments(),
        sharing in sharing(),
        pool in vec(float(), 64),
        gamma in float(),
        rms in 0..2_u32,
        (seed, step) in any::<(u64, u32)>(),
    ) {
        let groups = Groups { segments: &segments, sharing };
        let w: Vec<f32> = (0..groups.len()).map(|i| pool[i % 61]).collect();
        let values: Vec<f32> = (0..groups.slots()).map(|i| pool[i % 64].abs()).collect();
        let kernel = Perturb { gamma, rms, key: Key::new(seed, Stream::Perturbation, step) };
        let run = |mut b: Cpu| {
            let (mut w, mut saved) = (w.clone(), vec![f32::NAN; w.len()]);
            b.fill(kernel, groups, &values[..], [&mut w[..], &mut saved[..]], []);
            [w, saved]
        };
        let (a, b) = (run(Cpu::Portable(Portable)), run(Cpu::detect()));
        for (a, b) in a.iter().zip(&b) {
            same_bits("", a, b).map_err(TestCaseError::fail)?;
        }
        same_bits("saved", &a[1], &w).map_err(TestCaseError::fail)?;
    }
}
