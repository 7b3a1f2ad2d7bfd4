//! Networks on the GPU against `core`'s on the same weights. Whether the shaders are valid is seen without a GPU.

use flatmin_gpu::nn::sources::Stage;
use naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_stage_is_valid_and_binds_what_it_says() {
    for stage in Stage::all() {
        let module = naga::front::wgsl::parse_str(&stage.compose())
            .unwrap_or_else(|error| panic!("{stage:?}: {}", error.emit_to_string(&stage.compose())));
        let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
        checked.unwrap_or_else(|error| panic!("{stage:?}: {error:?}"));
        let mut bound: Vec<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, global)| Some((global.binding?, global.space)))
            .filter(|(binding, _)| binding.group == 0)
            .map(|(binding, space)| (binding.binding, space))
            .collect();
        bound.sort_by_key(|(binding, _)| *binding);
        let written = |space| match space {
            naga::AddressSpace::Storage { access } => access.contains(naga::StorageAccess::STORE),
            other => panic!("{stage:?}: {other:?}"),
        };
        assert!(bound.iter().map(|(binding, _)| *binding).eq(0..bound.len() as u32), "{stage:?}");
        let found: Vec<_> = bound.into_iter().map(|(_, space)| written(space)).collect();
        assert_eq!(found, stage.bindings(), "{stage:?}");
    }
}

#[cfg(feature = "gpu")]
mod on_a_device {
    use super::Stage;
    use flatmin::backend::Backend;
    use flatmin::drive;
    use flatmin::method::Clock;
    use flatmin::methods::{Plain, Sam};
    use flatmin::nn::{
        self, Bias, Conv1d, Conv2d, Dense, Frozen, MaxPool2d, MeanTime, Network as Of, Relu, Tanh, Target,
        seq,
    };
    use flatmin::optimizers::{Momentum, Sgd};
    use flatmin::registry::On;
    use flatmin::rng::{Draws, Key, Stream};
    use flatmin_gpu::nn::{Describe, Image, Layer, Network, Sample};
    use flatmin_gpu::{Error, Gpu, Options, Vector, wgpu};
    use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
    use flatmin_sim::data::fmnist::Source;
    use flatmin_sim::model::{self, Example, Lesson, Model, initial};
    use flatmin_sim::parity::backends::{self, Promise};
    use flatmin_sim::parity::{compare::same_bits, relative};
    use flatmin_sim::train::{Averaging, Device, Job, Recipe, side_by_side, teach, train};
    use flatmin_sim::{finetune, fmnist};
    use flatmin_tests::say;
    use flatmin_tests::tolerance::tolerance;

