//! The comparators catch mistakes: a backend that is wrong by one ULP, in its order of sums, in its noise.

use flatmin::backend::Portable;
use flatmin::hash::{self, Crc32};
use flatmin::layout::{Kind, Segment, Sharing};
use flatmin::method::Method;
use flatmin::rng::Seed;
use flatmin::state::{State, Words};
use flatmin_sim::compose::{Parts, Receive, Spec, compose};
use flatmin_tests::compare::{close, same_bits};
use flatmin_tests::parity::{Fault, Form, Literal, Pool, every};
use flatmin_tests::problems::Data;
use flatmin_tests::tolerance::tolerance;

/// A kernel as it is called.
type Call = (&'static str, Form);

/// The calls whose mistake is seen, and those where it is not.
fn seen(fault: Fault, data: Data, n: usize) -> (Vec<Call>, Vec<Call>) {
    let pool = Pool::new(n, data, Sharing::Row);
    let (mut seen, mut missed) = (vec![], vec![]);
    for row in every::<Literal>() {
        let (mut found, mut expected) = (pool.clone(), pool.clone());
        (row.run)(&mut Literal { fault: Some(fault) }, &mut found);
        (row.run)(&mut Literal::default(), &mut expected);
        let caught = found.same_bits(row.name, &expected).is_err();
        if caught { &mut seen } else { &mut missed }.push((row.name, row.form));
    }
    (seen, missed)
}

#[test]
fn one_ulp_in_one_element_is_seen_in_every_kernel() {
    for (data, n) in [(Data::Normal, 1), (Data::Normal, 4097), (Data::Wide, 1025)] {
        assert_eq!(seen(Fault::Ulp, data, n).1, [], "missed, {n} {data:?}");
    }
}

#[test]
fn another_order_is_seen_in_every_sum() {
    let (seen, _) = seen(Fault::Order, Data::Normal, 4097);
    // The sum of `non_finite` is 0 in any order.
    assert_eq!(seen, [("dot", Form::Reduce), ("sq_norm", Form::Reduce), ("sq_norm", Form::Groups)]);
}

#[test]
fn other_noise_is_seen_in_every_fill() {
    let (seen, missed) = seen(Fault::Shift, Data::Normal, 1000);
    assert_eq!(seen, [("perturb", Form::Fill), ("reperturb", Form::Fill)]);
    // A tile of ones is the same everywhere.
    assert!(missed.iter().all(|(name, form)| *form != Form::Fill || *name == "pull"));
}

#[test]
fn same_bits_tells_zeros_apart_and_takes_nan_for_one_class() {
    let other_nan = f32::from_bits(0xffc0_1234);
    assert_eq!(same_bits("", &[f32::NAN, 1.0], &[other_nan, 1.0]), Ok(()));
    assert!(same_bits("", &[0.0], &[-0.0]).is_err());
    assert!(same_bits("", &[f32::NAN], &[1.0]).is_err());
    assert!(same_bits("", &[1.0], &[f32::NAN]).is_err());
    assert!(same_bits("", &[1.0], &[1.0_f32.next_up()]).is_err());
    assert!(same_bits("", &[], &[1.0]).is_err());
}

#[test]
fn close_refuses_nan_and_what_is_beyond_its_bar() {
    let bar = tolerance("sincos");
    assert_eq!(close("", 1.0, 1.0, 0.0), Ok(()));
    assert!(close("", 1.0 + 2.0 * bar, 1.0, bar).is_err());
    assert!(close("", f64::NAN, 1.0, bar).is_err());
    assert!(close("", 1.0, f64::NAN, bar).is_err());
    assert!(close("", f64::INFINITY, f64::INFINITY, bar).is_err());
}

/// A sum in the written order that misses one element of 4097 is beyond the bar of the f64 comparison.
#[test]
fn a_lost_element_is_beyond_the_bar_of_sums() {
    let squares: Vec<f64> = Data::Normal
        .vector(4097, 0)
        .iter()
        .map(|x| f64::from(*x) * f64::from(*x))
        .filter(|x| *x > 1.0)
        .collect();
    let exact: f64 = squares.iter().sum();
    assert!(close("", exact - squares[7], exact, tolerance("reduce_bound") * exact).is_err());
}

#[test]
fn the_checksum_gives_the_known_answer() {
    let mut crc = Crc32::new();
    crc.bytes(b"123456789");
    assert_eq!(crc.finish(), 0xcbf4_3926);
    let of = |x: f32| {
        let mut crc = Crc32::new();
        crc.floats(&[x]);
        crc.finish()
    };
    assert_eq!(of(f32::NAN), of(f32::from_bits(0xffc0_1234)));
    assert_ne!(of(0.0), of(-0.0));
}

/// The hash that the phase tests compare changes with any one bit of the weights, of any state vector and of any scalar.
struct HashSeesAll(Spec);

impl Receive<Portable> for HashSeesAll {
    type Output = usize;
    fn receive<M: Method<Portable> + 'static>(self, mut method: M) -> usize {
        let name = self.0.name();
        let (mut w, mut seen) = ([1.0_f32; 4], std::collections::BTreeSet::new());
        let mut take = |method: &M, w: &[f32], what: &str| {
            assert!(seen.insert(hash::state::<Portable, _>(w, method)), "{name}: {what} is not in the hash");
        };
        take(&method, &w, "nothing");
        for i in 0..w.len() {
            w[i] = w[i].next_up();
            take(&method, &w, "a weight");
        }
        let mut vectors = 0;
        State::<Portable>::visit(&method, &mut |_| vectors += 1);
        for k in 0..vectors {
            for i in 0..4 {
                let mut at = 0;
                State::<Portable>::visit_mut(&mut method, &mut |v: &mut [f32]| {
                    if at == k {
                        v[i] = v[i].next_up();
                    }
                    at += 1;
                });
                take(&method, &w, "an element of a state vector");
            }
        }
        let mut words = Vec::new();
        State::<Portable>::scalars(&method).put(&mut |word| words.push(word));
        for k in 0..words.len() {
            let mut changed = words.clone();
            changed[k] ^= 1;
            let mut left = changed.into_iter();
            State::<Portable>::set_scalars(&mut method, Words::take(&mut || left.next().unwrap()));
            take(&method, &w, "a scalar");
        }
        vectors
    }
}

#[test]
fn the_hash_sees_weights_state_and_scalars() {
    const FOUR: &[Segment] = &[Segment { filters: 2, fan_in: 2, kind: Kind::Weight }];
    let mut vectors = 0;
    for spec in Spec::samples() {
        let zeros = |n| vec![0.0_f32; n];
        let parts = Parts { segments: FOUR, zeros, noise: Seed(0), coin: Seed(0) };
        vectors += compose::<Portable, Vec<f32>, _, _, _, _>(&spec, parts, HashSeesAll(spec));
    }
    assert!(vectors > 0);
}
