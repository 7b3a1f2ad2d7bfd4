//! The cheap noise of `Approx`: how far it is from a Gaussian, what it leaves alone, and that LPF-SGD still finds the flat
//! minimum with it. `docs/approx.md` holds the figures that are printed here.

use flatmin::backend::{Approx, Backend, Bytes, Cpu, Isa, Micromath, Normals, Portable, Sliced};
use flatmin::drive::{step, step_sliced};
use flatmin::hash;
use flatmin::kernels::{Perturb, Reperturb};
use flatmin::layout::{Groups, Sharing, filters};
use flatmin::method::Method;
use flatmin::methods::{FilterScale, LpfSgd};
use flatmin::optimizers::Sgd;
use flatmin::rng::{Key, Stream, TILE, normals};
use flatmin_sim::compose::{MethodSpec, Receive, Spec};
use flatmin_sim::finetune::{Arm, Row, Settings, Silent, Task, run};
use flatmin_sim::train::Device;
use flatmin_tests::compare::same_bits;
use flatmin_tests::say;
use flatmin_tests::tolerance::tolerance;
use flatmin_tests::trial::{N, NET, SEED, STEPS, clock, objective, reference, specs, start, with};

const TILES: u32 = 1 << 14;
const KEY: Key = Key::new(SEED, Stream::Perturbation, 3);

/// Distance of a sorted sample's distribution from that of another one: sup |F - G|.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let n = a.len() as f64;
    let below = |x: f32| b.partition_point(|b| *b <= x) as f64;
    (1_u32..).zip(a).map(|(i, x)| (f64::from(i) - below(*x)).abs() / n).fold(0.0, f64::max)
}

fn sample(draw: fn(u32, Key) -> [f32; TILE]) -> Vec<f32> {
    let mut all: Vec<f32> = (0..TILES).flat_map(|tile| draw(tile, KEY)).collect();
    all.sort_by(f32::total_cmp);
    all
}

/// A tile of cheap noise.
fn cheap<Z: Normals>(tile: u32, key: Key) -> [f32; TILE] {
    let mut out = [0.0; TILE];
    Z::write_normals(tile, key, &mut out);
    out
}

fn moments(z: &[f32]) -> [f64; 4] {
    [1, 2, 3, 4].map(|p| z.iter().map(|z| f64::from(*z).powi(p)).sum::<f64>() / z.len() as f64)
}

fn looks_gaussian<Z: Normals>() {
    let (exact, cheap) = (sample(normals), sample(cheap::<Z>));
    let [mean, variance, third, fourth] = moments(&cheap);
    let (far, most) = (distance(&cheap, &exact), cheap[cheap.len() - 1].max(-cheap[0]));
    say(&format!(
        "approx {}: mean {mean:.4}, variance {variance:.4}, third moment {third:.4}, fourth {fourth:.3}, \
         distance {far:.4}, at most {most:.3}",
        Z::NAME
    ));
    assert!(mean.abs() <= tolerance("approx_mean"), "{mean}");
    assert!((variance - 1.0).abs() <= tolerance("approx_variance"), "{variance}");
    assert!(third.abs() <= tolerance("approx_variance"), "{third}");
    assert!((fourth - 3.0).abs() <= tolerance("approx_fourth"), "{fourth}");
    assert!(far <= tolerance("approx_distance"), "{far}");
}

#[test]
fn four_bytes_pass_for_a_gaussian() {
    looks_gaussian::<Bytes>();
}

#[test]
fn micromath_passes_for_a_gaussian() {
    looks_gaussian::<Micromath>();
}

#[test]
fn four_bytes_are_what_they_say() {
    let words = flatmin::rng::words(5, KEY);
    for (z, word) in cheap::<Bytes>(5, KEY).into_iter().zip(words.as_flattened()) {
        let sum: i32 = word.to_le_bytes().into_iter().map(i32::from).sum();
        let expected = f64::from(sum - 510) / (4.0 * 65_535.0_f64 / 12.0).sqrt();
        assert!((f64::from(z) - expected).abs() <= tolerance("approx_bytes"), "{z} {expected}");
    }
}