    fn open(suite: &str, options: &Options) -> Option<Gpu> {
        match Gpu::open(options) {
            Ok(gpu) => {
                say(&format!("ran: gpu networks, {suite}, on {}", backends::describe(&gpu)));
                Some(gpu)
            }
            Err(error @ Error::NoAdapter { .. }) => {
                say(&format!("skipped: gpu networks, {suite}: {error}"));
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn normals(seed: u64, n: usize, deviation: f32) -> Vec<f32> {
        let mut draws = Draws::new(Key::new(seed, Stream::Init, 0));
        (0..n).map(|_| deviation * draws.normal()).collect()
    }

    /// Samples and weights of a network.
    struct Case {
        x: Vec<f32>,
        labels: Vec<usize>,
        teacher: Vec<f32>,
        w: Vec<f32>,
        frozen: Vec<f32>,
    }

    impl Case {
        fn of<N: Of>(samples: usize) -> Self {
            Self {
                x: normals(1, samples * N::IN, 1.0),
                labels: (0..samples).map(|i| i * 7 % N::OUT).collect(),
                teacher: normals(4, samples * N::OUT, 2.0),
                w: normals(2, N::TRAINABLE, 0.3),
                frozen: normals(3, N::FROZEN, 0.3),
            }
        }

        /// Classes, doubtful ones and answers of a teacher in turn.
        fn samples<N: Of>(&self) -> impl Iterator<Item = Sample<'_>> {
            self.x.chunks(N::IN).zip(self.teacher.chunks(N::OUT)).zip(&self.labels).enumerate().map(
                |(i, ((x, logits), &label))| match i % 3 {
                    0 => Sample::of_class(x, label),
                    1 => Sample { x, target: Target::Doubtful { label, q: 0.7 }, weight: 0.4 },
                    _ => Sample { x, target: Target::Teacher { logits, temperature: 2.0 }, weight: 1.5 },
                },
            )
        }

        /// Loss and gradient of some samples by `core`, added to `g`.
        fn expected<N: Of>(&self, chosen: &[u32], g: &mut [f32]) -> f32 {
            let scale = 1.0 / chosen.len() as f32;
            let mut acts = vec![0.0; N::ACTS];
            let mut sum = 0.0;
            let samples: Vec<_> = self.samples::<N>().collect();
            for &i in chosen {
                let Sample { x, target, weight } = samples[i as usize];
                let scale = weight * scale;
                sum += weight
                    * nn::gradient_to::<N>(x, target, scale, &self.w, &self.frozen, &mut acts, g).unwrap();
            }
            scale * sum
        }
    }

    /// How far the device is from `core`: an error beyond the bar, or beyond bits where those are promised.
    fn agree(gpu: &Gpu, what: &str, exact: bool, found: &[f32], expected: &[f32]) -> Result<(), String> {
        let distance = relative(found, expected);
        say(&format!("  {what}: relative distance {distance:.1e}"));
        if exact && backends::promise(gpu) == Promise::Bits {
            return same_bits(what, found, expected);
        }
        let bar = tolerance("gpu_network");
        // A distance that is not a number is beyond every bar.
        if distance <= bar { Ok(()) } else { Err(format!("{what}: {distance:e}, allowed {bar:e}")) }
    }

    /// Loss, gradient, sum of two gradients and logits of `N`.
    fn compare<N: Describe>(gpu: &Gpu, what: &str, exact: bool) -> Result<(), String> {
        let case = Case::of::<N>(70);
        let net = Network::new(gpu, &N::layers(), 64).map_err(|error| error.to_string())?;
        assert_eq!((net.trainable(), net.frozen()), (N::TRAINABLE, N::FROZEN));
        let data = net.data(case.samples::<N>()).unwrap();
        let (w, frozen) = (gpu.upload(&case.w).unwrap(), gpu.upload(&case.frozen).unwrap());
        let mut g = gpu.upload(&vec![f32::NAN; N::TRAINABLE]).unwrap();
        let batches: [Vec<u32>; 2] = [(0..37).map(|i| i * 29 % 70).collect(), vec![69, 3, 3]];
        let mut expected = vec![0.0; N::TRAINABLE];
        for (k, batch) in batches.iter().enumerate() {
            let loss = net.gradient(&data, batch, &w, &frozen, &mut g, k > 0).unwrap();
            let expected_loss = case.expected::<N>(batch, &mut expected);
            let loss = gpu.clone().read(&loss);
            agree(gpu, &format!("{what}, loss {k}"), exact, &[loss], &[expected_loss])?;
            agree(gpu, &format!("{what}, gradient {k}"), exact, &gpu.download(&g).unwrap(), &expected)?;
        }
        let chosen: Vec<u32> = (0..64).collect();
        let mut acts = vec![0.0; N::ACTS];
        let logits = case
            .x
            .chunks(N::IN)
            .take(64)
            .flat_map(|x| nn::forward::<N>(x, &case.w, &case.frozen, &mut acts).unwrap().to_vec());
        let found = net.logits(&data, &chosen, &w, &frozen).unwrap();
        agree(gpu, &format!("{what}, logits"), exact, &found, &logits.collect::<Vec<_>>())
    }

    type Mlp = seq!(Dense<70, 90>, Relu<90>, Dense<90, 5>);
    type Wrist = seq!(
        Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Relu<208>, MeanTime<13, 16>, Dense<16, 7>
    );
    type Pictures =
        seq!(Conv2d<1, 28, 28, 3, 2, 8>, Relu<1352>, Conv2d<8, 13, 13, 3, 2, 16>, Relu<576>, Dense<576, 10>);
    type Pooled = seq!(
        Conv2d<3, 11, 12, 3, 1, 40>, MaxPool2d<9, 10, 40, 2, 3>, Relu<360>, Conv2d<40, 3, 3, 2, 1, 34>,
        MaxPool2d<2, 2, 34, 2>, Dense<34, 3>
    );
    /// Windows with gaps between them, which nobody reads.
    type Gaps = seq!(Conv1d<2, 23, 3, 1, 4>, Relu<84>, Conv1d<4, 21, 2, 5, 3>, Dense<12, 2>);
    type Smooth = seq!(Dense<12, 20>, Tanh<20>, Dense<20, 4>);
    type Biases = seq!(Conv1d<6, 20, 5, 2, 8, Bias>, Relu<64>, MeanTime<8, 8>, Dense<8, 7, Bias>);
    type Upper = seq!(Dense<30, 20, Frozen>, Relu<20>, Dense<20, 10>, Relu<10>, Dense<10, 4, Bias>);

    #[test]
    fn networks_agree_with_core() {
        let Some(gpu) = open("against core", &Options::default()) else { return };
        compare::<Mlp>(&gpu, "mlp", true).unwrap();
        compare::<Wrist>(&gpu, "wrist", true).unwrap();
        compare::<Pictures>(&gpu, "pictures", true).unwrap();
        compare::<Pooled>(&gpu, "pooled", true).unwrap();
        compare::<Gaps>(&gpu, "gaps", true).unwrap();
        compare::<Biases>(&gpu, "biases", true).unwrap();
        compare::<Upper>(&gpu, "upper layers", true).unwrap();
        compare::<Smooth>(&gpu, "tanh", false).unwrap();
        gpu.status().unwrap();
    }

    fn plain(gpu: &Gpu, n: usize) -> Plain<Sgd<Momentum<Vector>>> {
        Plain::new(Sgd::new().momentum(0.9, gpu.zeros(n).unwrap()))
    }

    /// Some steps of SAM, which asks for two gradients each.
    #[test]
    fn a_step_is_one_submission_and_nothing_waits() {
        let Some(mut gpu) = open("one submission", &Options::default()) else { return };
        let case = Case::of::<Mlp>(8);
        let net = Network::new(&gpu, &Mlp::layers(), 8).unwrap();
        let data = net.data(case.samples::<Mlp>()).unwrap();
        let mut w = gpu.upload(&case.w).unwrap();
        let (frozen, mut g) = (gpu.zeros(0).unwrap(), gpu.zeros(case.w.len()).unwrap());
        let mut sam = Sam::new(Sgd::new(), gpu.zeros(case.w.len()).unwrap());
        let before = gpu.counters();
        let steps = 4;
        for step in 0..steps {
            let clock = Clock { step, total: steps, lr: 0.1 };
            drive::step(&mut sam, &mut gpu, &mut w, &mut g, &clock, |w, g, request| {
                net.gradient(&data, &[1, 5, 7], w, &frozen, g, request.accumulate)
            })
            .unwrap();
            gpu.submit();
        }
        let after = gpu.counters();
        assert_eq!(after.submissions - before.submissions, u64::from(steps));
        assert_eq!(after.reads, before.reads);
        assert_ne!(gpu.download(&w).unwrap(), case.w);
    }

    #[test]
    fn replicas_are_runs_alone() {
        let Some(gpu) = open("replicas", &Options::default()) else { return };
        const R: usize = 3;
        let case = Case::of::<Wrist>(20);
        let weights: Vec<_> = (0..R as u64).map(|r| normals(10 + r, case.w.len(), 0.3)).collect();
        let chosen: Vec<Vec<u32>> =
            (0..R as u32).map(|r| (0..6).map(|i| (i * 3 + r) % 20).collect()).collect();
        let run = |replicas: usize, w: &[f32], chosen: &[u32]| {
            let gpu = gpu.lane(replicas as u32).unwrap();
            let net = Network::new(&gpu, &Wrist::layers(), 7).unwrap();
            let data = net.data(case.samples::<Wrist>()).unwrap();
            let (w, frozen) = (gpu.upload(w).unwrap(), gpu.zeros(0).unwrap());
            let mut g = gpu.zeros(Wrist::TRAINABLE).unwrap();
            let loss = net.gradient(&data, chosen, &w, &frozen, &mut g, false).unwrap();
            let losses = gpu.values(&loss).unwrap();
            let logits = net.logits(&data, chosen, &w, &frozen).unwrap();
            (losses, gpu.download(&g).unwrap(), logits)
        };
        let (losses, g, logits) = run(R, &weights.concat(), &chosen.concat());
        for r in 0..R {
            let (loss, alone, alone_logits) = run(1, &weights[r], &chosen[r]);
            assert_eq!(losses[r], loss[0], "{r}");
            same_bits("gradient", &g[r * alone.len()..][..alone.len()], &alone).unwrap();
            same_bits("logits", &logits[r * alone_logits.len()..][..alone_logits.len()], &alone_logits)
                .unwrap();
        }
    }

    /// A NaN in a weight reaches the loss whatever lies between, and the update is refused.
    #[test]
    fn what_is_not_finite_is_refused() {
        let Some(mut gpu) = open("refusals", &Options::default()) else { return };
        let case = Case::of::<Pooled>(4);
        let net = Network::new(&gpu, &Pooled::layers(), 4).unwrap();
        let data = net.data(case.samples::<Pooled>()).unwrap();
        let (frozen, mut g) = (gpu.zeros(0).unwrap(), gpu.zeros(case.w.len()).unwrap());
        for value in [f32::NAN, f32::INFINITY] {
            let mut weights = case.w.clone();
            weights[5] = value;
            let mut w = gpu.upload(&weights).unwrap();
            let mut method = plain(&gpu, weights.len());
            let clock = Clock { step: 0, total: 1, lr: 0.1 };
            drive::step(&mut method, &mut gpu, &mut w, &mut g, &clock, |w, g, request| {
                net.gradient(&data, &[0, 1, 2, 3], w, &frozen, g, request.accumulate)
            })
            .unwrap();
            assert_eq!(drive::settle(&mut gpu, &mut method), 1, "{value}");
            same_bits("weights", &gpu.download(&w).unwrap(), &weights).unwrap();
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_word() {
        let Some(gpu) = open("misfits", &Options::default()) else { return };
        let refusal = |layers: &[Layer]| Network::new(&gpu, layers, 4).unwrap_err().to_string();
        let image = |rows, columns, channels| Image { rows, columns, channels };
        for (layers, word) in [
            (vec![], "no layer"),
            (vec![Layer::relu(3)], "before it"),
            (vec![Layer::dense(3, 4), Layer::dense(5, 2)], "takes 5 floats, the layer before has 4"),
            (vec![Layer::dense(3, 4), Layer::relu(4)], "logits"),
            (vec![Layer::dense(3, 4), Layer::relu(4), Layer::relu(4), Layer::dense(4, 2)], "in a row"),
            (vec![Layer::conv2d(image(4, 4, 1), 5, 1, 2)], "does not fit"),
            (vec![Layer::conv2d(image(4, 4, 1), 3, 0, 2)], "is 0"),
            (vec![Layer::MaxPool { input: image(4, 4, 1), kernel: 2, stride: 1 }], "overlap"),
        ] {
            let found = refusal(&layers);
            assert!(found.contains(word), "{found}: no `{word}`");
        }
        let case = Case::of::<Mlp>(3);
        let net = Network::new(&gpu, &Mlp::layers(), 2).unwrap();
        let of = |x, target| net.data([Sample { x, target, weight: 1.0 }]).unwrap_err().to_string();
        assert!(of(&case.x[..69], Target::Class(0)).contains("69 floats"));
        assert!(of(&case.x[..70], Target::Class(5)).contains("5 classes"));
        assert!(of(&case.x[..70], Target::Doubtful { label: 0, q: 0.0 }).contains("target"));
        assert!(of(&case.x[..70], Target::Teacher { logits: &[1.0], temperature: 1.0 }).contains("target"));
        let data = net.data(case.samples::<Mlp>()).unwrap();
        let (w, short, frozen) = (gpu.upload(&case.w).unwrap(), gpu.zeros(9).unwrap(), gpu.zeros(0).unwrap());
        let logits = |samples: &[u32], w| net.logits(&data, samples, w, &frozen).unwrap_err().to_string();
        assert!(logits(&[], &w).contains("0 samples"));
        assert!(logits(&[0, 1, 2], &w).contains("3 samples"));
        assert!(logits(&[3], &w).contains("no sample 3"));
        assert!(logits(&[0], &short).contains("has 9 floats"));
        gpu.status().unwrap();
    }

    /// Buffers beyond a binding: data are cut, activations are refused.
    #[test]
    fn small_bindings_cut_the_data() {
        let limits = wgpu::Limits { max_storage_buffer_binding_size: 1 << 18, ..wgpu::Limits::default() };
        let options = Options { limits: Some(limits), ..Options::default() };
        let Some(gpu) = open("small bindings", &options) else { return };
        type Small = seq!(Dense<700, 3>);
        let case = Case::of::<Small>(200);
        let net = Network::new(&gpu, &Small::layers(), 8).unwrap();
        let data = net.data(case.samples::<Small>()).unwrap();
        let (w, frozen) = (gpu.upload(&case.w).unwrap(), gpu.zeros(0).unwrap());
        let chosen = [199, 0, 100, 92, 93, 94];
        let mut acts = [0.0; Small::ACTS];
        let expected: Vec<f32> = chosen
            .iter()
            .flat_map(|&i| {
                let x = &case.x[i as usize * 700..][..700];
                nn::forward::<Small>(x, &case.w, &[], &mut acts).unwrap().to_vec()
            })
            .collect();
        agree(&gpu, "cut data", true, &net.logits(&data, &chosen, &w, &frozen).unwrap(), &expected).unwrap();
        let error = Network::new(&gpu, &Small::layers(), 1000).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }) && error.to_string().contains("smaller mini-batch"));
    }

    /// One small mistake in each shader: stem, what is there, what stands there instead.
    const MISTAKES: [(&str, &str, &str); 10] = [
        ("gather", "data[number * inputs()", "1.001 * data[number * inputs()"),
        ("linear", "activate(sum)", "activate(sum * 1.00001)"),
        ("linear_gradient", "return 1.0;", "return 0.9999;"),
        ("linear_input_gradient", "derive(x[at], sum)", "sum"),
        ("mean_time", "sum * shape.scale", "sum * (shape.scale * 1.001)"),
        ("mean_time_gradient", "* shape.scale", "* (shape.scale * 1.0001)"),
        ("max_pool", "value > largest", "value < largest"),
        ("max_pool_gradient", "x[at] > largest", "x[at] >= 0.9 * largest"),
        ("loss", "p - 1.0", "p - 0.9999"),
        ("mean_loss", "loss[r] = shape.scale", "loss[r] = 1.00001 * shape.scale"),
    ];

    /// Makes mistake number `K`.
    fn mistaken<const K: usize>(name: &str, source: String) -> String {
        let (stem, right, wrong) = MISTAKES[K];
        if name != stem {
            return source;
        }
        assert!(source.contains(right), "{name} has no `{right}`");
        source.replace(right, wrong)
    }

    /// A mistake in a shader is seen, whichever it is.
    #[test]
    fn canary() {
        let rewrites: [fn(&str, String) -> String; MISTAKES.len()] = [
            mistaken::<0>,
            mistaken::<1>,
            mistaken::<2>,
            mistaken::<3>,
            mistaken::<4>,
            mistaken::<5>,
            mistaken::<6>,
            mistaken::<7>,
            mistaken::<8>,
            mistaken::<9>,
        ];
        for stage in Stage::all() {
            assert!(
                MISTAKES.iter().any(|(stem, ..)| *stem == stage.name()),
                "{} is without one",
                stage.name()
            );
        }
        for ((stem, ..), rewrite) in MISTAKES.iter().zip(rewrites) {
            let options = Options { rewrite: Some(rewrite), ..Options::default() };
            let Some(gpu) = open("canary", &options) else { return };
            // By distance, not by bits: other adapters have nothing else.
            let found =
                compare::<Wrist>(&gpu, stem, false).and_then(|()| compare::<Pooled>(&gpu, stem, false));
            assert!(found.is_err(), "a mistake in {stem} passed");
        }
    }

    /// Every method, with every optimizer state, and both averages: the weights of a CPU.
    #[test]
    fn training_gives_the_weights_of_a_cpu() {
        let Some(gpu) = open("training", &Options::default()) else { return };
        let set = Source::Subset.load().unwrap();
        let examples: Vec<_> =
            (0..set.len()).step_by(140).map(|i| Example { x: set.input(i), label: set.labels[i] }).collect();
        let net = model::fmnist();
        let averages = [None, Some(Averaging::Swa { from: 0.0 }), Some(Averaging::Ema { decay: 0.5 })];
        let specs = Spec::samples().step_by(6).chain(
            MethodSpec::SAMPLES.into_iter().filter(|method| method.on() == On::Any).map(|method| Spec {
                max_norm: Some(0.5),
                ..Spec::new(method, OptimizerSpec::momentum(0.9, 0.01))
            }),
        );
        for (k, spec) in specs.enumerate() {
            let recipe = Recipe {
                spec,
                epochs: 2,
                batch: 16,
                average: averages[k % 3],
                anchor: if k % 2 == 0 { 0.0 } else { 0.1 },
                fresh_epochs: k % 4 == 3,
                ..fmnist::recipe(spec.method, 0.01, 1)
            };
            let on = |device| {
                let recipe = Recipe { device, ..recipe };
                let mut epochs = Vec::new();
                let outcome = train(net, initial(net, 1), &[], &examples, &recipe, &mut |epoch, w| {
                    epochs.push((epoch, w[0]));
                    Ok(())
                })
                .unwrap();
                (outcome, epochs)
            };
            let ((cpu, cpu_epochs), (found, epochs)) = (on(Device::Cpu), on(Device::Gpu));
            assert_eq!((found.gradients, found.refused), (cpu.gradients, cpu.refused), "{}", spec.name());
            agree(&gpu, &spec.name(), true, &found.weights, &cpu.weights).unwrap();
            if backends::promise(&gpu) == Promise::Bits {
                assert_eq!(epochs, cpu_epochs, "{}", spec.name());
            }
        }
    }

    #[test]
    fn steps_that_are_not_finite_are_counted_as_on_a_cpu() {
        let Some(_) = open("refused steps", &Options::default()) else { return };
        let set = Source::Subset.load().unwrap();
        let examples = [0, 1, 2].map(|i| Example { x: set.input(i), label: set.labels[i] });
        let net = model::fmnist();
        let on = |device| {
            let recipe = Recipe { epochs: 3, device, ..fmnist::recipe(MethodSpec::Plain, 1e30, 1) };
            train(net, initial(net, 1), &[], &examples, &recipe, &mut |_, _| Ok(())).unwrap()
        };
        let (cpu, gpu) = (on(Device::Cpu), on(Device::Gpu));
        assert!(cpu.refused > 0);
        assert_eq!((gpu.refused, gpu.gradients), (cpu.refused, cpu.gradients));
    }

    /// Notes what begins.
    #[derive(Default)]
    struct Begun(std::sync::Mutex<Vec<String>>);

    impl finetune::Progress for Begun {
        fn begin(&self, what: &str, _: u64) {
            self.0.lock().unwrap().push(what.to_owned());
        }
        fn advance(&self) {}
        fn end(&self) {}
    }

    /// Two recipes of every composition that differ in all that replicas may differ in; the first twin has fewer examples. With
    /// an average over epochs or fresh ones, twins are no replicas of each other, but of those with other methods.
    fn twins() -> Vec<(&'static dyn Model, usize, Recipe)> {
        let averages = [None, Some(Averaging::Swa { from: 0.0 }), Some(Averaging::Ema { decay: 0.5 })];
        let rho = |spec: Spec, rho: f32| match spec.method {
            MethodSpec::Sam { eps, .. } => Spec { method: MethodSpec::Sam { rho: rho.into(), eps }, ..spec },
            _ => spec,
        };
        let of = |(k, spec): (usize, Spec), twin: usize| {
            let (optimizer, more) = (k % 5, 1.0 + twin as f32);
            let recipe = Recipe {
                spec: rho(spec, 0.1 * more),
                epochs: 2 + twin as u32,
                batch: 8,
                lr: Rate::Constant(if (k, twin) == (0, 1) { 1e30 } else { 0.02 * more }),
                average: averages[optimizer % 3],
                seed: (2 * k + twin) as u64,
                anchor: if optimizer == 2 { 0.1 * more } else { 0.0 },
                fresh_epochs: optimizer == 4,
                device: Device::Gpu,
            };
            let scope = if optimizer == 3 { finetune::Scope::Bias } else { finetune::Scope::All };
            (model::model(model::Net::Digits, scope), 20 + 9 * twin, recipe)
        };
        let specs = Spec::samples().filter(|spec| spec.method.on() == On::Any);
        specs.enumerate().flat_map(|case| [of(case, 0), of(case, 1)]).collect()
    }

    #[test]
    fn runs_side_by_side_have_the_bits_of_runs_alone() {
        let Some(_) = open("side by side", &Options::default()) else { return };
        let x: Vec<Vec<f32>> = (0..29).map(|i| normals(i, 64, 1.0)).collect();
        let lessons = |seed: u64, count: usize| -> Vec<Lesson<'_>> {
            let lesson = |i: usize| Lesson {
                x: &x[i],
                target: Target::Class((i + seed as usize) % 10),
                weight: 0.5 + 0.01 * i as f32,
            };
            (0..count).map(lesson).collect()
        };
        let twins = twins();
        let start = |(model, _, recipe): &(&'static dyn Model, usize, Recipe)| {
            let all = model::model(model::Net::Digits, finetune::Scope::All);
            model.split(&initial(all, recipe.seed)).unwrap()
        };
        let (starts, mut seen): (Vec<_>, Vec<_>) = twins.iter().map(|twin| (start(twin), Vec::new())).unzip();
        let mut watches: Vec<_> = seen
            .iter_mut()
            .map(|seen: &mut Vec<(u32, Vec<f32>)>| {
                |epoch, w: &[f32]| {
                    seen.push((epoch, w.to_vec()));
                    Ok(())
                }
            })
            .collect();
        let jobs =
            twins.iter().zip(&starts).zip(&mut watches).map(|(((model, count, recipe), start), watch)| Job {
                model: *model,
                w: start.0.clone(),
                frozen: &start.1,
                lessons: lessons(recipe.seed, *count),
                recipe: *recipe,
                on_epoch: Some(watch),
            });
        let begun = Begun::default();
        let found = side_by_side(jobs.collect(), &begun).unwrap();
        assert_eq!(*begun.0.lock().unwrap(), ["epochs, 50 runs in 28 groups"]);
        drop(watches);
        let mut different = std::collections::HashSet::new();
        for (((found, found_epochs), (w, frozen)), (model, count, recipe)) in
            found.into_iter().zip(seen).zip(starts).zip(twins)
        {
            let (what, mut epochs) = (format!("{} {}", recipe.spec.name(), recipe.seed), Vec::new());
            let alone = teach(model, w, &frozen, &lessons(recipe.seed, count), &recipe, &mut |epoch, w| {
                epochs.push((epoch, w.to_vec()));
                Ok(())
            });
            let (found, alone) = (found.unwrap(), alone.unwrap());
            same_bits(&what, &found.weights, &alone.weights).unwrap();
            assert_eq!((found.gradients, found.refused), (alone.gradients, alone.refused), "{what}");
            assert_eq!(alone.refused > 0, recipe.lr == Rate::Constant(1e30), "{what}");
            assert_eq!(found_epochs.len(), epochs.len(), "{what}");
            for ((epoch, w), (expected, of)) in found_epochs.iter().zip(&epochs) {
                assert_eq!(epoch, expected, "{what}");
                same_bits(&format!("{what}, epoch {epoch}"), w, of).unwrap();
            }
            // Who got another's samples or hyperparameters would be seen: no two runs end alike.
            assert!(
                different.insert(alone.weights.iter().map(|w| w.to_bits()).collect::<Vec<_>>()),
                "{what}"
            );
        }
    }

