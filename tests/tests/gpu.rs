//! The GPU backend on whatever adapter there is; CI has Mesa's software one, which is held to the bits of a CPU.
#![cfg(feature = "gpu")]

use flatmin::backend::{Backend, Portable};
use flatmin::drive::settle;
use flatmin::error::Quantity;
use flatmin::kernel::{Hyperparameters, Map};
use flatmin::kernels::{Copy, Lerp, SqNorm};
use flatmin::layout::{Kind, Segment, filters, params};
use flatmin::method::{Clock, Eval, Method, Next};
use flatmin::methods::{FilterScale, LpfSgd, Plain, Sam};
use flatmin::optimizers::{Adam, Sgd};
use flatmin_gpu::{Error, Gpu, Options, Scalar, Snapshot, Vector, adapters, wgpu};
use flatmin_sim::parity::backends::{self, NAMES, Promise};
use flatmin_sim::parity::split::Split;
use flatmin_sim::parity::{self, Plan, Report};
use flatmin_tests::compare::same_bits;
use flatmin_tests::say;

/// A GPU, or a word that there is none: whoever must have one looks for it in the output.
fn open(suite: &str, options: &Options) -> Option<Gpu> {
    match Gpu::open(options) {
        Ok(gpu) => {
            say(&format!("ran: gpu {suite} on {}", backends::describe(&gpu)));
            Some(gpu)
        }
        Err(error @ Error::NoAdapter { .. }) => {
            say(&format!("skipped: gpu {suite}: {error}"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn plan(len: usize, steps: u32) -> Plan {
    Plan { backends: NAMES.to_vec(), seed: 1, len, steps, gpu_from: None }
}

fn failures(report: &Report) -> Vec<String> {
    report.findings.iter().filter(|finding| !finding.passed).map(|finding| finding.subject.clone()).collect()
}

#[test]
fn every_kernel_and_method_agrees_with_portable() {
    let Some(gpu) = open("parity", &Options::default()) else { return };
    for len in [1, 7, 1024, 1025, 100_003] {
        let steps = if len == 1025 { 100 } else { 2 };
        let report = parity::on(&plan(len, steps), "gpu", backends::promise(&gpu), Split::none(gpu.clone()));
        assert_eq!(failures(&report), [""; 0], "{len}");
        gpu.status().unwrap();
    }
}

/// Plain WGSL is written so that Mesa leaves its bits alone.
#[test]
fn plain_shaders_agree_too() {
    let options = Options { no_contraction: false, ..Options::default() };
    let Some(gpu) = open("plain parity", &options) else { return };
    assert!(!gpu.is_uncontracted());
    let report = parity::on(&plan(4097, 2), "gpu", backends::promise(&gpu), Split::none(gpu.clone()));
    assert_eq!(failures(&report), [""; 0]);
}

/// Vectors longer than a binding, and more workgroups than one dimension of a grid holds.
#[test]
fn cut_vectors_and_folded_grids_change_nothing() {
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: 1 << 18,
        max_compute_workgroups_per_dimension: 60,
        ..wgpu::Limits::default()
    };
    let options = Options { limits: Some(limits), ..Options::default() };
    let Some(gpu) = open("small limits", &options) else { return };
    let before = gpu.counters().dispatches;
    let report = parity::on(&plan(200_003, 2), "gpu", backends::promise(&gpu), Split::none(gpu.clone()));
    gpu.status().unwrap();
    assert_eq!(failures(&report), [""; 0]);
    assert!(gpu.counters().dispatches > before);
    // 200003 elements are four pieces of at most 65536, which are 64 workgroups: 60 and a few more.
    let (mut to, from) = (gpu.zeros(200_003).unwrap(), gpu.zeros(200_003).unwrap());
    let before = gpu.counters().dispatches;
    gpu.clone().map(Copy {}, [], [&mut to], [&from]);
    assert_eq!(gpu.counters().dispatches - before, 4);
}

const N: usize = 5_000;
const STEPS: u32 = 40;

fn start() -> Vec<f32> {
    (0..N).map(|i| ((i * 31 % 23) as f32 - 11.0) / 16.0).collect()
}

fn clock(step: u32) -> Clock {
    Clock { step, total: STEPS, lr: 0.05 }
}

/// The caller's own gradient: `g = 0.75 (w - 0.25)`, in a pipeline of the caller's.
struct Bowl {
    pipeline: wgpu::ComputePipeline,
    groups: wgpu::BindGroup,
}

impl Bowl {
    fn new(gpu: &Gpu, w: &Vector, g: &Vector) -> Self {
        let device = gpu.device();
        let source = "
            @group(0) @binding(0) var<storage, read> w: array<f32>;
            @group(0) @binding(1) var<storage, read_write> g: array<f32>;
            @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
                if (id.x < arrayLength(&g)) { g[id.x] = 0.75 * (w[id.x] - 0.25); }
            }";
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let groups = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: w.binding() },
                wgpu::BindGroupEntry { binding: 1, resource: g.binding() },
            ],
        });
        Self { pipeline, groups }
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.groups, &[]);
        pass.dispatch_workgroups(N.div_ceil(64) as u32, 1, 1);
    }

    fn on_host(w: &[f32], g: &mut [f32]) {
        g.iter_mut().zip(w).for_each(|(g, w)| *g = 0.75 * (w - 0.25));
    }
}

