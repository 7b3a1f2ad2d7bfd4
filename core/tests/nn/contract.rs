//! The order of every sum, bit for bit, whatever trains and however the work is cut.

use std::task::Poll;

use crate::literal::{
    DIGITS, Digits, GAPS, Gaps, IMAGE, Image, L, ODD, Odd, POOLED, Pooled, Random, WRIST, Wrist, bits,
    literal, split,
};
use flatmin::nn::{self, All, Bias, Evaluation, Frozen, Network, Pass, Stage};

/// Runs `$check::<$net<A, ..>>(arguments)` for all scopes of all layers.
macro_rules! every_scope {
    ($check:ident, $net:ident[$($s:ty),*], $($arg:expr),*) => {
        $check::<$net<$($s),*>>($($arg),*);
    };
    ($check:ident, $net:ident[$($s:ty),*] _ $($more:tt)*) => {
        every_scope!($check, $net[$($s,)* All] $($more)*);
        every_scope!($check, $net[$($s,)* Bias] $($more)*);
        every_scope!($check, $net[$($s,)* Frozen] $($more)*);
    };
}

const SCALE: f32 = 1.0 / 3.0;

struct Problem {
    params: Vec<f32>,
    samples: Vec<(Vec<f32>, usize)>,
}

impl Problem {
    fn new<N: Network>(seed: u64) -> Self {
        let mut random = Random(seed);
        let params = random.vector(N::PARAMS, 0.6);
        // Exact zeros in the input, as in images.
        let mut sample = || {
            let x = random.vector(N::IN, 1.5).iter().map(|x| if x.abs() < 0.3 { 0.0 } else { *x }).collect();
            (x, random.below(N::OUT))
        };
        let samples = (0..3).map(|_| sample()).collect();
        Self { params, samples }
    }

    /// Losses and the gradient of all parameters, as the contract writes them.
    fn expected(&self, net: &[L]) -> (Vec<f32>, Vec<f32>) {
        let mut g = vec![0.0; self.params.len()];
        let losses = self
            .samples
            .iter()
            .map(|(x, label)| literal(net, &self.params, x, *label, SCALE, &mut g))
            .collect();
        (losses, g)
    }
}

/// Loss and gradient of `N` are those of the literal transcription, reduced to what trains.
fn whole<N: Network>(net: &[L]) {
    let problem = Problem::new::<N>(7);
    let (losses, g_full) = problem.expected(net);
    let (expected, _) = split::<N>(&g_full);
    let (w, frozen) = split::<N>(&problem.params);
    let mut g = vec![0.0; N::TRAINABLE];
    for ((x, label), expected) in problem.samples.iter().zip(losses) {
        let mut acts = vec![f32::NAN; N::ACTS];
        let loss = nn::gradient::<N>(x, *label, SCALE, &w, &frozen, &mut acts, &mut g).unwrap();
        assert_eq!(loss.to_bits(), expected.to_bits());

        acts.fill(f32::NAN);
        let loss = nn::loss::<N>(x, *label, &w, &frozen, &mut acts).unwrap();
        assert_eq!(loss.to_bits(), expected.to_bits());
        let logits = nn::logits::<N>(&acts).to_vec();
        acts.fill(f32::NAN);
        assert_eq!(bits(nn::forward::<N>(x, &w, &frozen, &mut acts).unwrap()), bits(&logits));
    }
    assert_eq!(bits(&g), bits(&expected));
}

/// Any partition into slices gives the same bits, even if the evaluation is dropped in between.
fn sliced<N: Network>(budgets: &mut dyn FnMut() -> usize, check_units: bool) {
    let problem = Problem::new::<N>(11);
    let (w, frozen) = split::<N>(&problem.params);
    let (x, label) = &problem.samples[0];
    let (mut acts, mut g) = (vec![0.0; N::ACTS], vec![0.0; N::TRAINABLE]);
    let expected = nn::gradient::<N>(x, *label, SCALE, &w, &frozen, &mut acts, &mut g).unwrap();

    let (mut acts, mut sliced) = (vec![f32::NAN; N::ACTS], vec![0.0; N::TRAINABLE]);
    let (mut pass, mut spent) = (Pass::START, 0);
    let loss = loop {
        let evaluation = Evaluation::<N>::gradient(x, *label, SCALE, &w, &frozen, &mut acts, &mut sliced);
        let mut evaluation = evaluation.unwrap().resume(pass);
        let budget = budgets();
        spent += budget;
        let poll = evaluation.poll(budget);
        pass = evaluation.pass();
        match poll {
            Poll::Ready(loss) => break loss,
            Poll::Pending => assert_ne!(pass.stage(), Stage::Done),
        }
    };
    assert_eq!(loss.to_bits(), expected.to_bits());
    assert_eq!(bits(&sliced), bits(&g));
    if check_units {
        assert_eq!(spent, N::UNITS);
    }
}

