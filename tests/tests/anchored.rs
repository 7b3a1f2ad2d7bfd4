//! The anchor under every method and optimizer: exact when off, one pass at the clean weights, the same bits in pieces.

use flatmin::backend::{Portable, Progress, Sliced};
use flatmin::drive::step;
use flatmin::hash;
use flatmin::layout::{Kind, Segment, filters, params};
use flatmin::method::{Clock, Eval, Method, Next, Request};
use flatmin::methods::{Plain, Sam};
use flatmin::optimizers::{Anchored, Sgd, strengths};
use flatmin::rng::Seed;
use flatmin_sim::compose::{Anchor, Parts, Receive, Spec, boxed_anchored, compose_anchored};
use flatmin_tests::compare::same_bits;
use flatmin_tests::device::{Buffer, Device};
use flatmin_tests::problems::Data;

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

fn start() -> Vec<f32> {
    Data::Normal.vector(N, 1)
}

fn objective(w: &[f32], g: &mut [f32], request: Request) -> f32 {
    for (i, (g, w)) in g.iter_mut().zip(w).enumerate() {
        let slope = (1 + i % 7) as f32 * 0.2 * (w - 0.3);
        *g = if request.accumulate { *g + slope } else { slope };
    }
    1.0
}

/// Weights are pulled, biases less, and nothing towards 0.
fn anchor(strength: f32) -> Anchor<Vec<f32>> {
    let mut slots = vec![0.0; filters(NET)];
    strengths(NET, |kind| if kind == Kind::Bias { 0.1 * strength } else { strength }, &mut slots).unwrap();
    Anchor { factory: Data::Normal.vector(N, 2), strengths: slots }
}

fn run(spec: &Spec, anchor: Option<Anchor<Vec<f32>>>) -> Vec<f32> {
    let mut method = boxed_anchored::<Portable>(spec, anchor, NET, 3);
    let (mut w, mut g) = (start(), vec![0.0; N]);
    for t in 0..STEPS {
        let mut objective = |w: &[f32], g: &mut [f32], request| Ok(objective(w, g, request));
        method.step(&mut Portable, &mut w, &mut g, &clock(t), &mut objective).unwrap();
    }
    w
}

/// Every sample, with and without a clip that bites.
fn specs() -> impl Iterator<Item = Spec> {
    Spec::samples().flat_map(|spec| [spec, Spec { max_norm: Some(0.5), ..spec }])
}

#[test]
fn no_strength_is_the_optimizer_bit_for_bit() {
    for spec in specs() {
        let (free, held) = (run(&spec, None), run(&spec, Some(anchor(0.0))));
        same_bits(&spec.name(), &held, &free).unwrap();
        assert!(same_bits(&spec.name(), &run(&spec, Some(anchor(0.5))), &free).is_err(), "{}", spec.name());
    }
}

#[test]
fn a_step_without_gradient_goes_a_share_of_the_way_and_each_kind_its_own() {
    let Anchor { factory, strengths } = anchor(2.0);
    let (mut w, mut g) = (start(), vec![0.0; N]);
    let base = Anchored::new(&factory[..], NET, &strengths[..], Sgd::new());
    // With a radius of its own: the pull must be measured at the clean weights.
    let mut method = Sam::new(base, vec![0.0; N]).rho(0.5);
    let mut objective = |_: &[f32], g: &mut [f32], _| {
        g.fill(0.125);
        Ok::<f32, ()>(1.0)
    };
    step(&mut method, &mut Portable, &mut w[..], &mut g[..], &clock(0), &mut objective).unwrap();
    let mut expected = Vec::new();
    for (i, (w, anchor)) in start().iter().zip(&factory).enumerate() {
        let strength = if (77..84).contains(&i) { 0.1 * 2.0 } else { 2.0_f32 };
        expected.push(w - 0.05 * (0.125 + strength * (w - anchor)));
    }
    same_bits("sam", &w, &expected).unwrap();
}

/// The state's hash of a run in pieces.
struct Pieces(usize);