    /// What trains on features that were computed once: its weights are those of a CPU, for every network.
    #[test]
    fn features_train_to_the_weights_of_a_cpu() {
        let Some(gpu) = open("features", &Options::default()) else { return };
        for net in model::Trained::ALL {
            let model = net.model(finetune::Scope::Last);
            let model::Halves { body, head } = model.halves().expect("frozen layers below the last one");
            let (w, frozen) = model.split(&initial(net.model(finetune::Scope::All), 1)).unwrap();
            let features = (0..20).map(|i| body.features(&normals(i, model.inputs(), 1.0), &frozen).unwrap());
            let features: Vec<_> = features.collect();
            let examples: Vec<_> = features
                .iter()
                .zip(0..)
                .map(|(x, i)| Example { x, label: i * 7 % model.classes() as u8 })
                .collect();
            let on = |device| {
                let recipe = Recipe { epochs: 2, device, ..fmnist::recipe(MethodSpec::SAMPLES[1], 0.05, 1) };
                train(head, w.clone(), &[], &examples, &recipe, &mut |_, _| Ok(())).unwrap().weights
            };
            let expected = on(Device::Cpu);
            assert_ne!(expected, w, "{} did not train", net.name());
            agree(&gpu, &format!("features, {}", net.name()), true, &on(Device::Gpu), &expected).unwrap();
        }
    }

