//! What is computed once is what would be computed every time.

use crate::tolerance::tolerance;
use flatmin::nn::{self, Conv1d, Dense, Frozen, MeanTime, Network, Relu, Target};
use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::Features;

type Body = nn::seq!(Conv1d<6, 16, 5, 2, 8, Frozen>, Relu<48>, MeanTime<6, 8>);
type Head = Dense<8, 5>;
type Whole = nn::seq!(Conv1d<6, 16, 5, 2, 8, Frozen>, Relu<48>, MeanTime<6, 8>, Dense<8, 5>);

fn random<const N: usize>(draws: &mut Draws) -> [f32; N] {
    std::array::from_fn(|_| draws.normal())
}

#[test]
fn a_head_on_kept_features_has_the_bits_of_the_whole_network() {
    let mut draws = Draws::new(Key::new(5, Stream::Init, 0));
    let frozen = random::<{ Body::FROZEN }>(&mut draws);
    let w = random::<{ Head::TRAINABLE }>(&mut draws);
    assert_eq!((Whole::FROZEN, Whole::TRAINABLE), (Body::FROZEN, Head::TRAINABLE));

    let samples: Vec<([f32; Whole::IN], u8)> = (0..4).map(|label| (random(&mut draws), label)).collect();
    let (mut values, mut labels) = ([0.0; 4 * Body::OUT + 3], [0; 4]);
    let mut features = Features::<Body>::new(&mut values, &mut labels);
    let mut acts = [0.0; Body::ACTS];
    for (x, label) in &samples {
        features.push(x, *label, &frozen, &mut acts).unwrap();
    }
    assert!(features.push(&samples[0].0, 0, &frozen, &mut acts).is_err(), "full");

    let teacher = random::<5>(&mut draws);
    let (mut whole, mut head) = ([0.0; Head::TRAINABLE], [0.0; Head::TRAINABLE]);
    let (mut whole_acts, mut head_acts, mut feature) =
        ([0.0; Whole::ACTS], [0.0; Head::ACTS], [0.0; Head::IN]);
    for (i, (x, label)) in samples.iter().enumerate() {
        let kept = features.samples().read(i, &mut feature);
        assert_eq!(kept, Some(*label));
        for target in [Target::Class((*label).into()), Target::Teacher { logits: &teacher, temperature: 2.0 }]
        {
            let a = nn::gradient_to::<Whole>(x, target, 0.25, &w, &frozen, &mut whole_acts, &mut whole);
            let b = nn::gradient_to::<Head>(&feature, target, 0.25, &w, &[], &mut head_acts, &mut head);
            assert_eq!(a.unwrap().to_bits(), b.unwrap().to_bits());
        }
    }
    assert_eq!(whole.map(f32::to_bits), head.map(f32::to_bits));
    assert!(whole.iter().any(|g| *g != 0.0));
}

#[test]
fn targets_that_do_not_fit_are_refused_before_anything_is_written() {
    let (x, w, mut acts, mut g) =
        ([1.0; 8], [0.5; Head::TRAINABLE], [7.0; Head::ACTS], [0.0; Head::TRAINABLE]);
    let mut refuse = |target| {
        nn::gradient_to::<Head>(&x, target, 1.0, &w, &[], &mut acts, &mut g).unwrap_err().to_string()
    };
    assert!(refuse(Target::Teacher { logits: &[0.0; 4], temperature: 1.0 }).contains("logits must have 5"));
    assert!(refuse(Target::Teacher { logits: &[0.0; 5], temperature: 0.0 }).contains("0 is no temperature"));
    assert!(refuse(Target::Class(5)).contains("label 5"));
    assert!(refuse(Target::Doubtful { label: 5, q: 1.0 }).contains("label 5"));
    assert!(refuse(Target::Doubtful { label: 0, q: 1.5 }).contains("1.5 is no"));
    assert_eq!((acts, g), ([7.0; Head::ACTS], [0.0; Head::TRAINABLE]));
}

#[test]
fn the_gradient_towards_a_teacher_is_that_of_its_loss() {
    let mut draws = Draws::new(Key::new(6, Stream::Init, 0));
    let (x, teacher) = (random::<8>(&mut draws), random::<5>(&mut draws));
    let mut w = random::<{ Head::TRAINABLE }>(&mut draws);
    let target = Target::Teacher { logits: &teacher, temperature: 3.0 };
    let (mut acts, mut g) = ([0.0; Head::ACTS], [0.0; Head::TRAINABLE]);
    nn::gradient_to::<Head>(&x, target, 1.0, &w, &[], &mut acts, &mut g).unwrap();
    for i in 0..w.len() {
        let mut at = |step: f32| {
            let old = w[i];
            w[i] += step;
            let mut unused = [0.0; Head::TRAINABLE];
            let loss = nn::gradient_to::<Head>(&x, target, 1.0, &w, &[], &mut acts, &mut unused).unwrap();
            w[i] = old;
            loss
        };
        let difference = (at(0.01) - at(-0.01)) / 0.02;
        assert!(
            f64::from((g[i] - difference).abs()) < tolerance("difference_f32"),
            "{i}: {} {difference}",
            g[i]
        );
    }
}