fn partitions<N: Network>() {
    sliced::<N>(&mut || 1, true);
    for budget in 2..12 {
        sliced::<N>(&mut || budget, false);
    }
    let mut random = Random(13);
    for _ in 0..20 {
        sliced::<N>(&mut || random.below(40), false);
    }
    sliced::<N>(&mut || N::UNITS, true);
}

#[test]
fn literal_order_for_every_scope() {
    every_scope!(whole, Wrist[] _ _ _, WRIST);
    every_scope!(whole, Digits[] _ _, DIGITS);
    every_scope!(whole, Odd[] _ _ _, ODD);
    every_scope!(whole, Gaps[] _ _ _, GAPS);
    every_scope!(whole, Image[] _ _ _, IMAGE);
    every_scope!(whole, Pooled[] _ _ _, POOLED);
}

#[test]
fn every_partition_for_every_scope() {
    every_scope!(partitions, Wrist[] _ _ _,);
    every_scope!(partitions, Digits[] _ _,);
    every_scope!(partitions, Odd[] _ _ _,);
    every_scope!(partitions, Gaps[] _ _ _,);
    every_scope!(partitions, Image[] _ _ _,);
    every_scope!(partitions, Pooled[] _ _ _,);
}

#[test]
fn sliced_forward_and_loss() {
    let problem = Problem::new::<Wrist>(17);
    let (x, label) = &problem.samples[0];
    let mut acts = vec![f32::NAN; Wrist::<All>::ACTS];
    let expected = nn::loss::<Wrist>(x, *label, &problem.params, &[], &mut acts).unwrap();
    let logits = bits(nn::logits::<Wrist>(&acts));

    acts.fill(f32::NAN);
    let mut evaluation = Evaluation::<Wrist>::loss(x, *label, &problem.params, &[], &mut acts).unwrap();
    assert_eq!(evaluation.poll(0), Poll::Pending);
    let loss = loop {
        if let Poll::Ready(loss) = evaluation.poll(3) {
            break loss;
        }
    };
    assert_eq!((loss.to_bits(), bits(evaluation.logits())), (expected.to_bits(), logits.clone()));
    assert_eq!(evaluation.poll(1), Poll::Ready(loss), "a finished evaluation stays finished");

    acts.fill(f32::NAN);
    let mut evaluation = Evaluation::<Wrist>::forward(x, &problem.params, &[], &mut acts).unwrap();
    while evaluation.poll(5).is_pending() {}
    assert_eq!(bits(evaluation.logits()), logits);
}

#[test]
fn work_is_counted() {
    assert_eq!((Wrist::<All>::MACS, Digits::<All>::MACS), (14_400 + 16_640 + 112, 2_048 + 320));
    // The first layer has no input gradient.
    assert_eq!(Wrist::<All>::BACKWARD_MACS, 14_400 + 2 * (16_640 + 112));
    assert_eq!(Wrist::<Frozen, Frozen, All>::BACKWARD_MACS, 112);
    assert_eq!((Wrist::<All>::MAX_UNIT, Digits::<All>::MAX_UNIT), (16 * 80, 16 * 10));
    // Forward: 32 rows, 2 chunks, 10 rows. Loss. Backward: 10 rows, 2 blocks of inputs, 32 rows.
    assert_eq!(
        (Image::<All>::MACS, Pooled::<All>::MACS),
        (12 * 21 * 27 + 6 * 6 * 84 + 108, 88 * 17 * 8 + 4 * 5 * 17 + 80)
    );
    assert_eq!(Image::<All>::MAX_UNIT, 21 * 27);
    assert_eq!(Digits::<All>::UNITS, (32 + 2 + 10) + 1 + (10 + 2 + 32));
}
