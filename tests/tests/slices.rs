//! A sliced backend: any method, hyperparameters and budget give the bits of an uncut run, and no misuse is silent.

use flatmin::average::Average;
use flatmin::averages::Swa;
use flatmin::backend::{Backend, Cpu, Portable, Progress, Sliced};
use flatmin::drive::{StepError, step};
use flatmin::error::Error;
use flatmin::hash;
use flatmin::layout::{Kind, Segment, params};
use flatmin::method::{Batch, Clock, Eval, Method, Next, Request};
use flatmin::methods::{FilterScale, Plain, Sam};
use flatmin::optimizers::Sgd;
use flatmin::rng::Seed;
use flatmin::state::{Cost, State};
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Parts, Rate, Receive, Spec, compose};
use flatmin_tests::compare::same_bits;
use flatmin_tests::problems::Data;
use proptest::prelude::*;

const NET: &[Segment] = &[
    Segment { filters: 7, fan_in: 11, kind: Kind::Weight },
    Segment { filters: 7, fan_in: 1, kind: Kind::Bias },
    Segment { filters: 3, fan_in: 7, kind: Kind::Weight },
];
const N: usize = params(NET);
const STEPS: u32 = 3;

fn clock(step: u32) -> Clock {
    Clock { step, total: STEPS, lr: 0.05 }
}

fn objective(w: &[f32], g: &mut [f32], request: Request) -> f32 {
    let shift = if let Batch::Part { index, .. } = request.batch { 0.1 * index as f32 } else { 0.0 };
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        let slope = (1 + i % 7) as f32 * 0.2 * (w - 0.3 + shift);
        *g = if request.accumulate { *g + slope } else { slope };
    }
    1.0
}

fn with<B: Backend<Vector = [f32]>, R: Receive<B>>(spec: &Spec, seed: u64, receive: R) -> R::Output {
    let zeros = |n| vec![0.0_f32; n];
    let parts = Parts { segments: NET, zeros, noise: Seed(seed), coin: Seed(seed) };
    compose::<B, Vec<f32>, _, _, _, _>(spec, parts, receive)
}

/// The state's hash after every step of an uncut run.
struct Whole<B>(B, Vec<f32>);

impl<B: Backend<Vector = [f32], Scalar = f32>> Receive<B> for Whole<B> {
    type Output = Vec<u32>;
    fn receive<M: Method<B> + 'static>(self, mut method: M) -> Vec<u32> {
        let Self(mut b, mut w) = self;
        let mut g = vec![0.0; N];
        (0..STEPS)
            .map(|t| {
                let objective = |w: &[f32], g: &mut [f32], r| Ok::<f32, ()>(objective(w, g, r));
                step(&mut method, &mut b, &mut w[..], &mut g[..], &clock(t), objective).unwrap();
                hash::state::<B, _>(&w, &method)
            })
            .collect()
    }
}

/// The same of a run in pieces.
struct Pieces(usize, Vec<f32>);

impl Receive<Sliced<Portable>> for Pieces {
    type Output = Vec<u32>;
    fn receive<M: Method<Sliced<Portable>> + 'static>(self, mut method: M) -> Vec<u32> {
        let Self(budget, mut w) = self;
        let (mut b, mut g) = (Sliced::new(Portable, budget), vec![0.0; N]);
        (0..STEPS)
            .map(|t| {
                let mut next = until_ready(|| b.begin(&mut method, &mut w, &clock(t)));
                while let Next::Gradient(request) = next {
                    let loss = objective(&w, &mut g, request);
                    next = until_ready(|| b.resume(&mut method, &mut w, Eval { g: &mut g[..], loss }));
                }
                hash::state(&w, &method)
            })
            .collect()
    }
}

fn until_ready(mut piece: impl FnMut() -> Result<Progress, Error>) -> Next {
    loop {
        if let Progress::Ready(next) = piece().unwrap() {
            return next;
        }
    }
}

/// Whether an abort after `phases` gradients gives the weights back bit for bit.
fn restores<M: Method<Portable>>(method: &mut M, phases: usize, start: &[f32]) -> Result<(), String> {
    let (mut w, mut g, mut b) = (start.to_vec(), vec![0.0; N], Portable);
    let mut next = method.begin(&mut b, &mut w[..], &clock(1)).map_err(|e| e.to_string())?;
    for _ in 0..phases {
        let Next::Gradient(request) = next else { break };
        let loss = objective(&w, &mut g, request);
        next = method.resume(&mut b, &mut w[..], Eval { g: &mut g[..], loss }).map_err(|e| e.to_string())?;
    }
    if next != Next::Done {
        if let Some(clean) = method.clean(&w[..]) {
            same_bits("clean", clean, start)?;
        }
        method.abort(&mut b, &mut w[..]);
        same_bits("aborted", &w, start)?;
    }
    Ok(())
}

