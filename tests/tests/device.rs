//! Every registered method on a backend that hides its values, as a GPU does.

use flatmin::backend::{Backend, Portable};
use flatmin::drive::settle;
use flatmin::layout::{Kind, Segment, filters, params};
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::rng::Seed;
use flatmin_sim::compose::{Anchor, AnyMethod, Parts, Receive, boxed_anchored, compose_anchored};
use flatmin_tests::compare::same_bits;
use flatmin_tests::device::{Buffer, Device};
use flatmin_tests::trial::{Sample, samples};

const NET: &[Segment] = &[
    Segment { filters: 6, fan_in: 20, kind: Kind::Weight },
    Segment { filters: 6, fan_in: 1, kind: Kind::Bias },
];
const N: usize = params(NET);
const STEPS: u32 = 6;

fn start() -> Vec<f32> {
    (0..N).map(|i| ((i * 31 % 23) as f32 - 11.0) / 16.0).collect()
}

fn clock(t: u32) -> Clock {
    Clock { step: t, total: STEPS, lr: 0.1 }
}

fn gradient(w: &[f32], g: &mut [f32], request: Request) {
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        let slope = (1 + i % 3) as f32 * 0.4 * (w - 0.2);
        *g = if request.accumulate { *g + slope } else { slope };
    }
}

/// Kernel calls that a phase may make, which is what `Sliced` has room for.
const CALLS: usize = 16;

/// Trains on the device; one gradient, or the loss, of call `.0.1` of step `.0.0` is bad. Returns the weights after each
/// step and how many gradients the spoiled step took.
struct Run(Option<(u32, u32, Bad)>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bad {
    Loss(f32),
    Gradient(usize, f32),
}

/// What a run shows of itself.
struct Seen {
    /// The weights after each step.
    weights: Vec<Vec<f32>>,
    /// The gradients that the spoiled step took.
    calls: u32,
    /// The method's scalars at the end, settled.
    words: Vec<u32>,
}

impl Receive<Device> for Run {
    type Output = Seen;

    fn receive<M: Method<Device> + 'static>(self, mut method: M) -> Self::Output {
        let (mut device, mut w, mut g) = (Device::default(), Buffer::zeros(N), Buffer::zeros(N));
        device.upload(&mut w, &start());
        let (mut seen, mut spoiled_calls, mut spoiled_hit) = (Vec::new(), 0, false);
        for t in 0..STEPS {
            let (mut call, mut hit) = (0, false);
            let mut next = method.begin(&mut device, &mut w, &clock(t)).unwrap();
            assert!(std::mem::take(&mut device.kernels) <= CALLS);
            while let Next::Gradient(request) = next {
                let (point, mut new) = (device.download(&w), device.download(&g));
                gradient(&point, &mut new, request);
                let mut loss = 1.0;
                if let Some((step, at, bad)) = self.0
                    && (step, at) == (t, call)
                {
                    (hit, spoiled_hit) = (true, true);
                    match bad {
                        Bad::Loss(value) => loss = value,
                        Bad::Gradient(i, value) => new[i] = value,
                    }
                }
                device.upload(&mut g, &new);
                let loss = device.scalar(loss);
                next = method.resume(&mut device, &mut w, Eval { g: &mut g, loss }).unwrap();
                let calls = std::mem::take(&mut device.kernels);
                assert!((1..=CALLS).contains(&calls), "{calls} kernel calls in a phase");
                call += 1;
            }
            assert_eq!(device.reads, 0, "a method waited for the device");
            assert_eq!(device.status(), !hit, "step {t}: the device's status");
            device.reads = 0;
            if self.0.is_some_and(|(step, ..)| step == t) {
                spoiled_calls = call;
            }
            seen.push(device.download(&w));
        }
        let refused = settle(&mut device, &mut method);
        assert_eq!(refused, u32::from(self.0.is_some() && spoiled_hit), "refused updates");
        Seen { weights: seen, calls: spoiled_calls, words: AnyMethod::words(&method) }
    }
}

/// What the optimizer is pulled towards, if it is.
fn anchor<V>(sample: &Sample, vector: impl Fn(&[f32]) -> V) -> Option<Anchor<V>> {
    let (factory, strengths) = (vector(&[0.125; N]), vector(&[0.5; filters(NET)]));
    sample.anchored.then_some(Anchor { factory, strengths })
}

fn on_device(sample: &Sample, spoiled: Option<(u32, u32, Bad)>) -> Seen {
    let parts = Parts { segments: NET, zeros: Buffer::zeros, noise: Seed(9), coin: Seed(9) };
    let buffer = |host: &[f32]| {
        let mut buffer = Buffer::zeros(host.len());
        Device::default().upload(&mut buffer, host);
        buffer
    };
    compose_anchored::<Device, Buffer, _, _, _, _>(sample, anchor(sample, buffer), parts, Run(spoiled))
}

#[test]
fn every_method_has_the_bits_of_portable_and_never_reads() {
    for spec in samples() {
        follows_portable(&spec.name(), &spec, &on_device(&spec, None), None);
    }
}

/// The device's run against that of a CPU, which refuses a bad step at once.
fn follows_portable(case: &str, sample: &Sample, device: &Seen, spoiled: Option<(u32, u32, Bad)>) {
    let mut method = boxed_anchored::<Portable>(sample, anchor(sample, <[f32]>::to_vec), NET, 9);
    let (mut w, mut g) = (start(), vec![0.0; N]);
    for (t, seen) in device.weights.iter().enumerate() {
        let mut call = 0;
        let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
            gradient(w, g, request);
            let mut loss = 1.0;
            if let Some((step, at, bad)) = spoiled
                && (step as usize, at) == (t, call)
            {
                match bad {
                    Bad::Loss(value) => loss = value,
                    Bad::Gradient(i, value) => g[i] = value,
                }
            }
            call += 1;
            Ok(loss)
        };
        let done = method.step(&mut Portable, &mut w, &mut g, &clock(t as u32), &mut objective);
        assert_eq!(done.is_err(), spoiled.is_some_and(|(step, ..)| step as usize == t), "{case} step {t}");
        same_bits(&format!("{case} step {t}"), seen, &w).unwrap();
    }
    assert_eq!(device.words, method.words(), "{case}: scalars");
}

#[test]
fn a_bad_value_at_any_call_is_refused_as_a_cpu_would_and_the_run_goes_on() {
    let bad = [
        Bad::Loss(f32::NAN),
        Bad::Loss(f32::INFINITY),
        Bad::Gradient(0, f32::NAN),
        Bad::Gradient(N / 2, f32::INFINITY),
        Bad::Gradient(N - 1, f32::NEG_INFINITY),
    ];
    for spec in samples() {
        // The first step tells whether what starts at the first update waits for a good one.
        for step in [0, 2] {
            let calls = on_device(&spec, Some((step, u32::MAX, bad[0]))).calls;
            assert!(calls > 0);
            for (call, bad) in (0..calls).flat_map(|call| bad.map(|bad| (call, bad))) {
                let spoiled = Some((step, call, bad));
                follows_portable(
                    &format!("{} step {step} call {call} {bad:?}", spec.name()),
                    &spec,
                    &on_device(&spec, spoiled),
                    spoiled,
                );
            }
        }
    }
}

#[test]
fn a_read_is_counted() {
    let mut device = Device::default();
    let slot = device.scalar(2.5);
    assert_eq!((device.read(&slot), device.reads), (2.5, 1));
}
