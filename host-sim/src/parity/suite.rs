//! What is compared, and when it passes.

use super::backends::{self, Promise, Visit};
use super::methods::{self, Trajectory};
use super::problems::Data;
use super::{Deviation, Form, Hold, Pool, Row, every, relative};
use crate::compose::{MethodSpec, OptimizerSpec, Spec};
use crate::tolerance::{PARITY_DRIFT, PARITY_ELEMENT, PARITY_NOISE, PARITY_SUM};
use flatmin::backend::Portable;
use flatmin::layout::Sharing;
use flatmin::methods::FilterScale;
use flatmin::registry::On;
use serde::Serialize;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Backends, of [`backends::NAMES`].
    pub backends: Vec<&'static str>,
    /// Of the data, the noise and the coins.
    pub seed: u64,
    /// Elements of a vector.
    pub len: usize,
    /// Steps of a run.
    pub steps: u32,
    /// The kernel from which on the GPU takes over.
    pub gpu_from: Option<&'static str>,
}

/// How close a result must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The bits of the reference; for a run, the hash of the whole state after every step.
    Exact,
    /// Within roundings of one call.
    Ulp,
    /// Within roundings that add up over a run.
    Drift,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// On which backend.
    pub backend: &'static str,
    /// A kernel as it is called, or a method over an optimizer.
    pub subject: String,
    /// Steps of the run; 0 for a single call.
    pub steps: u32,
    /// How close it must be.
    pub tier: Tier,
    /// How far it is from the reference.
    #[serde(flatten)]
    pub deviation: Deviation,
    /// What was measured against the bar, and the bar; both 0 where bits are compared.
    pub measured: f64,
    /// See `measured`.
    pub bar: f64,
    /// Whether it is close enough.
    pub passed: bool,
}

/// Everything that was compared.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Backends that took part, and which device each is.
    pub present: Vec<(&'static str, String)>,
    /// Backends that did not, and why.
    pub absent: Vec<(&'static str, String)>,
    /// The comparisons.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Comparisons that passed, and that failed.
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.findings.iter().filter(|finding| finding.passed).count();
        (passed, self.findings.len() - passed)
    }
}

/// Compares every backend of the plan; `announce` is told which one begins.
pub fn run(plan: &Plan, announce: &mut dyn FnMut(&str)) -> Report {
    let mut suite = Suite::new(plan, announce);
    for name in &plan.backends {
        backends::visit(name, plan.gpu_from, &mut suite);
    }
    suite.report
}

/// Compares one backend.
pub fn on<B: Hold + 'static>(plan: &Plan, name: &'static str, promise: Promise, b: B) -> Report {
    let mut announce = |_: &str| {};
    let mut suite = Suite::new(plan, &mut announce);
    suite.visit(name, "", promise, b);
    suite.report
}

struct Suite<'a> {
    plan: &'a Plan,
    announce: &'a mut dyn FnMut(&str),
    /// What the reference does with every composition.
    runs: Vec<(Spec, Trajectory)>,
    report: Report,
}

impl<'a> Suite<'a> {
    fn new(plan: &'a Plan, announce: &'a mut dyn FnMut(&str)) -> Self {
        // A CPU refuses nothing that the objective gives.
        let run = |spec| Some((spec, methods::run(&mut Portable, &spec, plan.seed, plan.steps).ok()?));
        Self { plan, announce, runs: specs().filter_map(run).collect(), report: Report::default() }
    }
}

/// Every sample, with and without a clip that bites.
fn specs() -> impl Iterator<Item = Spec> {
    Spec::samples().flat_map(|spec| [spec, Spec { max_norm: Some(0.5), ..spec }])
}

impl Visit for Suite<'_> {
    fn visit<B: Hold + 'static>(&mut self, name: &'static str, about: &str, promise: Promise, mut b: B) {
        (self.announce)(name);
        self.report.present.push((name, about.to_owned()));
        for (row, reference) in every::<B>().iter().zip(&every::<Portable>()) {
            self.report.findings.push(kernel(self.plan, name, promise, (row, &mut b), reference));
        }
        for (spec, expected) in &self.runs {
            if name == backends::GPU && spec.method.on() == On::Cpu {
                continue;
            }
            let found = methods::run(&mut b, spec, self.plan.seed, self.plan.steps);
            self.report.findings.extend(method(
                self.plan,
                name,
                promise,
                spec,
                found.as_ref().ok(),
                expected,
            ));
        }
    }

    fn absent(&mut self, name: &'static str, why: &str) {
        self.report.absent.push((name, why.to_owned()));
    }
}

