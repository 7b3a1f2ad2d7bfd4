//! A model as a file: what is written is what was trained, hosts and devices read it alike, and nothing is ever half.

use flatmin::blob::Blob;
use flatmin::nn::{self, Conv1d, Dense, MeanTime, Network, Relu};
use flatmin_sim::finetune::{self, Arm, BaseKind, Options, Row, Selection, Silent, Task};
use flatmin_sim::pretrain::{BlobFile, Exported, Settings, run};
use flatmin_sim::train::Device;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The wrist network as firmware declares it.
type Wrist = nn::seq!(Conv1d<6, 64, 5, 2, 16>, Relu<480>, Conv1d<16, 30, 5, 2, 16>, Relu<208>, MeanTime<13, 16>, Dense<16, 7>);

const SETTINGS: Settings = Settings {
    task: Task::Spar,
    method: Arm::Sgd,
    person: 6,
    seed: 0,
    replay: 1,
    selection: Selection::Random,
    data: None,
    device: Device::Cpu,
};

fn exported(settings: &Settings) -> Exported {
    run(settings, &Silent).unwrap()
}

/// The rows of sgd on the model of a file, or on the one that is trained on the way.
fn rows(file: Option<&Path>, person: Option<u8>, replay: u32) -> Result<Vec<Row>, finetune::Error> {
    let base = if file.is_some() { BaseKind::File } else { BaseKind::default() };
    let settings = finetune::Settings {
        tasks: vec![Task::Turned, Task::Spar],
        arms: vec![Arm::Sgd],
        person,
        replay: Some(replay),
        options: Options { base, ..Options::default() },
        blob: file.map(Path::to_owned),
        ..finetune::Settings::default()
    };
    finetune::run(&settings, &Silent)
}

#[test]
fn herding_stores_other_samples_and_fine_tuning_a_file_cannot_choose_again() {
    let herded = exported(&Settings { selection: Selection::Herding, ..SETTINGS });
    let (herded, random) = (herded.file, exported(&SETTINGS).file);
    let [herded_blob, random_blob] = [&herded, &random].map(|file| file.parse().unwrap());
    assert!((0..7).all(|class| herded_blob.replay().count(class) == 4));
    assert_ne!(herded_blob.replay().values(), random_blob.replay().values());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), herded.bytes()).unwrap();
    let options = Options { base: BaseKind::File, selection: Selection::Herding, ..Options::default() };
    let settings = finetune::Settings {
        arms: vec![Arm::Sgd],
        options,
        blob: Some(file.path().to_owned()),
        ..finetune::Settings::default()
    };
    let refusal = finetune::run(&settings, &Silent).unwrap_err().to_string();
    assert!(refusal.contains("--selection to pretrain"), "{refusal}");
}

#[test]
fn a_device_finds_what_the_host_trained() {
    let exported = exported(&SETTINGS);
    let blob: Blob<'_> = exported.file.parse().unwrap().of::<Wrist>().unwrap();
    assert_eq!((blob.left_out(), blob.weights().len(), blob.mean().len()), (6, Wrist::PARAMS, 6));
    assert_eq!((blob.replay().len(), blob.validation().len()), (28, 28));
    for samples in [blob.replay(), blob.validation()] {
        assert!((0..7).all(|class| samples.count(class) == 4));
    }
    let stored = |samples: flatmin::tune::Samples<'_, i8>| -> Vec<Vec<i8>> {
        samples.values().chunks(384).map(<[i8]>::to_vec).collect()
    };
    let replay = stored(blob.replay());
    assert!(stored(blob.validation()).iter().all(|sample| !replay.contains(sample)), "a set of its own");
    // The logits are those of the shipped weights at the stored samples, bit for bit.
    let (mut x, mut acts) = ([0.0; 384], [0.0; Wrist::ACTS]);
    for i in 0..blob.replay().len() {
        blob.replay().read(i, &mut x).unwrap();
        let logits = nn::forward::<Wrist>(&x, blob.weights(), &[], &mut acts).unwrap();
        assert_eq!(blob.logits(i).unwrap(), logits);
    }
}

