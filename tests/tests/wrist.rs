//! The wrist session beside the simulator: the same model, the same recording, the same training loop.

use flatmin::backend::Portable;
use flatmin::blob::Blob;
use flatmin::tune::Samples;
use flatmin_sim::compose::{MethodSpec, OptimizerSpec, Rate, Spec};
use flatmin_sim::data::tds;
use flatmin_sim::finetune::{Arm, Scope, Selection, Silent, Task};
use flatmin_sim::model::{Example, Net, model};
use flatmin_sim::pretrain;
use flatmin_sim::train::{Device, Recipe, train};
use flatmin_wrist::board::{Board, Nothing};
use flatmin_wrist::choice::Choice;
use flatmin_wrist::flash::RamFlash;
use flatmin_wrist::memory::Memory;
use flatmin_wrist::net::All;
use flatmin_wrist::personalise::{Guard, Settings};
use flatmin_wrist::pieces::{Grain, Unwatched};
use flatmin_wrist::session::{self, Start};
use flatmin_wrist::storage::InRam;
use flatmin_wrist::tuner::Sam;
use flatmin_wrist::{BLOB, RECORDING};

/// `flatmin-sim pretrain --task spar --person 10 --replay 1`.
#[test]
fn the_shipped_model_is_what_its_command_makes() {
    let settings = pretrain::Settings {
        task: Task::Spar,
        method: Arm::Sgd,
        person: 10,
        seed: 0,
        replay: 1,
        selection: Selection::Random,
        data: None,
        device: Device::Cpu,
    };
    assert!(pretrain::run(&settings, &Silent).unwrap().file.bytes() == BLOB, "export the blob again");
}

#[test]
fn the_shipped_recording_is_whole() {
    let tds = tds::decode(RECORDING).unwrap();
    assert_eq!((tds.classes, tds.channels, tds.rate_mhz), (7, 6, 25_000));
}

struct Unguarded;

impl Choice for Unguarded {
    type Net = All;
    type Tuner = Sam<All>;
    type Storage = InRam<All>;
    const SETTINGS: Settings = Settings { guard: Guard::Off, ..Settings::DEFAULT };
}

fn examples<'a>(samples: &Samples<'_, i8>, x: &'a mut [f32]) -> Vec<Example<'a>> {
    x.chunks_mut(samples.dim())
        .enumerate()
        .map(|(i, x)| {
            let label = samples.read(i, x).unwrap();
            Example { x, label }
        })
        .collect()
}

/// The firmware's loop over pieces is the simulator's loop: SAM on the labelled windows beside the old ones.
#[test]
fn the_firmware_trains_as_the_simulator_does() {
    let settings = Unguarded::SETTINGS;
    let (mut memory, mut flash) = (Box::new(Memory::<Unguarded>::NEW), RamFlash::NEW);
    let turns = &mut Unwatched;
    let board = Board { delay: Nothing, pin: Nothing, flash: &mut flash, turns, report: &mut Nothing };
    session::run(board, Portable, &mut memory, Grain::FINE, Start::Shipped).unwrap();

    let blob = Blob::parse(BLOB).unwrap();
    let labelled = &memory.storage.labelled;
    let labelled = Samples::new(384, &labelled.values, &labelled.labels, blob.replay().scale()).unwrap();
    let mut x = vec![0.0; 2 * 28 * 384];
    let (new, old) = x.split_at_mut(28 * 384);
    let lessons = [examples(&labelled, new), examples(&blob.replay(), old)].concat();
    let recipe = Recipe {
        spec: Spec::new(
            MethodSpec::Sam { rho: Rate::Constant(0.15), eps: 1e-12 },
            OptimizerSpec::momentum(0.9, 0.0),
        ),
        epochs: settings.epochs,
        batch: settings.batch,
        lr: Rate::Constant(settings.lr),
        average: None,
        seed: settings.seed,
        anchor: 0.0,
        fresh_epochs: false,
        device: Device::Cpu,
    };
    let net = model(Net::Wrist, Scope::All);
    let trained = train(net, blob.weights().to_vec(), &[], &lessons, &recipe, &mut |_, _| Ok(())).unwrap();
    let bits = |w: &[f32]| w.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
    assert!(bits(&memory.w) == bits(&trained.weights), "the weights differ");
    assert!(bits(&memory.w) != bits(blob.weights()), "nothing was trained");
}