#[test]
fn sam_on_the_device_never_waits_and_submits_once_a_step() {
    let Some(mut gpu) = open("sam", &Options::default()) else { return };
    let (mut w, mut g) = (gpu.upload(&start()).unwrap(), gpu.zeros(N).unwrap());
    let bowl = Bowl::new(&gpu, &w, &g);
    let velocity = gpu.zeros(N).unwrap();
    let mut sam = Sam::new(Sgd::new().momentum(0.9, velocity), gpu.zeros(N).unwrap()).rho(0.1);
    gpu.submit();
    let before = gpu.counters();
    for step in 0..STEPS {
        let mut next = sam.begin(&mut gpu, &mut w, &clock(step)).unwrap();
        while next != Next::Done {
            gpu.encode(|encoder| bowl.record(encoder));
            let loss = gpu.reduce(SqNorm {}, [&g]);
            next = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss }).unwrap();
        }
        gpu.submit();
    }
    let after = gpu.counters();
    assert_eq!(after.reads, before.reads, "a step waited");
    assert_eq!(after.submissions - before.submissions, u64::from(STEPS));

    let (mut v, mut d) = (start(), vec![0.0; N]);
    let mut sam = Sam::new(Sgd::new().momentum(0.9, vec![0.0; N]), vec![0.0; N]).rho(0.1);
    for step in 0..STEPS {
        flatmin::drive::step(
            &mut sam,
            &mut Portable,
            &mut v[..],
            &mut d[..],
            &clock(step),
            |w: &[f32], g: &mut [f32], _| {
                Bowl::on_host(w, g);
                Ok::<f32, ()>(0.0)
            },
        )
        .unwrap();
    }
    let found = gpu.download(&w).unwrap();
    if backends::promise(&gpu) == Promise::Bits {
        same_bits("weights", &found, &v).unwrap();
    }
    gpu.status().unwrap();
}

#[test]
fn a_gradient_of_the_hosts_costs_one_submission_a_phase() {
    let Some(mut gpu) = open("host gradient", &Options::default()) else { return };
    let (mut w, mut g) = (gpu.upload(&start()).unwrap(), gpu.zeros(N).unwrap());
    let mut sam = Sam::new(Sgd::new(), gpu.zeros(N).unwrap());
    let values = vec![0.5; N];
    gpu.submit();
    let before = gpu.counters().submissions;
    for step in 0..STEPS {
        let mut next = sam.begin(&mut gpu, &mut w, &clock(step)).unwrap();
        while next != Next::Done {
            gpu.write(&mut g, &values).unwrap();
            let loss = gpu.scalar(1.0);
            next = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss }).unwrap();
        }
    }
    gpu.submit();
    assert_eq!(gpu.counters().submissions - before, 2 * u64::from(STEPS));
}

/// What is wrong with a step, and at which of its gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bad {
    Loss(f32),
    Gradient(usize, f32),
}

fn spoil(bad: Option<Bad>, g: &mut [f32]) -> f32 {
    match bad {
        Some(Bad::Loss(value)) => return value,
        Some(Bad::Gradient(i, value)) => g[i] = value,
        None => {}
    }
    0.5
}

