//! What a buffer keeps of a stream.

use flatmin::rng::{Draws, Key, Stream};
use flatmin::tune::replay_buffer::{Class, Item, Offer, ReplayBuffer, Samples, herding};

fn draws(seed: u64) -> Draws {
    Draws::new(Key::new(seed, Stream::Replay, 0))
}

#[test]
fn a_buffer_stays_balanced_however_unequal_the_stream_is() {
    let (mut values, mut labels, mut classes) = ([0_u8; 12], [0; 12], [Class::NEW; 4]);
    let mut buffer = ReplayBuffer::new(1, &mut values, &mut labels, &mut classes, &[1.0], draws(1)).unwrap();
    let mut stream = draws(2);
    for _ in 0..3000 {
        // Class 3 never comes, class 2 is rare.
        let label = if stream.unit() < 0.9 {
            0
        } else if stream.unit() < 0.9 {
            1
        } else {
            2
        };
        buffer.offer(&[label.into()], label).unwrap();
    }
    let samples = buffer.samples();
    assert_eq!([0, 1, 2, 3].map(|class| samples.count(class)), [4, 4, 4, 0]);
    let mut x = [0.0];
    assert!((0..12).all(|i| samples.read(i, &mut x).unwrap() == x[0] as u8), "values stay with their labels");
    assert_eq!(buffer.classes().iter().map(|class| class.seen()).sum::<u32>(), 3000);
}

#[test]
fn every_sample_of_a_class_has_the_same_chance() {
    let mut kept = [0_u32; 40];
    for seed in 0..4000 {
        let (mut values, mut labels, mut classes) = ([0_u8; 5], [0; 5], [Class::NEW; 1]);
        let mut buffer =
            ReplayBuffer::new(1, &mut values, &mut labels, &mut classes, &[1.0], draws(seed)).unwrap();
        for i in 0..40 {
            buffer.offer(&[i as f32], 0).unwrap();
        }
        buffer.samples().values().iter().for_each(|&i| kept[usize::from(i)] += 1);
    }
    // 500 expected of each, standard deviation 21.
    assert!(kept.iter().all(|&count| (390..610).contains(&count)), "{kept:?}");
}

#[test]
fn what_does_not_fit_leaves_the_buffer_as_it_is() {
    let (mut values, mut labels, mut classes) = ([0_i8; 4], [0; 2], [Class::NEW; 2]);
    let mut buffer = ReplayBuffer::new(2, &mut values, &mut labels, &mut classes, &[0.5], draws(1)).unwrap();
    assert_eq!(buffer.offer(&[1.0, f32::NAN], 1).unwrap(), Offer::Kept);
    assert!(buffer.offer(&[1.0], 0).is_err() && buffer.offer(&[1.0, 2.0], 2).is_err());
    assert_eq!((buffer.samples().len(), buffer.classes()[0].seen()), (1, 0));
    assert_eq!(buffer.samples().values(), [2, 0], "a NaN is stored as 0");

    let mut none = ReplayBuffer::<i8>::new(0, &mut [], &mut [], &mut [], &[1.0], draws(1)).unwrap();
    assert!(none.offer(&[], 0).is_err(), "no class");
    let mut classes = [Class::NEW];
    let mut empty = ReplayBuffer::<i8>::new(2, &mut [], &mut [], &mut classes, &[1.0], draws(1)).unwrap();
    assert_eq!(empty.offer(&[1.0, 2.0], 0).unwrap(), Offer::PassedBy);
    for scale in [0.0, -1.0, f32::NAN] {
        assert!(ReplayBuffer::<u8>::new(1, &mut [0], &mut [0], &mut [], &[scale], draws(1)).is_err());
    }
    assert!(ReplayBuffer::<u8>::new(2, &mut [0; 3], &mut [0; 2], &mut [], &[1.0], draws(1)).is_err());
}

#[test]
fn storing_rounds_to_the_nearest_and_keeps_to_the_range() {
    let pairs = [(1.4, 1), (1.5, 2), (-1.5, -2), (-0.4, 0), (127.4, 127), (1e9, 127), (-1e9, -128)];
    assert!(pairs.iter().all(|&(x, q)| <i8 as Item>::nearest(x) == q));
    let pairs = [(0.5, 1), (254.6, 255), (-3.0, 0), (1e9, 255), (f32::NAN, 0)];
    assert!(pairs.iter().all(|&(x, q)| <u8 as Item>::nearest(x) == q));
}

#[test]
fn herding_is_greedy_nested_and_stays_within_the_class() {
    let mut random = draws(3);
    let features: Vec<f32> = (0..60).map(|_| random.normal()).collect();
    let labels: Vec<u8> = (0..20).map(|i| i % 2).collect();
    let (mut scratch, mut chosen) = ([0.0; 6], [0; 4]);
    assert_eq!(herding(3, &features, &labels, 1, &mut scratch, &mut chosen).unwrap(), 4);
    // The textbook in f64.
    let x = |i: usize| [0, 1, 2].map(|j| f64::from(features[3 * i + j]));
    let members: Vec<usize> = (0..20).filter(|i| labels[*i] == 1).collect();
    let mean = [0, 1, 2].map(|j| members.iter().map(|&i| x(i)[j]).sum::<f64>() / 10.0);
    let mut expected: Vec<usize> = Vec::new();
    for k in 1..=4 {
        let distance = |&i: &usize| -> f64 {
            let sum = |j: usize| expected.iter().map(|&i| x(i)[j]).sum::<f64>() + x(i)[j];
            (0..3).map(|j| (mean[j] - sum(j) / f64::from(k)).powi(2)).sum()
        };
        let free = members.iter().copied().filter(|i| !expected.contains(i));
        let next = free.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap();
        expected.push(next);
    }
    assert_eq!(chosen.map(|i| i as usize).to_vec(), expected);
    let mut all = [99; 15];
    assert_eq!(herding(3, &features, &labels, 1, &mut scratch, &mut all).unwrap(), 10);
    assert_eq!(all[..4], chosen);
    assert_eq!(herding(3, &features, &labels, 7, &mut scratch, &mut all).unwrap(), 0, "an empty class");
    assert!(herding(3, &features[1..], &labels, 1, &mut scratch, &mut all).is_err());
}

#[test]
fn samples_refuse_what_is_not_there() {
    assert!(Samples::new(2, &[1_i8, 2, 3], &[0, 1], &[1.0]).is_err());
    assert!(Samples::new(2, &[1_i8, 2], &[0], &[]).is_err());
    let samples = Samples::new(2, &[1_i8, 2], &[0], &[1.0]).unwrap();
    let mut short = [9.0];
    assert_eq!((samples.read(0, &mut short), short), (None, [9.0]));
    assert!(Samples::<u8>::default().is_empty());
}
