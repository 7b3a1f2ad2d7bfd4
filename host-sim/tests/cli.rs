//! The binary as a user meets it: exit codes, one line of error, closed pipes.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn sim(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flatmin-sim"));
    command.args(args.split_whitespace());
    command
}

fn run(args: &str) -> (i32, String, String) {
    let Output { status, stdout, stderr } = sim(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_are_no_errors() {
    for (args, word) in [
        ("--help", "finetune"),
        ("finetune -h", "--task"),
        ("methods --help", "--markdown"),
        ("--version", "flatmin-sim"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args}");
        assert!(out.contains(word), "{args}: {out}");
    }
}

#[test]
fn usage_errors_are_one_line_and_2() {
    for args in ["--task wrist", "finetune --noise 20", "--what", "whatever", "--task spar methods", "replay"]
    {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args}: {err}");
        assert!(err.starts_with("error: "), "{args}: {err}");
    }
}

/// What was typed, what is known, and what to do; no names of the program's own types.
#[test]
fn requests_that_make_no_sense_are_answered_in_a_sentence_and_2() {
    let folder = tempfile::tempdir().unwrap();
    let out = format!("--out {}", folder.path().display());
    for (args, words) in [
        ("pretrain --task fmnist --person 3".to_owned(), &["--person", "--task fmnist"][..]),
        ("baselines --row nosuch".to_owned(), &["nosuch", "spar, unseen people", "turned digits"]),
        (format!("--task spar --person 99 {out}"), &["task spar", "no person 99", "1, 2, 3"]),
        (format!("--task turned --person 99 {out}"), &["task turned", "no writer 99", "0, 1, 2"]),
        (format!("--wise-ft --guard trust {out}"), &["--wise-ft", "--guard trust", "accuracy or loss"]),
    ] {
        let (code, printed, err) = run(&args);
        assert_eq!((code, printed.as_str(), err.lines().count()), (2, "", 1), "{args}: {err}");
        assert!(words.iter().all(|word| err.contains(word)), "{args}: {err}");
        assert!(
            !err.contains("Some(") && !err.contains(" = ") && !err.contains("out of range"),
            "{args}: {err}"
        );
    }
}

#[test]
fn a_base_that_is_no_method_and_no_file_is_told_both() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(&format!("--base asam --out {}", folder.path().display()));
    assert_eq!(code, 1, "{err}");
    assert!(["asam", "pretrain", "sgd, sgd-2x", "sam+swa"].iter().all(|word| err.contains(word)), "{err}");
}

#[test]
fn a_model_of_another_task_names_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let (code, _, err) = run(&format!("pretrain --task digits --person 3 --export {place}/model.bin"));
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = run(&format!("--task spar --base {place}/model.bin --out {place}/out"));
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("is a model for turned and digits, not for spar; give --task turned"), "{err}");
}

#[test]
fn an_unwritable_folder_is_found_before_the_work_begins() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (code, out, err) = run(&format!("--out {}/out", file.path().display()));
    assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
    assert!(err.contains("--out") && err.contains(&file.path().display().to_string()), "{err}");
}

#[test]
fn a_missing_data_file_is_named_and_1() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(&format!("--data /no/such.tds --out {}", folder.path().display()));
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.lines().last().unwrap().contains("/no/such.tds"), "{err}");
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    for args in ["methods", "methods --markdown", "--help"] {
        let mut child = sim(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Closed before or while it writes.
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{args}");
    }
}

/// One person, two methods: a second of work.
const SMALL: &str = "--task digits --method sgd,swa --replay 0 --person 3 --out";

/// What it leaves in its folder.
const FILES: [&str; 6] =
    ["curves-digits.svg", "ram-digits.svg", "report.html", "rows.jsonl", "table.txt", "tradeoff-digits.svg"];

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_run_prints_what_it_files() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(&format!("{SMALL} {}", folder.path().display()));
    assert_eq!(code, 0, "{err}");
    assert_eq!(names(folder.path()), FILES);
    assert_eq!(out, std::fs::read_to_string(folder.path().join("table.txt")).unwrap());
    assert!(out.starts_with("What each method buys. digits: ") && out.contains("\nswa "), "{out}");
    assert!(err.contains("100 %"), "{err}");
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(
        page.contains("flatmin-sim --task digits --method 'sgd,swa' --replay 0 --person 3"),
        "the command"
    );
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(&format!("{SMALL} {} --json", folder.path().display()));
    assert_eq!(code, 0, "{err}");
    let rows = flatmin_sim::report::rows::from_lines(&out).unwrap();
    assert_eq!((rows.len(), rows[0].person), (2, 3));
    assert_eq!(out, std::fs::read_to_string(folder.path().join("rows.jsonl")).unwrap());
}

#[test]
fn results_are_filed_though_nobody_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = sim(&format!("{SMALL} {} --json", folder.path().display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let first_line = BufReader::new(child.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    drop(child.stdout.take());
    assert!(first_line.contains("to do"), "{first_line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(folder.path()), FILES);
}

/// Without the feature, what to do is said before anything is trained.
#[cfg(not(feature = "gpu"))]
#[test]
fn a_gpu_that_was_not_built_in_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let out_folder = folder.path().display();
    for args in [
        format!("finetune --gpu --out {out_folder}"),
        "pretrain --task fmnist --gpu".to_owned(),
        format!("pretrain --task digits --person 1 --export {out_folder}/x --gpu"),
        "bench --gpu".to_owned(),
    ] {
        let (code, out, err) = run(&args);
        assert_eq!((code, out.as_str()), (1, ""), "{args}: {err}");
        assert!(err.lines().last().unwrap().contains("--features gpu"), "{args}: {err}");
    }
}

/// An adapter that is not there is missed by its name, whatever is there; nothing is trained.
#[cfg(feature = "gpu")]
#[test]
fn a_gpu_is_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        format!("finetune --gpu --out {}", folder.path().display()),
        "pretrain --task fmnist --gpu".to_owned(),
        "bench --gpu".to_owned(),
        "parity --backends gpu".to_owned(),
    ] {
        let output = sim(&args).env(flatmin_sim::gpu::ADAPTER, "no such adapter").output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args}: {err}");
        assert!(err.lines().last().unwrap().contains("called \"no such adapter\""), "{args}: {err}");
    }
}

#[test]
fn a_killed_run_leaves_whole_files_and_the_next_one_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let args = format!("{SMALL} {}", folder.path().display());
    let mut killed = 0;
    for milliseconds in [0, 10, 50, 100, 200, 300, 500, 800, 1200] {
        let mut child = sim(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for name in names(folder.path()).into_iter().filter(|name| !name.starts_with('.')) {
            let text = std::fs::read_to_string(folder.path().join(&name)).unwrap();
            let whole = match name.rsplit('.').next().unwrap() {
                "svg" => text.trim_end().ends_with("</svg>"),
                "html" => text.trim_end().ends_with("</html>"),
                "jsonl" => flatmin_sim::report::rows::from_lines(&text).is_ok_and(|rows| rows.len() == 2),
                _ => text.ends_with('\n'),
            };
            assert!(FILES.contains(&name.as_str()) && whole, "{name}: {text}");
        }
    }
    assert!(killed > 0, "every run was done before it was killed");
    // As a run that is killed while it writes leaves it. No process has such a number.
    #[cfg(target_os = "linux")]
    std::fs::write(folder.path().join(".flatmin-4294967295-aB3dEf"), "half").unwrap();
    assert_eq!(run(&args).0, 0);
    assert_eq!(names(folder.path()), FILES);
}
