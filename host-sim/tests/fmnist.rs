//! The Fashion-MNIST CNN learns, and every method can train it.

use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use flatmin_sim::data::Dataset;
use flatmin_sim::data::fmnist::Source;
use flatmin_sim::finetune::Silent;
use flatmin_sim::fmnist::{Trained, recipe, run};
use flatmin_sim::model::fmnist;
use flatmin_sim::tolerance::SMALL_GAP;
use flatmin_sim::train::Recipe;

const SGD: MethodSpec = MethodSpec::Plain;
const SAM: MethodSpec = MethodSpec::Sam { rho: Rate::Constant(0.06), eps: 1e-12 };

fn trained(set: &Dataset, recipe: &Recipe, noise: f32) -> Trained {
    run(fmnist(), set, recipe, noise, &Silent).unwrap()
}

/// The subset with only every `step`th picture.
fn thinned(step: usize) -> Dataset {
    let set = Source::Subset.load().unwrap();
    let kept: Vec<usize> = (0..set.len()).step_by(step).collect();
    let of = |column: &[u8]| kept.iter().map(|&i| column[i]).collect();
    Dataset {
        inputs: kept.iter().flat_map(|&i| set.input(i)).copied().collect(),
        labels: of(&set.labels),
        groups: of(&set.groups),
        splits: of(&set.splits),
        sides: of(&set.sides),
        pos: kept.iter().map(|&i| set.pos[i]).collect(),
        ..set
    }
}

#[test]
fn two_epochs_teach_it_most_of_what_there_is() {
    let set = Source::Subset.load().unwrap();
    let sgd = trained(&set, &Recipe { epochs: 2, ..recipe(SGD, 0.01, 1) }, 0.0);
    assert!(sgd.test > 0.74 && sgd.train > 0.74, "{} {}", sgd.train, sgd.test);
    assert!(sgd.gap().abs() < SMALL_GAP.value, "{}", sgd.gap());
    assert_eq!((sgd.gradients, sgd.refused, sgd.weights.len()), (2 * 156 * 32, 0, 7_018));
}

#[test]
fn wrong_labels_leave_chance() {
    let set = thinned(7);
    let right = trained(&set, &recipe(SGD, 0.03, 1), 0.0);
    let wrong = trained(&set, &recipe(SGD, 0.03, 1), 0.9);
    assert!(right.test > 0.6 && wrong.test < 0.3, "{} {}", right.test, wrong.test);
}

#[test]
fn every_method_trains_it_and_repeats_itself() {
    let set = thinned(7);
    let start = trained(&set, &Recipe { epochs: 0, ..recipe(SGD, 0.01, 1) }, 0.0);
    for spec in MethodSpec::SAMPLES.map(|method| Spec::new(method, OptimizerSpec::momentum(0.9, 0.0005))) {
        let recipe = Recipe { spec, epochs: 3, ..recipe(spec.method, 0.01, 1) };
        let ours = trained(&set, &recipe, 0.0);
        assert!(ours.train > start.train + 0.2, "{}: {} -> {}", spec.name(), start.train, ours.train);
        let again = trained(&set, &recipe, 0.0);
        assert_eq!((ours.weights, ours.test), (again.weights, again.test), "{}", spec.name());
    }
}

/// The measured baselines: `cargo test --release -p flatmin-sim --test fmnist -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement of two minutes"]
fn five_seeds_against_the_measured_baselines() {
    let set = Source::Subset.load().unwrap();
    let cases =
        [("sgd", SGD, 0.01, 0.0), ("sam", SAM, 0.03, 0.0), ("sgd", SGD, 0.01, 0.4), ("sam", SAM, 0.03, 0.4)];
    // Accuracy and standard deviation of an independent trainer, 5 seeds.
    let theirs = [(84.77, 0.71), (85.22, 0.17), (78.89, 0.76), (78.59, 0.53)];
    for ((name, method, lr, noise), (mean, sd)) in cases.into_iter().zip(theirs) {
        let runs: Vec<Trained> = std::thread::scope(|scope| {
            let set = &set;
            let workers = [0..3, 3..5].map(|seeds| {
                scope.spawn(move || {
                    seeds.map(|seed| trained(set, &recipe(method, lr, seed), noise)).collect::<Vec<_>>()
                })
            });
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        let (test, test_sd) = statistics(runs.iter().map(|run| 100.0 * run.test));
        let (gap, _) = statistics(runs.iter().map(|run| 100.0 * run.gap()));
        println!("{name}, noise {noise}: test {test:.2} ± {test_sd:.2}, gap {gap:.2}; theirs {mean} ± {sd}");
        let se = ((test_sd * test_sd + sd * sd) / 5.0_f64).sqrt();
        assert!(
            (test - mean).abs() < 3.0 * se,
            "{name}, noise {noise}: {test:.2} ± {test_sd:.2}, theirs {mean} ± {sd}"
        );
    }
}

/// Mean and standard deviation.
fn statistics(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values.map(|x| (x - mean) * (x - mean)).sum::<f64>();
    (mean, (squares / (count - 1.0)).sqrt())
}
