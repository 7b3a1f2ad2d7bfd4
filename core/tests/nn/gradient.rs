//! Gradients of every layer against central differences of an independent f64 loss.

use crate::literal::{
    DIGITS, Digits, GAPS, Gaps, IMAGE, Image, L, ODD, Odd, POOLED, Pooled, Random, WRIST, Wrist, loss64,
};
use crate::tolerance::tolerance;
use flatmin::nn::{self, Conv1d, Conv2d, Dense, MaxPool2d, MeanTime, Network, Relu, Tanh};

fn check<N: Network>(net: &[L]) {
    let step = tolerance("difference");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for sample in 0..3 {
        let w = random.vector(N::TRAINABLE, 0.5);
        let x = random.vector(N::IN, 1.0);
        let label = random.below(N::OUT);
        let (mut acts, mut g) = (vec![f32::NAN; N::ACTS], vec![0.0; N::TRAINABLE]);
        let loss = nn::gradient::<N>(&x, label, 1.0, &w, &[], &mut acts, &mut g).unwrap();

        let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        let mut w: Vec<f64> = w.iter().map(|w| f64::from(*w)).collect();
        let expected = loss64(net, &w, &x, label);
        assert!(
            (f64::from(loss) - expected).abs() < tolerance("gradient") * expected.max(1.0),
            "{loss} {expected}"
        );
        for (i, g) in g.iter().enumerate() {
            let mut at = |step| {
                w[i] += step;
                let loss = loss64(net, &w, &x, label);
                w[i] -= step;
                loss
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            let error = (f64::from(*g) - difference).abs();
            assert!(
                error < tolerance("gradient") * difference.abs().max(1.0),
                "sample {sample}, w[{i}]: {g} {difference}"
            );
        }
    }
}

#[test]
fn dense() {
    check::<Dense<5, 4>>(&[L::Dense { i: 5, o: 4 }]);
    check::<nn::seq!(Dense<5, 18>, Dense<18, 9>, Dense<9, 3>)>(&[
        L::Dense { i: 5, o: 18 },
        L::Dense { i: 18, o: 9 },
        L::Dense { i: 9, o: 3 },
    ]);
}

#[test]
fn conv1d() {
    let first = L::Conv { cin: 2, len: 9, k: 3, stride: 2, cout: 3 };
    check::<Conv1d<2, 9, 3, 2, 3>>(&[first]);
    check::<nn::seq!(Conv1d<2, 9, 3, 2, 3>, Conv1d<3, 4, 2, 1, 2>)>(&[
        first,
        L::Conv { cin: 3, len: 4, k: 2, stride: 1, cout: 2 },
    ]);
    check::<Gaps>(GAPS);
}

#[test]
fn conv2d() {
    let first = L::Conv2d { cin: 2, h: 5, w: 7, k: 3, stride: 2, cout: 3 };
    check::<Conv2d<2, 5, 7, 3, 2, 3>>(&[first]);
    check::<nn::seq!(Conv2d<2, 5, 7, 3, 2, 3>, Conv2d<3, 2, 3, 2, 1, 2>)>(&[
        first,
        L::Conv2d { cin: 3, h: 2, w: 3, k: 2, stride: 1, cout: 2 },
    ]);
    check::<Image>(IMAGE);
}

#[test]
fn max_pool() {
    check::<nn::seq!(Conv2d<1, 6, 5, 2, 1, 3>, MaxPool2d<5, 4, 3, 2>)>(&[
        L::Conv2d { cin: 1, h: 6, w: 5, k: 2, stride: 1, cout: 3 },
        L::MaxPool { h: 5, w: 4, c: 3, k: 2, stride: 2 },
    ]);
    check::<Pooled>(POOLED);
}

#[test]
fn relu() {
    check::<nn::seq!(Dense<6, 20>, Relu<20>, Dense<20, 4>)>(&[
        L::Dense { i: 6, o: 20 },
        L::Relu,
        L::Dense { i: 20, o: 4 },
    ]);
}

#[test]
fn tanh() {
    check::<nn::seq!(Dense<6, 20>, Tanh<20>, Dense<20, 4>)>(&[
        L::Dense { i: 6, o: 20 },
        L::Tanh,
        L::Dense { i: 20, o: 4 },
    ]);
}

#[test]
fn mean_time() {
    check::<nn::seq!(Conv1d<3, 8, 2, 1, 18>, Tanh<126>, MeanTime<7, 18>)>(&[
        L::Conv { cin: 3, len: 8, k: 2, stride: 1, cout: 18 },
        L::Tanh,
        L::Mean { len: 7, c: 18 },
    ]);
}

#[test]
fn odd_shapes() {
    check::<Odd>(ODD);
}

#[test]
fn wrist() {
    check::<Wrist>(WRIST);
}

#[test]
fn digits() {
    check::<Digits>(DIGITS);
}