struct Restores(usize, Vec<f32>);

impl Receive<Portable> for Restores {
    type Output = Result<(), String>;
    fn receive<M: Method<Portable> + 'static>(self, mut method: M) -> Self::Output {
        restores(&mut method, self.0, &self.1)
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let rate = || (0.0_f32..2.0).prop_map(Rate::Constant);
    let scale = || prop_oneof![Just(FilterScale::FilterNorm), Just(FilterScale::FilterRms)];
    let method = prop_oneof![
        Just(MethodSpec::Plain),
        (rate(), 0.0_f32..0.5).prop_map(|(rho, eps)| MethodSpec::Sam { rho, eps }),
        (rate(), 0.0_f32..0.5, 0.0_f32..=1.0).prop_map(|(rho, eps, p)| MethodSpec::Rst {
            rho,
            eps,
            p: Rate::Constant(p)
        }),
        (rate(), scale(), 1..6_u16).prop_map(|(gamma, scale, parts)| MethodSpec::LpfSgd {
            gamma,
            scale,
            parts
        }),
    ];
    let unit = || 0.0_f32..0.99;
    let optimizer = prop_oneof![
        (proptest::option::of(unit()), unit(), any::<bool>(), unit()).prop_map(
            |(momentum, dampening, nesterov, weight_decay)| OptimizerSpec::Sgd {
                momentum,
                dampening,
                nesterov,
                weight_decay
            }
        ),
        ([unit(), unit()], 0.01_f32..1.0, unit())
            .prop_map(|(betas, eps, weight_decay)| { OptimizerSpec::Adam { betas, eps, weight_decay } }),
        ([unit(), unit()], 0.01_f32..1.0, unit())
            .prop_map(|(betas, eps, weight_decay)| { OptimizerSpec::AdamW { betas, eps, weight_decay } }),
    ];
    let clip = proptest::option::of(0.01_f32..10.0);
    (method, optimizer, clip).prop_map(|(method, optimizer, max_norm)| Spec { method, optimizer, max_norm })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn portable_the_cpu_and_pieces_agree(spec in spec(), budget in 1..300_usize, seed in any::<u64>()) {
        let w = Data::Normal.vector(N, seed);
        let whole = with(&spec, seed, Whole(Portable, w.clone()));
        prop_assert_eq!(&with(&spec, seed, Whole(Cpu::detect(), w.clone())), &whole);
        // Without a budget: kernels that no piece cuts run whole.
        prop_assert_eq!(&with(&spec, seed, Whole(Sliced::new(Portable, budget), w.clone())), &whole);
        prop_assert_eq!(&with(&spec, seed, Pieces(budget, w)), &whole);
    }

    #[test]
    fn an_abort_gives_the_weights_back(spec in spec(), phases in 0..6_usize, seed in any::<u64>()) {
        with(&spec, seed, Restores(phases, Data::Normal.vector(N, seed))).map_err(TestCaseError::fail)?;
    }
}

/// A method that is left as it is by an abort: the mistake that [`restores`] must see.
struct Forgetful<M>(M);

impl<B: Backend, M: Method<B>> State<B> for Forgetful<M> {
    const COST: Cost = M::COST;
    type Scalars = M::Scalars;
    fn scalars(&self) -> M::Scalars {
        self.0.scalars()
    }
    fn set_scalars(&mut self, scalars: M::Scalars) {
        self.0.set_scalars(scalars);
    }
    fn visit(&self, see: &mut impl FnMut(&B::Vector)) {
        self.0.visit(see);
    }
    fn visit_mut(&mut self, see: &mut impl FnMut(&mut B::Vector)) {
        self.0.visit_mut(see);
    }
}

impl<B: Backend, M: Method<B>> Method<B> for Forgetful<M> {
    const NAME: &'static str = "forgetful";
    fn ready(&self, b: &B, n: usize, clock: &Clock) -> Result<(), Error> {
        self.0.ready(b, n, clock)
    }
    fn begin(&mut self, b: &mut B, w: &mut B::Vector, clock: &Clock) -> Result<Next, Error> {
        self.0.begin(b, w, clock)
    }
    fn resume(&mut self, b: &mut B, w: &mut B::Vector, eval: Eval<'_, B>) -> Result<Next, Error> {
        self.0.resume(b, w, eval)
    }
    fn abort(&mut self, _: &mut B, _: &mut B::Vector) {}
    fn plain(
        &mut self,
        b: &mut B,
        w: &mut B::Vector,
        eval: Eval<'_, B>,
        clock: &Clock,
    ) -> Result<Next, Error> {
        self.0.plain(b, w, eval, clock)
    }
    fn clean<'a>(&'a self, w: &'a B::Vector) -> Option<&'a B::Vector> {
        self.0.clean(w)
    }
}