#[test]
fn fine_tuning_from_a_file_is_fine_tuning_from_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    let exported = exported(&SETTINGS);
    std::fs::write(&path, exported.file.bytes()).unwrap();
    assert_eq!(BlobFile::read(&path).unwrap().bytes(), exported.file.bytes());
    // The file knows its task and its person.
    let from_file = rows(Some(&path), None, 0).unwrap();
    let trained = rows(None, Some(6), 0).unwrap();
    let trained: Vec<_> = trained.iter().filter(|row| row.task == Task::Spar).collect();
    assert_eq!((from_file.len(), trained.len()), (1, 1));
    assert_eq!((from_file[0].new_before, from_file[0].old_before), (exported.new, exported.old));
    assert_eq!(from_file[0].curve, trained[0].curve);
    // Replay from the stored samples, which are rounded, still holds old users.
    let replayed = rows(Some(&path), None, 1).unwrap().remove(0);
    assert!(replayed.old_after > 0.85, "{}", replayed.old_after);
    let too_many = rows(Some(&path), None, 2).unwrap_err().to_string();
    assert!(too_many.contains("56 old samples") && too_many.contains("28"), "{too_many}");
    let seen = rows(Some(&path), Some(3), 0).unwrap_err().to_string();
    assert!(seen.contains("--person 6"), "{seen}");
}

#[test]
fn what_is_no_model_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refusal = |bytes: &[u8]| {
        std::fs::write(file.path(), bytes).unwrap();
        BlobFile::read(file.path()).unwrap_err().to_string()
    };
    let mut bytes = exported(&Settings { replay: 0, ..SETTINGS }).file.bytes().to_vec();
    assert!(BlobFile::read(Path::new("/no/such")).unwrap_err().to_string().contains("/no/such"));
    assert!(refusal(b"").contains("cut off") && refusal(&bytes[..99]).contains("cut off"));
    assert!(refusal(&[b'x'; 99]).contains("no model blob"));
    bytes[777] ^= 4;
    assert!(refusal(&bytes).contains("damaged"));
    let nobody = run(&Settings { person: 99, ..SETTINGS }, &Silent).unwrap_err().to_string();
    assert!(nobody.contains("no person 99"), "{nobody}");
}

#[test]
fn every_method_trains_a_base_model() {
    for method in flatmin_sim::report::label::ARMS {
        let settings = Settings { task: Task::Digits, method, person: 3, replay: 0, ..SETTINGS };
        let exported = exported(&settings);
        assert!(exported.new > 0.8 && exported.old > 0.9, "{method:?}: {} {}", exported.new, exported.old);
        assert!(exported.describe(&settings).unwrap().contains("2410"));
    }
}

fn sim(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flatmin-sim"));
    command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Files that do not begin with a dot, with their contents.
fn visible(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()));
    named.filter(|(name, _)| !name.starts_with('.')).collect()
}

#[test]
fn a_killed_run_leaves_whole_files_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.bin");
    let args = [
        "pretrain",
        "--task",
        "digits",
        "--person",
        "3",
        "--replay",
        "9",
        "--export",
        file.to_str().unwrap(),
    ];
    std::fs::write(&file, "the model before").unwrap();
    let mut killed = 0;
    for milliseconds in [0, 3, 10, 30, 100, 200, 300, 400, 500, 700, 1000, 2000] {
        let mut child = sim(&args).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for (name, bytes) in visible(folder.path()) {
            assert_eq!(name, "model.bin");
            assert!(bytes == b"the model before" || BlobFile::read(&file).is_ok(), "{} bytes", bytes.len());
        }
    }
    assert!(killed > 0, "every run was done before it was killed");
    assert!(sim(&args).status().unwrap().success());
    BlobFile::read(&file).unwrap();
}

#[test]
fn an_unwritable_file_is_found_before_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_flatmin-sim"))
        .args(["pretrain", "--task", "digits", "--person", "3", "--export", folder.path().to_str().unwrap()])
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("cannot write") && message.contains("a folder"), "{message}");
}
