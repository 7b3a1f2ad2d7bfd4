//! Every hyperparameter follows its schedule: a step has the bits of one with the constant value of that step, and a value
//! out of range is refused at its own step, by name.

use flatmin::average::Average;
use flatmin::averages::Ema;
use flatmin::backend::Portable;
use flatmin::drive::{StepError, step};
use flatmin::error::Error;
use flatmin::gate::Gated;
use flatmin::gates::Bernoulli;
use flatmin::hash;
use flatmin::layout::filters;
use flatmin::method::{Clock, Method};
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::optimizers::{Adam, AdamW, Anchored, Clipped, Sgd};
use flatmin::schedule::{Anneal, Cosine, Linear, Schedule, SwaRate, WarmUp};
use flatmin::state::State;
use flatmin_tests::compare::{close, same_bits};
use flatmin_tests::tolerance::tolerance;
use flatmin_tests::trial::{N, NET, SEED, STEPS, clock, objective, start};

/// One value a step.
#[derive(Clone, Copy, Debug)]
struct Listed([f32; STEPS as usize]);

impl Schedule for Listed {
    fn at(&self, step: u32, _: u32) -> f32 {
        self.0[step as usize]
    }
}

fn zeros() -> Vec<f32> {
    vec![0.0; N]
}

/// The state of `from`, put into `to`.
fn hand_on<S: State<Portable>>(from: &S, to: &mut impl State<Portable, Scalars = S::Scalars>) {
    to.set_scalars(from.scalars());
    let mut vectors = Vec::new();
    from.visit(&mut |v: &[f32]| vectors.push(v.to_vec()));
    let mut vectors = vectors.into_iter();
    to.visit_mut(&mut |v: &mut [f32]| v.copy_from_slice(&vectors.next().unwrap()));
}

fn one_step(method: &mut impl Method<Portable>, w: &mut [f32], clock: &Clock) -> Result<f32, StepError<()>> {
    let mut g = zeros();
    step(method, &mut Portable, w, &mut g[..], clock, |w, g, r| Ok::<f32, ()>(objective(w, g, r)))
}

/// Steps of a method under a schedule against steps of one that is built anew at every step, with the constant of that step.
fn follows<M, C>(
    name: &str,
    values: [f32; STEPS as usize],
    bad: f32,
    of: impl Fn(Listed) -> M,
    constant: impl Fn(f32) -> C,
) where
    M: Method<Portable>,
    C: Method<Portable, Scalars = M::Scalars>,
{
    let mut scheduled = of(Listed(values));
    let (mut w, mut moved) = (start(), false);
    for t in 0..STEPS {
        let mut rebuilt = constant(values[t as usize]);
        let mut stale = constant(values[0]);
        hand_on(&scheduled, &mut rebuilt);
        hand_on(&scheduled, &mut stale);
        let (mut expected, mut other) = (w.clone(), w.clone());
        one_step(&mut rebuilt, &mut expected, &clock(t)).unwrap();
        one_step(&mut stale, &mut other, &clock(t)).unwrap();
        one_step(&mut scheduled, &mut w, &clock(t)).unwrap();
        same_bits(&format!("{name} at step {t}"), &w, &expected).unwrap();
        let hashes = [hash::state(&w, &scheduled), hash::state(&expected, &rebuilt)];
        assert_eq!(hashes[0], hashes[1], "{name}: the state at step {t}");
        moved |= hash::state(&other, &stale) != hashes[0];
    }
    assert!(moved, "{name}: the schedule makes no difference");

    // The fourth value is out of range: three steps go well, the fourth is refused by name and changes nothing.
    let mut spoilt = values;
    spoilt[3] = bad;
    let (mut method, mut w) = (of(Listed(spoilt)), start());
    for t in 0..3 {
        one_step(&mut method, &mut w, &clock(t)).unwrap();
    }
    let before = (w.clone(), hash::state(&w, &method));
    match one_step(&mut method, &mut w, &clock(3)) {
        Err(StepError::Method(Error::Hyperparameter { name: found, value })) => {
            assert_eq!((found, value.to_bits()), (name, bad.to_bits()));
        }
        other => panic!("{name} = {bad}: {other:?}"),
    }
    assert_eq!(before.1, hash::state(&w, &method), "{name}");
    same_bits(name, &w, &before.0).unwrap();
}

const RISING: [f32; STEPS as usize] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.9];

#[test]
fn optimizers_follow_their_schedules() {
    let sgd = || Sgd::new().momentum(0.5, zeros());
    follows(
        "weight_decay",
        RISING,
        -1.0,
        |s| Plain::new(Sgd::new().weight_decay(s)),
        |x| Plain::new(Sgd::new().weight_decay(x)),
    );
    follows(
        "momentum",
        RISING,
        1.0,
        |s| Plain::new(Sgd::new().momentum(s, zeros())),
        |x| Plain::new(Sgd::new().momentum(x, zeros())),
    );
    follows(
        "momentum",
        RISING,
        1.0,
        |s| Plain::new(Sgd::new().momentum(s, zeros()).nesterov()),
        |x| Plain::new(Sgd::new().momentum(x, zeros()).nesterov()),
    );
    follows("dampening", RISING, 1.5, |s| Plain::new(sgd().dampening(s)), |x| Plain::new(sgd().dampening(x)));
    follows(
        "max_norm",
        RISING,
        0.0,
        |s| Plain::new(Clipped::new(s, sgd())),
        |x| Plain::new(Clipped::new(x, sgd())),
    );
    let (factory, strengths) = (vec![0.25; N], vec![0.5; filters(NET)]);
    let anchored = || Anchored::new(&factory[..], NET, &strengths[..], sgd());
    follows(
        "scale",
        RISING,
        f32::INFINITY,
        |s| Plain::new(anchored().scale(s)),
        |x| Plain::new(anchored().scale(x)),
    );
}