/// Writes a loss to the device, so that only the device can judge it.
fn loss_on_device(gpu: &Gpu, value: f32) -> Scalar {
    let slot = gpu.slot().unwrap();
    let (buffer, offset, _) = gpu.slot_place(&slot).unwrap();
    gpu.submit();
    gpu.queue().write_buffer(&buffer, offset, &value.to_le_bytes());
    slot
}

/// Runs a method on the device and on a CPU, with bad values at some (step, call).
fn refuses_like_a_cpu<D, C>(case: &str, gpu: &mut Gpu, mut device: D, mut cpu: C, bad: &[(u32, u32, Bad)])
where
    D: Method<Gpu>,
    C: Method<Portable, Scalars = D::Scalars>,
    D::Scalars: std::fmt::Debug,
{
    let at = |step, call| bad.iter().find(|b| (b.0, b.1) == (step, call)).map(|b| b.2);
    let (mut w, mut g) = (gpu.upload(&start()).unwrap(), gpu.zeros(N).unwrap());
    let (mut v, mut d) = (start(), vec![0.0; N]);
    let mut refused = 0;
    for step in 0..8 {
        let mut call = 0;
        let mut next = device.begin(gpu, &mut w, &clock(step)).unwrap();
        while next != Next::Done {
            let mut values = vec![0.0; N];
            Bowl::on_host(&gpu.download(&w).unwrap(), &mut values);
            let loss = spoil(at(step, call), &mut values);
            gpu.write(&mut g, &values).unwrap();
            let loss = loss_on_device(gpu, loss);
            next = device.resume(gpu, &mut w, Eval { g: &mut g, loss }).unwrap();
            call += 1;
        }
        call = 0;
        let done = flatmin::drive::step(
            &mut cpu,
            &mut Portable,
            &mut v[..],
            &mut d[..],
            &clock(step),
            |w: &[f32], g: &mut [f32], _| {
                Bowl::on_host(w, g);
                call += 1;
                Ok::<f32, ()>(spoil(at(step, call - 1), g))
            },
        );
        refused += u32::from(done.is_err());
        same_bits(&format!("{case} step {step}"), &gpu.download(&w).unwrap(), &v).unwrap();
    }
    let refusal = gpu.refusals().unwrap()[0];
    let why = |what| bad.iter().any(|b| matches!(b.2, Bad::Loss(_)) == what);
    assert_eq!((refusal.updates, refusal.loss, refusal.gradient), (refused, why(true), why(false)), "{case}");
    assert_eq!(settle(gpu, &mut device), refused, "{case}");
    assert_eq!(device.scalars(), cpu.scalars(), "{case}");
    assert_eq!(settle(gpu, &mut device), 0, "{case}: asked twice");
}

#[test]
fn bad_steps_are_refused_late_but_exactly() {
    let Some(mut gpu) = open("refusals", &Options::default()) else { return };
    if backends::promise(&gpu) != Promise::Bits {
        say("skipped: gpu refusals: this adapter promises no bits");
        return;
    }
    let nan = Bad::Gradient(N - 1, f32::NAN);
    let cases: [&[(u32, u32, Bad)]; 5] = [
        &[(0, 0, nan)],
        &[(2, 0, Bad::Loss(f32::INFINITY))],
        &[(0, 0, Bad::Loss(f32::NAN)), (1, 0, nan), (5, 0, Bad::Gradient(0, f32::NEG_INFINITY))],
        &[(3, 1, nan)],
        &[(3, 1, Bad::Loss(f32::NAN)), (4, 0, nan)],
    ];
    for bad in cases {
        let zeros = |gpu: &Gpu| gpu.zeros(N).unwrap();
        let second_call = bad.iter().any(|b| b.1 > 0);
        let case = format!("{bad:?}");
        let sgd = Sgd::new().momentum(0.9, zeros(&gpu)).dampening(0.5);
        let host_sgd = Sgd::new().momentum(0.9, vec![0.0; N]).dampening(0.5);
        let (device, cpu) = (Sam::new(sgd, zeros(&gpu)), Sam::new(host_sgd, vec![0.0; N]));
        refuses_like_a_cpu(&format!("sam + sgd, {case}"), &mut gpu, device, cpu, bad);
        let adam = Adam::new(zeros(&gpu), zeros(&gpu)).betas(0.9, 0.99);
        let host_adam = Adam::new(vec![0.0; N], vec![0.0; N]).betas(0.9, 0.99);
        let (device, cpu) = (Sam::new(adam, zeros(&gpu)), Sam::new(host_adam, vec![0.0; N]));
        refuses_like_a_cpu(&format!("sam + adam, {case}"), &mut gpu, device, cpu, bad);
        if !second_call {
            let adam = Adam::new(zeros(&gpu), zeros(&gpu));
            let host_adam = Adam::new(vec![0.0; N], vec![0.0; N]);
            refuses_like_a_cpu(
                &format!("adam, {case}"),
                &mut gpu,
                Plain::new(adam),
                Plain::new(host_adam),
                bad,
            );
        }
    }
}