    /// The main job, of one person: the rows of a CPU.
    #[test]
    fn fine_tuning_gives_the_rows_of_a_cpu() {
        let Some(gpu) = open("fine-tuning", &Options::default()) else { return };
        let rows = |options: finetune::Options, device| {
            let settings = finetune::Settings {
                tasks: vec![finetune::Task::Turned],
                arms: vec![finetune::Arm::Sgd, finetune::Arm::Sam, finetune::Arm::Rst],
                person: Some(1),
                replay: Some(0),
                options: finetune::Options { noise: 0.2, ..options },
                device,
                ..finetune::Settings::default()
            };
            let mut rows = finetune::run(&settings, &finetune::Silent).unwrap();
            rows.iter_mut().for_each(|row| row.seconds = 0.0);
            rows
        };
        let guarded = |guard| finetune::Options { guard, ..finetune::Options::default() };
        let (loss, trust) = (guarded(finetune::Guard::Loss), guarded(finetune::Guard::Trust));
        let features = finetune::Options { scope: finetune::Scope::Last, features: true, ..trust };
        for options in [loss, trust, features] {
            let (cpu, found) = (rows(options, Device::Cpu), rows(options, Device::Gpu));
            if backends::promise(&gpu) == Promise::Bits {
                assert_eq!(found, cpu);
            }
            for (found, cpu) in found.iter().zip(&cpu) {
                let (method, bar) = (found.method, tolerance("gpu_rows"));
                let (new, old) = (found.new_after - cpu.new_after, found.old_after - cpu.old_after);
                assert!(new.abs() <= bar, "{method:?}: {}", found.new_after);
                assert!(old.abs() <= bar, "{method:?}: {}", found.old_after);
            }
        }
    }
}
