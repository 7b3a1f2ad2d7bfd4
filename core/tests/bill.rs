//! The bill against the buffers of real runs: every number is the size of something that a step was given.

use flatmin::average::Average;
use flatmin::averages::{Ema, Swa};
use flatmin::backend::Portable;
use flatmin::bill::{Bill, Shape};
use flatmin::drive::step;
use flatmin::layout::filters;
use flatmin::method::{Clock, Method};
use flatmin::methods::{LpfSgd, Plain, Rst, Sam};
use flatmin::nn::{self, Bias, Conv1d, Conv2d, Dense, Frozen, MaxPool2d, MeanTime, Network, Relu};
use flatmin::optimizers::{Adam, Sgd};
use flatmin::residual::usual_len;
use flatmin::state::{State, Words};
use flatmin::tune::replay_buffer::Class;
use flatmin::tune::{Guard, Rule, Samples, Score, Scores, Trust};

type Small<Lower> = nn::seq!(Conv1d<2, 8, 3, 1, 4, Lower>, Relu<24>, MeanTime<6, 4>, Dense<4, 3>);
type Image = nn::seq!(Conv2d<1, 6, 6, 3, 1, 2>, Relu<32>, MaxPool2d<4, 4, 2, 2, 2>, Dense<8, 3>);

/// Bytes that a vector of floats takes.
fn bytes(v: &[f32]) -> usize {
    size_of_val(v)
}

/// A vector of a method's own, whose bytes are counted.
fn lend(state: &mut usize, len: usize) -> Vec<f32> {
    let vector = vec![0.0; len];
    *state += bytes(&vector);
    vector
}

/// Trains a step with everything that the bill says, and compares it with what was allocated.
fn check<N: Network, M: Method<Portable>>(what: &str, mut method: M, state: usize) {
    let bill = const { Bill::of::<N, M>() };
    let (mut w, mut g) = (vec![0.1; N::TRAINABLE], vec![0.0; N::TRAINABLE]);
    let (frozen, mut acts, x) = (vec![0.1; N::FROZEN], vec![0.0; N::ACTS], vec![1.0; N::IN]);
    let clock = Clock { step: 0, total: 2, lr: 0.1 };
    let trained = step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock, |w, g, _| {
        g.fill(0.0);
        nn::gradient::<N>(&x, 1, 1.0, w, &frozen, &mut acts, g)
    });
    assert!(trained.is_ok(), "{what}: {trained:?}");
    let mut words = 0;
    method.scalars().put(&mut |_| words += 1);
    let measured = Bill {
        weights: bytes(&w),
        gradient: bytes(&g),
        state,
        scalars: 4 * words,
        activations: bytes(&acts),
        input: bytes(&x),
        ..Bill::default()
    };
    assert_eq!(bill, measured, "{what}");
    let all = bytes(&w) + bytes(&g) + state + 4 * words + bytes(&acts) + bytes(&x);
    assert_eq!(bill.total(), all, "{what}");
}

fn every_method<N: Network, const S: usize>() {
    let segments = nn::segments::<N, S>();
    let n = N::TRAINABLE;
    let mut s = 0;
    check::<N, _>("plain sgd", Plain::new(Sgd::new()), 0);
    let base = Sgd::new().momentum(0.9, lend(&mut s, n));
    check::<N, _>("plain momentum", Plain::new(base), s);
    let mut s = 0;
    let base = Adam::new(lend(&mut s, n), lend(&mut s, n));
    let sam = Sam::new(base, lend(&mut s, n));
    check::<N, _>("sam over adam", sam, s);
    let mut s = 0;
    let base = Sgd::new().momentum(0.9, lend(&mut s, n));
    let rst: Rst<_, _> = Rst::new(flatmin::gates::Bernoulli::new(1), Sam::new(base, lend(&mut s, n)));
    check::<N, _>("rst", rst, s);
    let mut s = 0;
    let base = Sgd::new().momentum(0.9, lend(&mut s, n));
    let slots = filters(&segments);
    let lpf = LpfSgd::new(base, &segments, lend(&mut s, n), lend(&mut s, slots), 1).parts(1);
    check::<N, _>("lpf_sgd", lpf, s);
    let mut s = 0;
    let base = Sgd::new().momentum(0.9, lend(&mut s, n));
    let lpf = LpfSgd::new(base, &segments, lend(&mut s, usual_len(n)), lend(&mut s, slots), 1);
    check::<N, _>("lpf_sgd_residual", lpf.parts(1).residual(), s);
}

