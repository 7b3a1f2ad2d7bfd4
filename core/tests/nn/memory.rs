//! What a network keeps where, and what it refuses.

use crate::literal::{Digits, Image, Odd, Pooled, Random, Wrist, bits, split};
use flatmin::layout::{Kind, Segment};
use flatmin::nn::{self, All, Bias, Buffer, Dense, Error, Evaluation, Frozen, Network, Tanh};

#[test]
fn a_frozen_prefix_stores_nothing() {
    let outputs = [480, 208, 16, 7];
    assert_eq!((Wrist::<All>::TRAINABLE, Wrist::<All>::FROZEN), (1_911, 0));
    assert_eq!(Wrist::<All>::ACTS, outputs.iter().sum());
    // The second convolution reads 480 and writes 208; nothing later needs more.
    assert_eq!(Wrist::<Frozen, Frozen, All>::ACTS, 480 + 208);
    assert_eq!(Wrist::<Frozen, Frozen, Frozen>::ACTS, 480 + 208);
    assert_eq!(Pooled::<Frozen, Frozen, All>::ACTS, 1_496 + 204);
    // Training the second convolution keeps its input and everything above.
    assert_eq!(Wrist::<Frozen, All, Frozen>::ACTS, outputs.iter().sum());
    assert_eq!((Wrist::<Frozen, Frozen, Bias>::TRAINABLE, Wrist::<Frozen, Frozen, Bias>::FROZEN), (7, 1_904));
    assert_eq!(Digits::<Frozen, All>::ACTS, 42);
    // A long prefix costs its two largest neighbours; what trains lies beside the last output.
    type Deep = nn::seq!(
        Dense<2, 50, Frozen>, Tanh<50>, Dense<50, 30, Frozen>, Dense<30, 40, Frozen>, Dense<40, 9>, Tanh<9>, Dense<9, 3>
    );
    assert_eq!(Deep::ACTS, 80);
}

#[test]
fn segments_follow_the_trainable_vector() {
    const fn segment(filters: u32, fan_in: u32, kind: Kind) -> Segment {
        Segment { filters, fan_in, kind }
    }
    const ALL: [Segment; Wrist::<All>::SEGMENTS] = nn::segments::<Wrist, { Wrist::<All>::SEGMENTS }>();
    assert_eq!(
        ALL,
        [
            segment(16, 30, Kind::Weight),
            segment(16, 1, Kind::Bias),
            segment(16, 80, Kind::Weight),
            segment(16, 1, Kind::Bias),
            segment(7, 16, Kind::Weight),
            segment(7, 1, Kind::Bias),
        ]
    );
    type Part = Wrist<Bias, Frozen, All>;
    const PART: [Segment; Part::SEGMENTS] = nn::segments::<Part, { Part::SEGMENTS }>();
    assert_eq!(PART, [segment(16, 1, Kind::Bias), segment(7, 16, Kind::Weight), segment(7, 1, Kind::Bias)]);
    assert_eq!(PART.iter().map(|s| (s.filters * s.fan_in) as usize).sum::<usize>(), Part::TRAINABLE);
}

#[test]
fn split_and_merge_are_inverse() {
    type Part = Digits<Bias, All>;
    let full: Vec<f32> = (0..2_410).map(|i| i as f32).collect();
    let (w, frozen) = split::<Part>(&full);
    assert_eq!(frozen, full[..2_048]);
    assert_eq!(w, full[2_048..]);

    fn round_trip<N: Network>() {
        let full = Random(3).vector(N::PARAMS, 1.0);
        let (w, frozen) = split::<N>(&full);
        let mut again = vec![f32::NAN; N::PARAMS];
        nn::merge::<N>(&w, &frozen, &mut again).unwrap();
        assert_eq!(bits(&again), bits(&full));
    }
    round_trip::<Wrist<Frozen, Bias, All>>();
    round_trip::<Wrist<All, Frozen, Bias>>();
    round_trip::<Odd<Bias, All, Frozen>>();
    round_trip::<Digits<Frozen, Frozen>>();
    round_trip::<Image<Bias, All, Frozen>>();

    let mut short = vec![0.5; Part::TRAINABLE - 1];
    let mut frozen = vec![0.5; Part::FROZEN];
    let expected = Error::Length { buffer: Buffer::Weights, expected: 362, found: 361 };
    assert_eq!(nn::split::<Part>(&full, &mut short, &mut frozen), Err(expected));
    let mut long = vec![0.5; 2_411];
    let expected = Error::Length { buffer: Buffer::Parameters, expected: 2_410, found: 2_411 };
    assert_eq!(nn::merge::<Part>(&w, &frozen, &mut long), Err(expected));
    assert!(short.iter().chain(&frozen).chain(&long).all(|v| *v == 0.5), "nothing was written");
}

#[test]
fn wrong_arguments_are_refused_before_anything_is_written() {
    type Net = Digits<Bias, All>;
    let right = [Net::IN, Net::TRAINABLE, Net::FROZEN, Net::ACTS, Net::TRAINABLE];
    let buffers = [Buffer::Input, Buffer::Weights, Buffer::Frozen, Buffer::Activations, Buffer::Gradient];
    for (index, buffer) in buffers.into_iter().enumerate() {
        for found in [0, right[index] - 1, right[index] + 1] {
            let mut lengths = right;
            lengths[index] = found;
            let [x, w, frozen, mut acts, mut g] = lengths.map(|len| vec![0.5; len]);
            let error = Error::Length { buffer, expected: right[index], found };
            assert_eq!(nn::gradient::<Net>(&x, 0, 1.0, &w, &frozen, &mut acts, &mut g), Err(error));
            if buffer != Buffer::Gradient {
                assert_eq!(nn::loss::<Net>(&x, 0, &w, &frozen, &mut acts), Err(error));
                assert_eq!(nn::forward::<Net>(&x, &w, &frozen, &mut acts), Err(error));
            }
            assert!(acts.iter().chain(&g).all(|v| *v == 0.5));
        }
    }
    let [x, w, frozen, mut acts, mut g] = right.map(|len| vec![0.5; len]);
    for label in [10, usize::MAX] {
        let error = Error::Label { label, classes: 10 };
        assert_eq!(nn::loss::<Net>(&x, label, &w, &frozen, &mut acts), Err(error));
        let evaluation = Evaluation::<Net>::gradient(&x, label, 1.0, &w, &frozen, &mut acts, &mut g);
        assert_eq!(evaluation.err(), Some(error));
    }
    assert!(acts.iter().chain(&g).all(|v| *v == 0.5));
    assert_eq!(Error::Label { label: 10, classes: 10 }.to_string(), "label 10 of a network with 10 classes");
}

#[test]
fn a_cursor_of_another_net_does_no_harm() {
    let x = vec![0.1; Wrist::<All>::IN];
    let w = vec![0.1; Wrist::<All>::TRAINABLE];
    let (mut acts, mut g) = (vec![0.0; Wrist::<All>::ACTS], vec![0.0; Wrist::<All>::TRAINABLE]);
    for units in 0..Wrist::<All>::UNITS {
        let mut evaluation = Evaluation::<Wrist>::gradient(&x, 3, 1.0, &w, &[], &mut acts, &mut g).unwrap();
        let _ = evaluation.poll(units);
        let pass = evaluation.pass();
        let (x, w) = ([0.0; Digits::<All>::IN], [0.0; Digits::<All>::TRAINABLE]);
        let mut acts = [0.0; Digits::<All>::ACTS];
        let mut other = Evaluation::<Digits>::loss(&x, 3, &w, &[], &mut acts).unwrap().resume(pass);
        while other.poll(7).is_pending() {}
    }
}
