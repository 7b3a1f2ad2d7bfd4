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
    use flatmin::backend::Backend;
    use flatmin::nn::{
        self, Bias, Conv1d, Conv2d, Dense, Frozen, MaxPool2d, MeanTime, Network as Of, Relu, Tanh, Target,
        seq,
    };
    use flatmin::rng::{Draws, Key, Stream};
    use flatmin_gpu::nn::{Describe, Network, Sample};
    use flatmin_gpu::{Error, Gpu, Options};
    use flatmin_sim::parity::backends::{self, Promise};
    use flatmin_sim::parity::{compare::same_bits, relative};
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
}