/// The neighbours of an element, and the same element of the next step and part, are independent of it.
#[test]
fn cheap_noise_is_uncorrelated() {
    let n = f64::from(TILES) * TILE as f64;
    let all = |key: Key| (0..TILES).flat_map(move |tile| cheap::<Bytes>(tile, key));
    let product = |a: &mut dyn Iterator<Item = f32>, b: &mut dyn Iterator<Item = f32>| {
        a.zip(b).map(|(a, b)| f64::from(a) * f64::from(b)).sum::<f64>() / n.sqrt()
    };
    let next = Key::new(SEED, Stream::Perturbation, 4);
    let bar = tolerance("z_score");
    for lag in [1, 2, 3, 16, 32, 64] {
        let z = product(&mut all(KEY), &mut all(KEY).skip(lag));
        assert!(z.abs() <= bar, "lag {lag}: {z}");
    }
    for other in [next, KEY.part(1)] {
        let z = product(&mut all(KEY), &mut all(other));
        assert!(z.abs() <= bar, "{other:?}: {z}");
    }
}

fn trained<B: Isa + 'static>(b: B, spec: &Spec) -> u32 {
    struct Train<B>(B);
    impl<B: Isa + 'static> Receive<B> for Train<B> {
        type Output = u32;
        fn receive<M: Method<B> + 'static>(mut self, mut method: M) -> u32 {
            let (mut w, mut g) = (start(), vec![0.0; N]);
            for t in 0..STEPS {
                step(&mut method, &mut self.0, &mut w[..], &mut g[..], &clock(t), |w, g, r| {
                    Ok::<f32, ()>(objective(w, g, r))
                })
                .unwrap();
            }
            hash::state::<B, _>(&w, &method)
        }
    }
    with::<B, _>(spec, Train(b))
}

#[test]
fn only_noise_is_changed_and_alike_on_every_backend() {
    let mut noisy = 0;
    for spec in specs() {
        let cheap = trained(Approx::new(Portable), &spec);
        assert_eq!(cheap, trained(Approx::new(Cpu::detect()), &spec), "{}", spec.name());
        let draws = matches!(spec.method, MethodSpec::LpfSgd { .. } | MethodSpec::LpfSgdResidual { .. });
        assert_eq!(cheap != reference(&spec), draws, "{}", spec.name());
        noisy += u32::from(draws);
    }
    assert!(noisy > 0);
}

#[test]
fn slices_have_the_bits_of_whole_steps() {
    let lpf = || {
        let (saved, norms) = (vec![0.0; N], vec![0.0; filters(NET)]);
        LpfSgd::new(Sgd::new(), NET, saved, norms, SEED).gamma(0.3, FilterScale::FilterRms).parts(3)
    };
    let (mut w, mut g) = (start(), vec![0.0; N]);
    let mut expected = start();
    let (mut whole, mut cut) = (lpf(), lpf());
    for t in 0..STEPS {
        let mut b = Approx::new(Portable);
        let objective = |w: &[f32], g: &mut [f32], r| Ok::<f32, ()>(objective(w, g, r));
        step(&mut whole, &mut b, &mut expected[..], &mut g[..], &clock(t), objective).unwrap();
        let mut b = Sliced::new(b, 7);
        step_sliced(&mut cut, &mut b, &mut w, &mut g, &clock(t), objective, || {}).unwrap();
        same_bits("sliced", &w, &expected).unwrap();
    }
}

#[test]
fn perturbing_again_draws_the_same_noise() {
    let groups = Groups { segments: NET, sharing: Sharing::Row };
    let (mut w, mut saved, norms) = (start(), vec![0.0; N], vec![1.0; filters(NET)]);
    let mut b = Approx::new(Portable);
    b.fill(Perturb { gamma: 0.1, rms: 1, key: KEY }, groups, &norms, [&mut w, &mut saved], []);
    let mut again = vec![0.0; N];
    b.fill(Reperturb { gamma: 0.1, rms: 1, key: KEY }, groups, &norms, [&mut again], [&saved]);
    same_bits("again", &w, &again).unwrap();
    same_bits("saved", &saved, &start()).unwrap();
    assert!(w != saved);
}