#[test]
fn a_method_that_stays_perturbed_is_seen() {
    let start = Data::Normal.vector(N, 1);
    let sam = || Sam::new(Sgd::new(), vec![0.0; N]);
    restores(&mut sam(), 1, &start).unwrap();
    let said = restores(&mut Forgetful(sam()), 1, &start).unwrap_err();
    assert!(said.starts_with("aborted: element"), "{said}");
}

/// A pending call is not taken for another one, at any piece: it is refused, and an abort cleans up.
#[test]
fn another_call_while_one_is_pending_is_refused() {
    let start = Data::Normal.vector(N, 2);
    let (mut refused, mut longest) = (0, 0);
    for pieces in 1.. {
        let mut sam = Sam::new(Sgd::new(), vec![0.0; N]).rho(0.1);
        let (mut b, mut w, mut g) = (Sliced::new(Portable, 25), start.clone(), vec![0.0; N]);
        let mut next = until_ready(|| b.begin(&mut sam, &mut w, &clock(0)));
        let mut left = pieces;
        let mut loss = 0.0;
        while let Next::Gradient(request) = next {
            loss = objective(&w, &mut g, request);
            let progress = loop {
                let progress = b.resume(&mut sam, &mut w, Eval { g: &mut g[..], loss }).unwrap();
                left -= 1;
                if left == 0 || progress != Progress::Pending {
                    break progress;
                }
            };
            match progress {
                Progress::Ready(then) => next = then,
                Progress::Pending => break,
            }
            if left == 0 {
                break;
            }
        }
        if next == Next::Done {
            break;
        }
        let said = b.begin(&mut sam, &mut w, &clock(1));
        if said == Err(Error::Unfinished) {
            refused += 1;
            let mut pieces = 1;
            while b.abort(&mut sam, &mut w, &clock(0), Eval { g: &mut g[..], loss }) == Progress::Pending {
                pieces += 1;
            }
            longest = longest.max(pieces);
        } else {
            // Between two calls a begin drops the step by itself.
            until_ready(|| b.begin(&mut sam, &mut w, &clock(1)));
        }
        // An abort in the middle of the base update ends after it.
        let (mut end, mut g) = (start.clone(), vec![0.0; N]);
        let mut sam = Sam::new(Sgd::new(), vec![0.0; N]).rho(0.1);
        step(&mut sam, &mut Portable, &mut end[..], &mut g[..], &clock(0), |w, g, r| {
            Ok::<f32, ()>(objective(w, g, r))
        })
        .unwrap();
        assert!(
            same_bits("", &w, &start).is_ok() || same_bits("", &w, &end).is_ok(),
            "after {pieces} pieces the weights are neither those before the step nor those after it"
        );
    }
    assert!(refused >= 8, "{refused}");
    assert!(longest > N / 25, "an abort that restores {N} weights took {longest} pieces of 25 elements");
}

/// What is called between two steps runs whole, and the next step is cut as before.
#[test]
fn an_average_on_a_sliced_backend_sees_every_weight() {
    let mut b = Sliced::new(Portable, 10);
    let (mut swa, mut plain) = (Swa::new(vec![0.0; N]), Plain::new(Sgd::new()));
    let (mut w, mut g) = (Data::Normal.vector(N, 3), vec![0.0; N]);
    let mut expected = Swa::new(vec![0.0; N]);
    for t in 0..STEPS {
        let mut next = until_ready(|| b.begin(&mut plain, &mut w, &clock(t)));
        while let Next::Gradient(request) = next {
            let loss = objective(&w, &mut g, request);
            next = until_ready(|| b.resume(&mut plain, &mut w, Eval { g: &mut g[..], loss }));
        }
        swa.observe(&mut b, &w, &clock(t)).unwrap();
        expected.observe(&mut Portable, &w, &clock(t)).unwrap();
        let found = Average::<Sliced<Portable>>::mean(&swa).unwrap();
        same_bits("mean", found, Average::<Portable>::mean(&expected).unwrap()).unwrap();
    }
}

#[test]
fn a_bad_gradient_is_refused_on_a_sliced_backend_without_pieces() {
    let (mut b, mut plain) = (Sliced::new(Portable, 10), Plain::new(Sgd::new()));
    let (mut w, mut g) = (vec![1.0; N], vec![0.0; N]);
    let said = step(&mut plain, &mut b, &mut w[..], &mut g[..], &clock(0), |_, g, _| {
        g[N - 1] = f32::NAN;
        Ok::<f32, ()>(0.0)
    });
    assert!(matches!(said, Err(StepError::Method(Error::NonFinite(_)))), "{said:?}");
    assert!(w.iter().all(|w| *w == 1.0));
}