impl Receive<Sliced<Portable>> for Pieces {
    type Output = u32;
    fn receive<M: Method<Sliced<Portable>> + 'static>(self, mut method: M) -> u32 {
        let (mut b, mut w, mut g) = (Sliced::new(Portable, self.0), start(), vec![0.0; N]);
        for t in 0..STEPS {
            let mut next = until_ready(|| b.begin(&mut method, &mut w, &clock(t)));
            while let Next::Gradient(request) = next {
                let loss = objective(&w, &mut g, request);
                next = until_ready(|| b.resume(&mut method, &mut w, Eval { g: &mut g[..], loss }));
            }
        }
        hash::state(&w, &method)
    }
}

fn until_ready(mut call: impl FnMut() -> Result<Progress, flatmin::Error>) -> Next {
    loop {
        if let Progress::Ready(next) = call().unwrap() {
            return next;
        }
    }
}

#[test]
fn pieces_have_the_bits_of_the_whole() {
    for spec in specs() {
        let mut hashes = [1, 5, 64, 100, usize::MAX].map(|budget| {
            let parts = Parts { segments: NET, zeros: |n| vec![0.0; n], noise: Seed(3), coin: Seed(3) };
            compose_anchored::<_, Vec<f32>, _, _, _, _>(&spec, Some(anchor(0.5)), parts, Pieces(budget))
        });
        hashes.sort_unstable();
        assert_eq!(hashes[0], hashes[4], "{}", spec.name());
    }
}

struct Final;

impl Receive<Device> for Final {
    type Output = Vec<f32>;
    fn receive<M: Method<Device> + 'static>(self, mut method: M) -> Vec<f32> {
        let (mut device, mut host) = (Device::default(), vec![0.0; N]);
        let (mut w, mut g) = (Buffer::zeros(N), Buffer::zeros(N));
        device.upload(&mut w, &start());
        for t in 0..STEPS {
            let mut next = method.begin(&mut device, &mut w, &clock(t)).unwrap();
            while let Next::Gradient(request) = next {
                let at = device.download(&w);
                let loss = objective(&at, &mut host, request);
                device.upload(&mut g, &host);
                let loss = device.scalar(loss);
                next = method.resume(&mut device, &mut w, Eval { g: &mut g, loss }).unwrap();
            }
        }
        assert_eq!(device.reads, 0, "the anchor waited for the device");
        device.download(&w)
    }
}

#[test]
fn a_device_has_the_bits_of_portable() {
    for spec in specs() {
        let Anchor { factory, strengths } = anchor(0.5);
        let on_device = [factory, strengths].map(|host| {
            let mut buffer = Buffer::zeros(host.len());
            Device::default().upload(&mut buffer, &host);
            buffer
        });
        let [factory, strengths] = on_device;
        let parts = Parts { segments: NET, zeros: Buffer::zeros, noise: Seed(3), coin: Seed(3) };
        let anchored = Some(Anchor { factory, strengths });
        let w = compose_anchored::<Device, Buffer, _, _, _, _>(&spec, anchored, parts, Final);
        same_bits(&spec.name(), &w, &run(&spec, Some(anchor(0.5)))).unwrap();
    }
}

#[test]
fn misfits_are_refused_before_anything_moves() {
    let factory = vec![0.0; N];
    let slots = vec![0.0; filters(NET)];
    let refuse = |factory: &[f32], slots: &[f32]| {
        let mut method = Plain::new(Anchored::new(factory, NET, slots, Sgd::new()));
        let mut w = start();
        Method::<Portable>::begin(&mut method, &mut Portable, &mut w[..], &clock(0)).unwrap_err().to_string()
    };
    assert!(refuse(&factory[1..], &slots).contains("factory weights"));
    assert!(refuse(&factory, &slots[1..]).contains("strengths"));
    let mut slots = [0.0; 3];
    assert!(strengths(NET, |_| 1.0, &mut slots).is_err(), "three slots of eleven");
    assert!(strengths(&NET[..1], |_| f32::NAN, &mut [0.0; 7]).unwrap_err().to_string().contains("NaN"));
}