#[test]
fn adam_and_adamw_follow_their_schedules() {
    macro_rules! each {
        ($($name:ident)*) => {$(
            let adam = || $name::new(zeros(), zeros());
            follows("beta1", RISING, 1.0, |s| Plain::new(adam().betas(s, 0.9)), |x| Plain::new(adam().betas(x, 0.9)));
            follows("beta2", RISING, 1.0, |s| Plain::new(adam().betas(0.8, s)), |x| Plain::new(adam().betas(0.8, x)));
            follows("eps", RISING, 0.0, |s| Plain::new(adam().eps(s)), |x| Plain::new(adam().eps(x)));
            follows("weight_decay", RISING, f32::NAN, |s| Plain::new(adam().weight_decay(s)), |x| {
                Plain::new(adam().weight_decay(x))
            });
        )*};
    }
    each!(Adam AdamW);
}

#[test]
fn methods_and_gates_follow_their_schedules() {
    let sgd = || Sgd::new().momentum(0.5, zeros());
    let sam = || Sam::new(sgd(), zeros());
    follows("rho", RISING, -0.5, |s| sam().rho(s), |x| sam().rho(x));
    follows("eps", RISING, f32::NAN, |s| sam().eps(s), |x| sam().eps(x));
    let rms = FilterScale::FilterRms;
    let lpf = || LpfSgd::new(sgd(), NET, zeros(), vec![0.0; filters(NET)], SEED);
    follows("gamma", RISING, f32::INFINITY, |s| lpf().gamma(s, rms), |x| lpf().gamma(x, rms));
    let gate = || Bernoulli::new(SEED);
    let certain = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
    follows("p", certain, 1.25, |s| Gated::new(gate().p(s), sam()), |x| Gated::new(gate().p(x), sam()));
}

#[test]
fn the_moving_average_follows_its_schedule() {
    let mut ema = Ema::new([0.0]).decay(Listed(RISING));
    let mut mean = 0.0;
    for t in 0..STEPS {
        let w = 1.0 + t as f32 * t as f32;
        mean = if t == 0 { w } else { mean + (1.0 - RISING[t as usize]) * (w - mean) };
        ema.observe(&mut Portable, &[w], &clock(t)).unwrap();
        same_bits("mean", Average::<Portable>::mean(&ema).unwrap(), &[mean]).unwrap();
    }
    let mut ema = Ema::new([0.0]).decay(Listed([0.5, 0.5, 1.5, 0.5, 0.5, 0.5]));
    for (t, refused) in [(0, false), (1, false), (2, true), (3, false)] {
        let said = ema.observe(&mut Portable, &[t as f32], &clock(t));
        assert_eq!(said.is_err(), refused, "step {t}: {said:?}");
    }
}

/// The correction is a function of the count of updates and of the beta now, not of the betas before: `1 - beta_t^t`.
#[test]
fn a_scheduled_beta_corrects_the_bias_by_its_value_now() {
    const LR: f32 = 0.05;
    let (mut method, mut w) = (Plain::new(Adam::new([0.0], [0.0]).betas(Listed(RISING), 0.5)), [1.0_f32]);
    let (mut m, mut v, mut expected) = (0.0_f64, 0.0_f64, 1.0_f64);
    for t in 0..STEPS {
        let slope = f64::from(t + 1);
        let (beta1, beta2, k) = (f64::from(RISING[t as usize]), 0.5_f64, t as i32 + 1);
        (m, v) = (beta1 * m + (1.0 - beta1) * slope, beta2 * v + (1.0 - beta2) * slope * slope);
        let root = (v / (1.0 - beta2.powi(k))).sqrt() + f64::from(1e-8_f32 /* eps */);
        expected -= f64::from(LR) * (m / (1.0 - beta1.powi(k))) / root;
        let (clock, mut g) = (Clock { lr: LR, ..clock(t) }, [0.0]);
        step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock, |_: &[f32], g: &mut [f32], _| {
            g[0] = slope as f32;
            Ok::<f32, ()>(0.0)
        })
        .unwrap();
        close("w", f64::from(w[0]), expected, tolerance("schedule")).unwrap();
    }
}

/// The schedules of `core` are hyperparameters as they come.
#[test]
fn every_schedule_fits_every_hyperparameter() {
    let (line, cosine) = (Linear { from: 0.1, to: 0.9 }, Cosine { from: 0.9, to: 0.1 });
    let warm_up = WarmUp { from: 0.1, steps: 2, then: cosine };
    let anneal = Anneal { from: 0.9, to: 0.1, until: 0.5 };
    let rate = SwaRate { lr: 0.9, swa_lr: 0.1, start: 4 };
    let adam = Adam::new(zeros(), zeros()).betas(line, cosine).eps(anneal).weight_decay(warm_up);
    let sgd = Sgd::new().weight_decay(rate).momentum(line, zeros()).dampening(cosine);
    let (mut first, mut second, mut w) =
        (Sam::new(adam, zeros()).rho(warm_up).eps(rate), Plain::new(sgd), start());
    for t in 0..STEPS {
        one_step(&mut first, &mut w, &clock(t)).unwrap();
        one_step(&mut second, &mut w, &clock(t)).unwrap();
    }
}