/// One kernel in one form, over every kind of data that its promise covers.
fn kernel<B: Hold>(
    plan: &Plan,
    backend: &'static str,
    promise: Promise,
    (row, b): (&Row<B>, &mut B),
    reference: &Row<Portable>,
) -> Finding {
    // Only bits can be promised for values that a device may flush or that are not numbers.
    let data = if promise == Promise::Bits { &Data::ALL[..] } else { &[Data::Normal] };
    let mut deviation = Deviation::default();
    for data in data {
        for sharing in [Sharing::Tensor, Sharing::Row] {
            let pool = Pool::seeded(plan.len, *data, sharing, plan.seed);
            let (mut found, mut expected) = (pool.clone(), pool.clone());
            (row.run)(b, &mut found);
            (reference.run)(&mut Portable, &mut expected);
            deviation = deviation.max(distance(row.form, &pool, &found, &expected));
        }
    }
    let (tier, bar) = match (promise, row.form) {
        (Promise::Bits, _) => (Tier::Exact, 0.0),
        (_, Form::Reduce | Form::Groups) => (Tier::Ulp, PARITY_SUM.value),
        (_, Form::Fill) => (Tier::Ulp, PARITY_NOISE.value),
        (_, Form::Map | Form::Update | Form::Restore) => (Tier::Ulp, PARITY_ELEMENT.value),
    };
    let measured = if tier == Tier::Exact { 0.0 } else { deviation.scaled };
    let passed = if tier == Tier::Exact { deviation.ulp == 0 } else { measured <= bar };
    Finding { backend, subject: row.label(), steps: 0, tier, deviation, measured, bar, passed }
}

/// How far two pools are apart, in units of what an element (or a sum) reads.
fn distance(form: Form, before: &Pool, found: &Pool, expected: &Pool) -> Deviation {
    let size = |x: f32| f64::from(x.abs());
    let squares: f64 = before.vectors.iter().flatten().map(|x| size(*x) * size(*x)).sum();
    let noise = if form == Form::Fill {
        let moved = before.vectors.iter().zip(&expected.vectors).flat_map(|(a, b)| a.iter().zip(b));
        moved.map(|(a, b)| size(b - a)).fold(0.0, f64::max)
    } else {
        0.0
    };
    let element = |i: usize| noise + before.vectors.iter().map(|v| size(v[i])).sum::<f64>();
    let vectors = found.vectors.iter().zip(&expected.vectors);
    vectors
        .map(|(found, expected)| Deviation::of(found, expected, element))
        .fold(Deviation::default(), Deviation::max)
        .max(Deviation::of(&found.slots, &expected.slots, |slot| size(expected.slots[slot])))
        .max(Deviation::of(&[found.sum], &[expected.sum], |_| squares))
}

/// Method, optimizer and what tells two samples of the same names apart.
fn label(spec: &Spec) -> String {
    let method = match spec.method {
        MethodSpec::LpfSgd { scale: FilterScale::FilterNorm, .. } => "lpf_sgd (norm)",
        _ => spec.method.name(),
    };
    let optimizer = match spec.optimizer {
        OptimizerSpec::Sgd { nesterov: true, .. } => "nesterov",
        OptimizerSpec::Sgd { momentum: Some(_), .. } => "momentum",
        _ => spec.optimizer.name(),
    };
    let clip = if spec.max_norm.is_some() { " + clip" } else { "" };
    format!("{method} + {optimizer}{clip}")
}

/// One composition, after the first step and after the last.
fn method(
    plan: &Plan,
    backend: &'static str,
    promise: Promise,
    spec: &Spec,
    found: Option<&Trajectory>,
    expected: &Trajectory,
) -> Vec<Finding> {
    let subject = label(spec);
    let mut last = vec![1];
    last.extend((plan.steps > 1).then_some(plan.steps));
    let finding = |steps: u32| {
        let pick = |run: &Trajectory| if steps == 1 { run.first.clone() } else { run.last.clone() };
        let expected_weights = pick(expected);
        // A device that fails is as far away as can be.
        let weights = found.map_or(vec![f32::NAN; expected_weights.len()], pick);
        let deviation = Deviation::of(&weights, &expected_weights, |_| 1.0);
        let hashes = |run: &Trajectory| run.hashes.get(..steps as usize).map(<[u32]>::to_vec);
        let (tier, measured, bar, passed) = match promise {
            Promise::Bits => {
                (Tier::Exact, 0.0, 0.0, found.is_some_and(|run| hashes(run) == hashes(expected)))
            }
            Promise::Closeness => {
                let measured = relative(&weights, &expected_weights);
                let bar = PARITY_DRIFT.value * f64::from(steps).sqrt();
                (if steps == 1 { Tier::Ulp } else { Tier::Drift }, measured, bar, measured <= bar)
            }
        };
        Finding { backend, subject: subject.clone(), steps, tier, deviation, measured, bar, passed }
    };
    last.into_iter().map(finding).collect()
}