/// A loss that the host knows is judged by the host, at once.
#[test]
fn a_bad_loss_of_the_hosts_is_refused_at_once() {
    let Some(mut gpu) = open("host loss", &Options::default()) else { return };
    let (mut w, mut g) = (gpu.upload(&start()).unwrap(), gpu.zeros(N).unwrap());
    let mut sam = Sam::new(Sgd::new(), gpu.zeros(N).unwrap());
    sam.begin(&mut gpu, &mut w, &clock(0)).unwrap();
    let loss = gpu.scalar(f32::NAN);
    let refused = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss });
    assert_eq!(refused, Err(flatmin::Error::NonFinite(Quantity::Loss)));
    same_bits("weights", &gpu.download(&w).unwrap(), &start()).unwrap();
}

#[test]
fn a_wrapped_buffer_is_a_vector() {
    let Some(mut gpu) = open("wrapped buffers", &Options::default()) else { return };
    let buffer = |bytes, usage| {
        gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    };
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let refused = |wrapped: Result<Vector, Error>, word: &str| match wrapped {
        Err(Error::Buffer(why)) => assert!(why.contains(word), "{why}"),
        other => panic!("{other:?}"),
    };
    refused(gpu.wrap(buffer(1024, wgpu::BufferUsages::STORAGE), 0, 4), "usage");
    refused(gpu.wrap(buffer(1024, usage), 4, 4), "offset 4");
    // Five elements need eight, rounded up to whole groups of four.
    refused(gpu.wrap(buffer(20, usage), 0, 5), "byte 32 of 20");

    // A neighbour in the same buffer is read but never written.
    let shared = buffer(2048, usage);
    let mut all = gpu.wrap(shared.clone(), 0, 512).unwrap();
    gpu.write(&mut all, &[7.0; 512]).unwrap();
    let mut part = gpu.wrap(shared.clone(), 1024, 5).unwrap();
    let x = gpu.upload(&[1.0; 5]).unwrap();
    gpu.map(Lerp { weight: 0.5 }, [], [&mut part], [&x]);
    let expected: Vec<f32> = (0..512).map(|i| if (256..261).contains(&i) { 4.0 } else { 7.0 }).collect();
    assert_eq!(gpu.download(&all).unwrap(), expected);

    let other = gpu.wrap(shared, 0, 5).unwrap();
    gpu.map(Copy {}, [], [&mut part], [&other]);
    assert!(matches!(gpu.status(), Err(Error::Buffer(why)) if why.contains("`copy`")));
}

