//! Which input of a window is its maximum, and what the others get.

use crate::literal::bits;
use flatmin::nn::{Activation, Layer, MaxPool2d, Params};

const NONE: Params<'_> = Params { w: &[], frozen: &[] };

/// Outputs of `L` for inputs `x`, and the gradients of the inputs where that of output `i` is `i + 1`.
fn run<L: Layer>(x: &[f32], below: Activation) -> (Vec<f32>, Vec<f32>) {
    let (mut y, mut dx) = (vec![f32::NAN; L::OUTPUTS], x.to_vec());
    L::forward(0..L::FORWARD.units, NONE, x, &mut y);
    let dy: Vec<f32> = (1..=L::OUTPUTS).map(|i| i as f32).collect();
    L::input_gradient(0..L::INPUT_GRADIENT.units, NONE, &dy, &mut dx, below);
    (y, dx)
}

#[test]
fn the_first_of_equals_gets_the_gradient() {
    let (y, dx) =
        run::<MaxPool2d<2, 4, 1, 2>>(&[3.0, 3.0, 1.0, 2.0, 3.0, 3.0, 2.0, 0.0], Activation::Identity);
    assert_eq!(y, [3.0, 2.0]);
    assert_eq!(dx, [1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn zeros_of_either_sign_are_equal() {
    let (y, dx) =
        run::<MaxPool2d<2, 2, 2, 2>>(&[-0.0, 0.0, 0.0, -0.0, -1.0, 0.0, 0.0, 0.0], Activation::Identity);
    assert_eq!(bits(&y), bits(&[-0.0, 0.0]));
    assert_eq!(dx, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_nan_is_the_maximum() {
    for place in 0..4 {
        let mut x = [f32::INFINITY, 1.0, 2.0, f32::INFINITY];
        x[place] = f32::NAN;
        let (y, dx) = run::<MaxPool2d<2, 2, 1, 2>>(&x, Activation::Identity);
        assert!(y[0].is_nan());
        assert!((0..4).all(|i| dx[i] == if i == place { 1.0 } else { 0.0 }), "{dx:?}");
    }
}

#[test]
fn what_no_window_reads_gets_nothing() {
    // Windows of 2 by 2, 3 apart, in 6 by 5: rows 2 and 5 and columns 2 and 5 are gaps, or not there.
    let x: Vec<f32> = (0..30).map(|i| i as f32).collect();
    let (y, dx) = run::<MaxPool2d<6, 5, 1, 2, 3>>(&x, Activation::Identity);
    assert_eq!(y, [6.0, 9.0, 21.0, 24.0]);
    let expected = |i| [6, 9, 21, 24].iter().position(|at| *at == i).map_or(0.0, |p| p as f32 + 1.0);
    assert_eq!(dx, (0..30).map(expected).collect::<Vec<f32>>());

    // A rim one wide: its cells have no window.
    let (y, dx) = run::<MaxPool2d<3, 3, 1, 2>>(&[9.0; 9], Activation::Identity);
    assert_eq!((y, dx), (vec![9.0], vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
}

#[test]
fn the_activation_below_is_differentiated() {
    let (y, dx) = run::<MaxPool2d<2, 2, 2, 2>>(&[0.0, 0.5, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0], Activation::Relu);
    assert_eq!((y, dx), (vec![0.0, 0.5], vec![0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
}