#[test]
fn every_number_is_the_size_of_what_a_step_was_given() {
    macro_rules! of {
        ($($net:ty),*) => { $(every_method::<$net, { <$net>::SEGMENTS }>();)* };
    }
    of!(Small<nn::All>, Small<Bias>, Small<Frozen>, Image, Dense<5, 2>);
}

#[test]
fn a_shape_is_that_of_the_layout() {
    const SEGMENTS: [flatmin::layout::Segment; Image::SEGMENTS] =
        nn::segments::<Image, { Image::SEGMENTS }>();
    let shape = Shape::of::<Image>();
    assert_eq!(shape.slots, filters(&SEGMENTS));
    assert_eq!((shape.trainable, shape.activations, shape.input), (Image::TRAINABLE, Image::ACTS, Image::IN));
    assert_eq!(Shape::of::<Small<Frozen>>().slots, 3 + 1, "frozen tensors have no slots");
}

#[test]
fn averages_guard_trust_and_samples_are_what_they_work_on() {
    type Net = Small<nn::All>;
    const PLAIN: Bill = Bill::of::<Net, Plain<Sgd>>();
    let b = &mut Portable;
    let w = [0.1; Net::TRAINABLE];

    let mut mean = vec![0.0; Net::TRAINABLE];
    let size = bytes(&mean);
    let clock = Clock { step: 0, total: 1, lr: 0.1 };
    Swa::new(&mut mean[..]).observe(b, &w[..], &clock).unwrap();
    assert_eq!(PLAIN.average::<Swa<Vec<f32>>>(), Bill { average: size, scalars: PLAIN.scalars + 4, ..PLAIN });
    assert_eq!(PLAIN.average::<Ema<Vec<f32>>>(), PLAIN.averaged(<Ema<Vec<f32>> as State<Portable>>::COST));

    let mut best = vec![0.0; Net::TRAINABLE];
    let better = Scores { new: Score { right: 1, total: 1, loss: 0.0 }, ..Scores::default() };
    let factory = Scores { new: Score { right: 0, ..better.new }, ..Scores::default() };
    Guard::new(Rule::default(), factory, &mut best[..]).observe::<Portable>(b, &w[..], better).unwrap();
    assert_eq!(PLAIN.guard(), Bill { guard: bytes(&best), ..PLAIN });

    let mut sums = vec![0.0; 28];
    let mut trust = Trust::new(&mut sums);
    trust.add(27, &[0.0, 0.0], 1);
    assert!(trust.of(27) > 0.0 && trust.of(28) == 0.0);
    assert_eq!(PLAIN.trust(28), Bill { guard: bytes(&sums), ..PLAIN });

    let (values, labels) = (vec![1_i8; 5 * Net::IN], vec![0_u8; 5]);
    assert_eq!(Samples::new(Net::IN, &values, &labels, &[1.0]).unwrap().len(), 5);
    assert_eq!(PLAIN.samples::<i8>(5).samples, size_of_val(&values[..]) + size_of_val(&labels[..]));
    assert_eq!(PLAIN.samples::<f32>(5).samples, 5 * (4 * Net::IN + 1));
    let classes = [Class::NEW; 3];
    assert_eq!(PLAIN.classes(3).samples, size_of_val(&classes));
    assert_eq!(PLAIN.samples::<i8>(5).total(), PLAIN.total() + 5 * (Net::IN + 1));
}
