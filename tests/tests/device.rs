//! Every registered method on a backend that hides its values, as a GPU does.

use flatmin::backend::{Backend, Portable};
use flatmin::layout::{Kind, Segment, params};
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::rng::Seed;
use flatmin_sim::compose::{Parts, Receive, Spec, boxed, compose};
use flatmin_tests::compare::same_bits;
use flatmin_tests::device::{Buffer, Device};

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

/// Trains on the device; the gradient of step `spoiled` is NaN. Returns the weights after each step.
struct Run(Option<u32>);

impl Receive<Device> for Run {
    type Output = Vec<Vec<f32>>;

    fn receive<M: Method<Device> + 'static>(self, mut method: M) -> Self::Output {
        let (mut device, mut w, mut g) = (Device::default(), Buffer::zeros(N), Buffer::zeros(N));
        device.upload(&mut w, &start());
        let mut seen = Vec::new();
        for t in 0..STEPS {
            let mut next = method.begin(&mut device, &mut w, &clock(t)).unwrap();
            while let Next::Gradient(request) = next {
                let (point, mut new) = (device.download(&w), device.download(&g));
                gradient(&point, &mut new, request);
                if self.0 == Some(t) {
                    new[N / 2] = f32::NAN;
                }
                device.upload(&mut g, &new);
                let loss = device.scalar(1.0);
                next = method.resume(&mut device, &mut w, Eval { g: &mut g, loss }).unwrap();
            }
            assert_eq!(device.reads, 0, "a method waited for the device");
            if self.0 == Some(t) {
                assert!(!device.status(), "the device did not notice");
                return vec![device.download(&w), seen.pop().unwrap_or_else(start)];
            }
            seen.push(device.download(&w));
        }
        assert!(device.kernels > 0);
        seen
    }
}

fn on_device(spec: &Spec, spoiled: Option<u32>) -> Vec<Vec<f32>> {
    let parts = Parts { segments: NET, zeros: Buffer::zeros, noise: Seed(9), coin: Seed(9) };
    compose::<Device, Buffer, _, _, _, _>(spec, parts, Run(spoiled))
}

#[test]
fn every_method_has_the_bits_of_portable_and_never_reads() {
    for spec in Spec::samples() {
        let device = on_device(&spec, None);
        let mut method = boxed::<Portable>(&spec, NET, 9);
        let (mut w, mut g) = (start(), vec![0.0; N]);
        for (t, seen) in device.iter().enumerate() {
            let mut objective = |w: &[f32], g: &mut [f32], request: Request| {
                gradient(w, g, request);
                Ok(1.0)
            };
            method.step(&mut Portable, &mut w, &mut g, &clock(t as u32), &mut objective).unwrap();
            same_bits(&format!("{} step {t}", spec.name()), seen, &w).unwrap();
        }
    }
}

#[test]
fn a_gradient_that_is_not_finite_keeps_the_weights_where_nothing_perturbed_them() {
    for spec in Spec::samples() {
        // Methods that perturb before the first gradient need the host's abort to come back; see ARCHITECTURE.md.
        if spec.method.name() == "lpf_sgd" {
            continue;
        }
        let [w, before] = &on_device(&spec, Some(2))[..] else { panic!("two vectors") };
        same_bits(&spec.name(), w, before).unwrap();
    }
}

#[test]
fn a_read_is_counted() {
    let mut device = Device::default();
    let slot = device.scalar(2.5);
    assert_eq!((device.read(&slot), device.reads), (2.5, 1));
}