#[test]
fn errors_say_what_to_do() {
    match Gpu::open(&Options { adapter: Some("no such thing".into()), ..Options::default() }) {
        Err(error @ Error::NoAdapter { .. }) => {
            let (message, adapters) = (error.to_string(), adapters());
            let advice = if adapters.is_empty() { "mesa-vulkan-drivers" } else { "name one of these" };
            assert!(message.contains("\"no such thing\"") && message.contains(advice), "{message}");
            assert!(adapters.iter().all(|adapter| message.contains(&adapter.name)), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let low = wgpu::Limits { max_storage_buffers_per_shader_stage: 4, ..wgpu::Limits::default() };
    let Some(gpu) = open("errors", &Options::default()) else { return };
    assert!(matches!(gpu.zeros(usize::MAX / 16), Err(Error::Limit { what: "a vector", .. })));
    match Gpu::open(&Options { limits: Some(low), ..Options::default() }) {
        Err(Error::Limit { what: "storage buffers a shader", needed: 8, allowed: 4, .. }) => {}
        other => panic!("{other:?}"),
    }
    let mut v = gpu.zeros(4).unwrap();
    assert!(matches!(gpu.write(&mut v, &[0.0; 3]), Err(Error::Buffer(_))));
}

/// A kernel that nobody registered.
#[derive(Clone, std::marker::Copy, Debug)]
struct Stray;

impl Hyperparameters for Stray {
    fn words(self, _: &mut impl FnMut(u32)) {}
}

impl Map<0, 1, 0> for Stray {
    const NAME: &'static str = "stray";
    type Coef = ();
    fn coef(&self, []: [f32; 0]) {}
    fn apply((): (), out: [f32; 1], []: [f32; 0]) -> [f32; 1] {
        out
    }
}

#[test]
fn a_failed_device_does_nothing_and_says_why() {
    let Some(mut gpu) = open("failures", &Options::default()) else { return };
    let mut v = gpu.upload(&[1.0; 4]).unwrap();
    gpu.map(Stray, [], [&mut v], []);
    assert_eq!(gpu.status(), Err(Error::Kernel("stray")));
    let loss = gpu.scalar(1.0);
    assert_eq!(gpu.check(&loss, Quantity::Loss), Err(flatmin::Error::Device));
}

#[test]
fn a_lost_device_leaves_its_last_snapshot() {
    let Some(mut gpu) = open("lost device", &Options::default()) else { return };
    let mut w = gpu.upload(&start()).unwrap();
    let mut snapshot = Snapshot::new(&gpu, &w).unwrap();
    assert_eq!(snapshot.latest(), None);
    let reads = gpu.counters().reads;
    assert!(snapshot.take(&gpu, &w));
    let x = gpu.upload(&[3.0; N]).unwrap();
    gpu.map(Copy {}, [], [&mut w], [&x]);
    assert!(snapshot.take(&gpu, &w));
    assert_eq!(gpu.counters().reads, reads, "a snapshot waited");
    // Both are under way or have arrived; a read delivers whatever is due.
    gpu.download(&x).unwrap();
    assert_eq!(snapshot.latest(), Some((2, vec![3.0; N])));

    gpu.device().destroy();
    gpu.map(Copy {}, [], [&mut w], [&x]);
    gpu.submit();
    assert!(gpu.download(&w).is_err());
    assert!(matches!(gpu.status(), Err(Error::Lost(_))), "{:?}", gpu.status());
    assert!(!snapshot.take(&gpu, &w));
    assert_eq!(snapshot.latest(), Some((2, vec![3.0; N])));
    let loss = gpu.scalar(1.0);
    assert_eq!(gpu.check(&loss, Quantity::Loss), Err(flatmin::Error::Device));
}

/// The device's own clock, a dispatch each.
#[test]
fn a_profile_names_every_dispatch() {
    let Some(mut gpu) = open("profile", &Options::default()) else { return };
    let (mut w, x) = (gpu.zeros(100_000).unwrap(), gpu.zeros(100_000).unwrap());
    if !gpu.start_profile() {
        say("skipped: gpu profile: the adapter has no timestamps");
        return;
    }
    gpu.map(Copy {}, [], [&mut w], [&x]);
    let _ = gpu.reduce(SqNorm {}, [&x]);
    let timings = gpu.end_profile().unwrap();
    let names: Vec<_> = timings.iter().map(|timing| timing.kernel).collect();
    assert_eq!(names, ["copy", "sq_norm", "tree"]);
    assert!(timings.iter().all(|timing| timing.nanoseconds > 0.0), "{timings:?}");
}

/// Replicas side by side are runs alone.
#[test]
fn replicas_have_the_bits_of_single_runs() {
    const REPLICAS: usize = 5;
    let Some(gpu) = open("replicas", &Options::default()) else { return };
    let start = |r: usize| start().iter().map(|w| w * (1.0 + r as f32)).collect::<Vec<_>>();
    let run = |gpu: &Gpu, start: &[f32]| {
        let mut gpu = gpu.clone();
        let (mut w, mut g) = (gpu.upload(start).unwrap(), gpu.zeros(N).unwrap());
        let (m, v, saved) = (gpu.zeros(N).unwrap(), gpu.zeros(N).unwrap(), gpu.zeros(N).unwrap());
        let mut sam = Sam::new(Adam::new(m, v), saved).rho(0.1);
        for step in 0..5 {
            let mut next = sam.begin(&mut gpu, &mut w, &clock(step)).unwrap();
            while next != Next::Done {
                let mut values = vec![0.0; start.len()];
                Bowl::on_host(&gpu.download(&w).unwrap(), &mut values);
                // The third replica's second step is bad.
                if step == 1 && values.len() > N {
                    values[2 * N] = f32::NAN;
                }
                gpu.write(&mut g, &values).unwrap();
                let loss = gpu.reduce(SqNorm {}, [&g]);
                next = sam.resume(&mut gpu, &mut w, Eval { g: &mut g, loss }).unwrap();
            }
        }
        (gpu.download(&w).unwrap(), gpu.refusals().unwrap())
    };
    let all: Vec<f32> = (0..REPLICAS).flat_map(start).collect();
    let (found, refusals) = run(&gpu.lane(REPLICAS as u32).unwrap(), &all);
    assert_eq!(refusals.iter().map(|refusal| refusal.updates).collect::<Vec<_>>(), [0, 0, 1, 0, 0]);
    for r in (0..REPLICAS).filter(|r| *r != 2) {
        let (alone, _) = run(&gpu.lane(1).unwrap(), &start(r));
        same_bits(&format!("replica {r}"), &found[r * N..][..N], &alone).unwrap();
    }
    gpu.status().unwrap();
}

/// Noise and sums of groups are replicas' own, too.
#[test]
fn replicas_of_lpf_sgd_have_the_bits_of_single_runs() {
    const REPLICAS: usize = 3;
    const NET: &[Segment] = &[
        Segment { filters: 70, fan_in: 71, kind: Kind::Weight },
        Segment { filters: 30, fan_in: 1, kind: Kind::Bias },
    ];
    assert_eq!(params(NET), N);
    let Some(gpu) = open("lpf replicas", &Options::default()) else { return };
    let start = |r: usize| start().iter().map(|w| w * (1.0 + r as f32)).collect::<Vec<_>>();
    let run = |gpu: &Gpu, start: &[f32]| {
        let mut gpu = gpu.clone();
        let (mut w, mut g) = (gpu.upload(start).unwrap(), gpu.zeros(N).unwrap());
        let (saved, norms) = (gpu.zeros(N).unwrap(), gpu.zeros(filters(NET)).unwrap());
        let mut lpf =
            LpfSgd::new(Sgd::new(), NET, saved, norms, 5).gamma(0.1, FilterScale::FilterRms).parts(2);
        for step in 0..3 {
            let mut next = lpf.begin(&mut gpu, &mut w, &clock(step)).unwrap();
            while next != Next::Done {
                let mut values = vec![0.0; start.len()];
                Bowl::on_host(&gpu.download(&w).unwrap(), &mut values);
                gpu.write(&mut g, &values).unwrap();
                let loss = gpu.scalar(1.0);
                next = lpf.resume(&mut gpu, &mut w, Eval { g: &mut g, loss }).unwrap();
            }
        }
        gpu.download(&w).unwrap()
    };
    let all: Vec<f32> = (0..REPLICAS).flat_map(start).collect();
    let found = run(&gpu.lane(REPLICAS as u32).unwrap(), &all);
    for r in 0..REPLICAS {
        let alone = run(&gpu.lane(1).unwrap(), &start(r));
        same_bits(&format!("replica {r}"), &found[r * N..][..N], &alone).unwrap();
    }
    gpu.status().unwrap();
}

/// A replica's method may have hyperparameters of its own, and its own turn to begin and resume; one stops after step 2.
#[test]
fn turns_give_replicas_hyperparameters_of_their_own() {
    const REPLICAS: usize = 3;
    let Some(gpu) = open("turns", &Options::default()) else { return };
    let start = |r: usize| start().iter().map(|w| w * (1.0 + r as f32)).collect::<Vec<_>>();
    let run = |gpu: &Gpu, who: std::ops::Range<usize>| {
        let mut b = gpu.clone();
        let all: Vec<f32> = who.clone().flat_map(start).collect();
        let (mut w, mut g) = (gpu.upload(&all).unwrap(), gpu.zeros(N).unwrap());
        let state = [gpu.zeros(N).unwrap(), gpu.zeros(N).unwrap(), gpu.zeros(N).unwrap()];
        let sam = |r: usize| {
            let [m, v, saved] = [&state[0], &state[1], &state[2]].map(Vector::handle);
            Sam::new(Adam::new(m, v), saved).rho(0.1 / (1.0 + r as f32))
        };
        let mut methods: Vec<_> = who.clone().map(sam).collect();
        let clock = |step, k: u32| Clock { lr: 0.05 * (1.0 + (who.start as u32 + k) as f32), ..clock(step) };
        let mut last = Vec::new();
        for step in 0..5 {
            if step == 2 && who.len() == REPLICAS {
                gpu.narrow(2);
                last = gpu.download(&w).unwrap().split_off(2 * N);
            }
            let begun = gpu.each(|k| methods[k as usize].begin(&mut b, &mut w, &clock(step, k))).unwrap();
            let mut next = begun[0];
            while next != Next::Done {
                let mut values = vec![0.0; all.len()];
                Bowl::on_host(&gpu.download(&w).unwrap(), &mut values);
                gpu.write(&mut g, &values).unwrap();
                let loss = b.reduce(SqNorm {}, [&g]);
                let resumed = gpu.each(|k| {
                    methods[k as usize].resume(&mut b, &mut w, Eval { g: &mut g, loss: loss.clone() })
                });
                next = resumed.unwrap()[0];
            }
            if who.start == 2 && step == 1 {
                break;
            }
        }
        let mut found = gpu.download(&w).unwrap();
        if !last.is_empty() {
            found[2 * N..].copy_from_slice(&last);
        }
        found
    };
    let found = run(&gpu.lane(REPLICAS as u32).unwrap(), 0..REPLICAS);
    for r in 0..REPLICAS {
        let alone = run(&gpu.lane(1).unwrap(), r..r + 1);
        same_bits(&format!("replica {r}"), &found[r * N..][..N], &alone).unwrap();
    }
    gpu.status().unwrap();
}

#[test]
fn turns_that_differ_or_fail_are_refused() {
    let Some(gpu) = open("turns refused", &Options::default()) else { return };
    let gpu = gpu.lane(2).unwrap();
    let (mut w, g) = (gpu.zeros(N).unwrap(), gpu.zeros(N).unwrap());
    let mut b = gpu.clone();
    let before = gpu.counters();
    let failed = gpu.each(|k| {
        b.map(Copy {}, [], [&mut w], [&g]);
        if k == 0 { Err("no") } else { Ok(()) }
    });
    assert_eq!((failed, gpu.counters()), (Err("no"), before), "nothing is recorded of a turn that failed");
    gpu.status().unwrap();
    let differ = gpu.each(|k| {
        if k == 0 {
            b.map(Copy {}, [], [&mut w], [&g]);
        } else {
            b.map(Lerp { weight: 0.5 }, [], [&mut w], [&g]);
        }
        Ok::<_, ()>(())
    });
    differ.unwrap();
    let error = gpu.status().unwrap_err().to_string();
    assert!(error.contains("replicas disagree at the kernel `lerp`"), "{error}");
}

/// A wrong shader is seen, in its kernel and in every method that uses it, and `--gpu-from` finds it.
#[test]
fn a_wrong_shader_fails() {
    let spoiled = |name: &str, source: String| match name {
        "save_ascend" => source.replace("w + scale * g", "w + 1.0000002 * scale * g"),
        _ => source,
    };
    let options = Options { rewrite: Some(spoiled), ..Options::default() };
    let Some(gpu) = open("canary", &options) else { return };
    if backends::promise(&gpu) != Promise::Bits {
        say("skipped: gpu canary: this adapter promises no bits");
        return;
    }
    let failed = |report: Report| {
        let mut failed = failures(&report);
        failed.retain(|subject| !subject.contains('+'));
        (failed, report.findings.iter().any(|f| !f.passed && f.subject.starts_with("sam")))
    };
    let plan = plan(4097, 2);
    let (kernels, methods) = failed(parity::on(&plan, "gpu", Promise::Bits, Split::none(gpu.clone())));
    assert_eq!((kernels, methods), (vec!["save_ascend".to_owned()], true));
    for (from, seen) in [("clip", true), ("save_ascend", true), ("save_offset", false), ("step_sgd", false)] {
        let report = parity::on(&plan, "gpu", Promise::Bits, Split::new(gpu.clone(), from));
        assert_eq!(report.counts().1 > 0, seen, "from {from}: {:?}", failures(&report));
    }
}