/// Two minima: a sharp one at -1, a flat one at 1. Plain descent from the sharp one's side stays there.
#[test]
fn a_smoothed_descent_still_leaves_the_sharp_minimum() {
    fn slope(x: f32) -> f32 {
        // Of -exp(-200 (x + 1)^2) / 4 - exp(-(x - 1)^2).
        let (a, b) = (x + 1.0, x - 1.0);
        100.0 * a * (-200.0 * a * a).exp() + 2.0 * b * (-b * b).exp()
    }
    fn end<B: Isa>(b: B, gamma: f32) -> f32 {
        use flatmin::layout::{Kind, Segment};
        const LINE: &[Segment] = &[Segment { filters: 1, fan_in: 1, kind: Kind::Weight }];
        let mut b = b;
        let method = LpfSgd::new(Sgd::new(), LINE, vec![0.0], vec![0.0], SEED);
        let mut method = method.gamma(gamma, FilterScale::FilterNorm).parts(8);
        let (mut w, mut g) = ([-1.02_f32], [0.0_f32]);
        for t in 0..5000 {
            let clock = flatmin::method::Clock { step: t, total: 5000, lr: 0.01 };
            step(&mut method, &mut b, &mut w[..], &mut g[..], &clock, |w, g, r| {
                g[0] = if r.accumulate { g[0] + slope(w[0]) } else { slope(w[0]) };
                Ok::<f32, ()>(0.0)
            })
            .unwrap();
        }
        w[0]
    }
    let ends = [
        end(Portable, 0.0),
        end(Portable, 0.5),
        end(Approx::new(Portable), 0.5),
        end(Approx::<_, Micromath>::with(Portable), 0.5),
    ];
    say(&format!(
        "approx: from the sharp minimum at -1 without noise {}, exact {}, bytes {}, micromath {}",
        ends[0], ends[1], ends[2], ends[3]
    ));
    assert!(ends[0] < -0.5, "plain descent leaves the sharp minimum");
    assert!(ends[1..].iter().all(|end| *end > 0.5), "{ends:?}");
}

/// The wrist task for everyone, five times, fine-tuned by LPF-SGD with exact noise and with `Bytes`, otherwise alike.
#[test]
fn fine_tuning_gains_as_much_with_cheap_noise() {
    let tuned = |device| {
        let settings = Settings {
            tasks: vec![Task::Spar],
            arms: vec![Arm::Lpf],
            seeds: 5,
            replay: Some(0),
            device,
            ..Settings::default()
        };
        run(&settings, &Silent).unwrap()
    };
    let (exact, cheap) = (tuned(Device::Cpu), tuned(Device::CpuWithCheapNoise));
    assert!(
        exact.len() == 50 && exact.iter().zip(&cheap).any(|(a, b)| a.curve != b.curve),
        "nothing differs"
    );
    for (what, of) in [("new", (|row| row.new_after) as fn(&Row) -> f64), ("old", |row| row.old_after)] {
        let mean = |rows: &[Row]| rows.iter().map(of).sum::<f64>() / rows.len() as f64 * 100.0;
        // Repetitions of a person are one value.
        let pairs: Vec<_> =
            exact.iter().zip(&cheap).map(|(a, b)| (a.person, 100.0 * (of(b) - of(a)))).collect();
        let people: Vec<f64> = pairs
            .chunk_by(|(a, _), (b, _)| a == b)
            .map(|runs| runs.iter().map(|(_, gain)| gain).sum::<f64>() / runs.len() as f64)
            .collect();
        let n = people.len() as f64;
        let gain = people.iter().sum::<f64>() / n;
        let error = (people.iter().map(|x| (x - gain).powi(2)).sum::<f64>() / (n * (n - 1.0))).sqrt();
        say(&format!(
            "approx: wrist, {n} people x 5: {what} accuracy {:.2} exact, {:.2} bytes, difference {gain:+.2} +- {error:.2}",
            mean(&exact),
            mean(&cheap)
        ));
        assert!(gain.abs() <= tolerance("approx_accuracy"), "{what}: {gain}");
    }
}
