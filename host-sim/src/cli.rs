//! The command line: what can be asked for, in words. What is done about it stands in [`commands`](crate::commands).

mod budget;
mod finetune;
mod mcu;
mod message;
mod methods;
mod more;
mod names;
mod parity;
mod pretrain;
mod range;

pub use budget::Budget;
pub use finetune::Finetune;
pub use mcu::{Ledger, Mcu};
pub use message::one_line;
pub use methods::Methods;
pub use more::{Baselines, Bench, Replay};
pub use parity::Parity;
pub use pretrain::{Job, Pretrain};

use crate::train::Device;
use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// Personalises small networks on real people's data, once with every training method, and says what each method
/// bought. Without a command: finetune.
#[derive(Debug, Parser)]
#[command(name = "flatmin-sim", version, args_conflicts_with_subcommands = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    finetune: Finetune,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Personalise a model for every person with every method; tables and plots (the default command).
    Finetune(Finetune),
    /// Train a base model without one person and write it as a file that hosts and devices fine-tune from.
    Pretrain(Pretrain),
    /// List the training methods, optimizers, gates and averages with their memory.
    Methods(Methods),
    /// Print the RAM, stack and flash of a fine-tuning run before anything is flashed, with estimates of time and energy.
    Budget(Budget),
    /// Measure the acceptance numbers and compare them with those of an independent trainer.
    Baselines(Baselines),
    /// Replay recorded trajectories of other libraries through this one.
    Replay(Replay),
    /// Measure every kernel on this CPU, as a ratio to memcpy.
    Bench(Bench),
    /// Run firmware on emulated microcontrollers and compare its bits with this machine's.
    Mcu(Mcu),
    /// Compare every kernel and method on every backend with the portable one.
    Parity(Parity),
}

/// Who trains, by the switch `--gpu`.
fn device(gpu: bool) -> Device {
    if gpu { Device::Gpu } else { Device::Cpu }
}

/// Reads a command line, program name first.
///
/// # Errors
/// When it asks for something that does not exist, and when it asks for the help text or the version.
pub fn parse<I, T>(args: I) -> Result<Command, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = Cli::try_parse_from(args)?;
    Ok(cli.command.unwrap_or(Command::Finetune(cli.finetune)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Place;
    use crate::finetune::{Arm, BaseKind, Guard, Options, Scope, Settings, Study, Task};
    use clap::CommandFactory;
    use std::path::Path;

    fn settings(args: &str) -> Settings {
        let line = format!("flatmin-sim {args}");
        match parse(line.split_whitespace()).unwrap() {
            Command::Finetune(args) => args.settings(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_gpu_is_asked_for_by_a_switch() {
        assert_eq!(settings("--gpu").device, Device::Gpu);
        assert_eq!(settings("finetune").device, Device::Cpu);
        let job = |args: &str| match parse(format!("flatmin-sim pretrain {args}").split_whitespace()) {
            Ok(Command::Pretrain(args)) => args.job(),
            other => panic!("{other:?}"),
        };
        let Ok(Job::Fmnist(asked, _)) = job("--task fmnist --method sam --net mlp --epochs 3 --gpu") else {
            panic!("no pictures")
        };
        assert_eq!((asked.method, asked.epochs, asked.device), (Arm::Sam, 3, Device::Gpu));
        assert!(
            matches!(job("--task spar --person 1 --export x --gpu"), Ok(Job::Export(asked, _)) if asked.device == Device::Gpu)
        );
        assert!(job("--task fmnist --person 1").unwrap_err().contains("--person"));
        assert!(job("--task spar --person 1 --export x --epochs 3").unwrap_err().contains("--epochs"));
    }

    fn refusal(args: &str) -> String {
        one_line(&parse(format!("flatmin-sim {args}").split_whitespace()).unwrap_err())
    }

    #[test]
    fn clap_finds_no_fault() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_means_finetune() {
        assert_eq!(settings(""), settings("finetune"));
        assert_eq!(settings("--task spar --seeds 3"), settings("finetune --task spar --seeds 3"));
        assert!(matches!(parse(["flatmin-sim", "methods"]), Ok(Command::Methods(_))));
    }

    #[test]
    fn defaults_are_everything_once() {
        let all = settings("");
        assert_eq!(all.tasks, [Task::Turned, Task::Spar]);
        assert_eq!((all.arms.len(), all.person, all.seeds, all.lr), (10, None, 1, None));
        assert_eq!((all.options, all.replay, all.data, all.threads), (Options::default(), None, None, 0));
        assert_eq!(all.studies, [Study::Methods, Study::Keeping, Study::WrongLabels]);
        for changed in
            ["--noise 0.2", "--guard off", "--anchor 0.1", "--method sam", "--lr 0.01", "--base sam"]
        {
            assert_eq!(settings(changed).studies, [Study::Methods], "{changed}");
        }
    }

    #[test]
    fn every_option_arrives() {
        let asked = settings(
            "--task digits --method sam,sgd --method sam+swa,sam --person 3 --seeds 5 --lr 0.01 --noise 0.2 \
             --scope bias --replay 2 --data a.tds --threads 4",
        );
        assert_eq!(asked.tasks, [Task::Digits]);
        assert_eq!(asked.arms, [Arm::Sam, Arm::Sgd, Arm::SamSwa]);
        assert_eq!((asked.person, asked.seeds, asked.lr), (Some(3), 5, Some(0.01)));
        let options = Options { noise: 0.2, scope: Scope::Bias, guard: Guard::Trust, ..Options::default() };
        assert_eq!((asked.options, asked.replay, asked.threads), (options, Some(2), 4));
        assert_eq!(asked.data.as_deref(), Some(Path::new("a.tds")));
    }

    #[test]
    fn options_of_the_kit_arrive() {
        let asked = settings("--guard trust --anchor 0.1 --wise-ft --distil --base sam").options;
        let expected = Options {
            guard: Guard::Trust,
            anchor: 0.1,
            wise_ft: true,
            distil: true,
            base: BaseKind::Method(Arm::Sam),
            ..Options::default()
        };
        assert_eq!(asked, expected);
        for (args, guard) in [
            ("", Guard::Off),
            ("--noise 0.2", Guard::Trust),
            ("--noise 0.2 --guard off", Guard::Off),
            ("--noise 0.2 --guard loss", Guard::Loss),
            ("--wise-ft", Guard::Accuracy),
            ("--noise 0.2 --wise-ft", Guard::Accuracy),
            ("--tolerance 0.1", Guard::Accuracy),
            ("--noise 0.2 --patience 3", Guard::Accuracy),
            ("--tolerance 0.1 --guard trust", Guard::Trust),
            ("--noise 0.2 --sequence", Guard::Off),
        ] {
            assert_eq!(settings(args).options.guard, guard, "{args}");
        }
        let file = settings("--base model.bin");
        assert_eq!((file.options.base, file.blob.as_deref()), (BaseKind::File, Some(Path::new("model.bin"))));
    }

    #[test]
    fn refusals_are_one_line_and_name_what_is_known() {
        for (args, words) in [
            ("--task wrist", ["--task", "turned, digits, spar, all"]),
            ("--method smam", ["--method", "sgd, sgd-2x, sgd-wd, adam, sam, lpf, rst, ema, swa, sam+swa"]),
            ("--noise 20", ["--noise", "for 20 % write 0.2"]),
            ("--noise nan", ["--noise", "from 0 to 1"]),
            ("--lr -1", ["--lr", "from 0 to 10"]),
            ("--lr 11", ["--lr", "from 0 to 10"]),
            ("--anchor -1", ["--anchor", "from 0 to 100"]),
            ("--guard x", ["--guard", "off, accuracy, loss, cross, trust"]),
            ("--wise-ft --sequence", ["--sequence", "--wise-ft"]),
            ("pretrain --task all --person 1 --export x", ["--task", "one task"]),
            ("pretrain --task spar --export x", ["--person", "--help"]),
            ("--seeds 0", ["--seeds", "from 1 to 1000"]),
            ("--replay 1000", ["--replay", "from 0 to 100"]),
            ("--person 300", ["--person", "from 0 to 255"]),
            ("--task spar methods", ["methods", "--help"]),
            ("methods --filters -1", ["-1", "--help"]),
            ("budget --net mnist", ["--net", "wrist, digits, fmnist"]),
            ("budget --method smam", ["--method", "plain, sam, rst, lpf_sgd"]),
            ("budget --optimizer clipped", ["--optimizer", "sgd, adam, adamw"]),
            ("budget --average mean", ["--average", "swa, ema"]),
            ("budget --core m0", ["--core", "m4f, v6m"]),
            ("budget --chip 8051", ["--chip", "nrf52840, stm32l412"]),
            ("budget --ram 32KB", ["--ram", "32K"]),
            ("budget --flash 0", ["--flash", "from 1"]),
        ] {
            let refusal = refusal(args);
            assert!(words.iter().all(|word| refusal.contains(word)), "{args}: {refusal}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
    }

    #[test]
    fn a_budget_is_asked_for_in_the_words_of_the_registry() {
        let asked = |args: &str| match parse(format!("flatmin-sim budget {args}").split_whitespace()) {
            Ok(Command::Budget(args)) => args,
            other => panic!("{other:?}"),
        };
        let question = asked("").questions().remove(0);
        assert_eq!(question.methods, ["plain", "sam", "rst", "lpf_sgd", "lpf_sgd_residual"]);
        assert_eq!((question.optimizers, question.samples), (vec!["sgd", "adam"], Place::Ram));
        assert_eq!(asked("--net digits,wrist").questions().len(), 2);
        let args =
            asked("--ram 32K --flash 1M --method sam --average ema --samples flash --chip none --replay 2");
        let question = args.questions().remove(0);
        assert_eq!((args.limits().ram, args.limits().flash), (Some(32 << 10), Some(1 << 20)));
        assert_eq!((&*question.methods, question.average, question.replay), (&["sam"][..], Some("ema"), 2));
        assert!(question.samples == Place::Flash && args.chips().is_empty() && question.around().is_none());
        let of = |args| asked(args).questions().remove(0).around();
        let small = of("--guard trust --samples flash --epochs flash").unwrap();
        assert_eq!([small.samples, small.epochs], [Place::Flash; 2]);
        assert!(of("--session").is_some() && of("--epochs flash").is_some() && of("--guard loss").is_some());
    }

    #[test]
    fn help_explains_every_option_with_its_default() {
        let help = Cli::command().render_long_help().to_string();
        for word in ["[default: all]", "[default: 1]", "[default: flatmin-out]", "share", "epochs", "--json"]
        {
            assert!(help.contains(word), "{word} is missing in\n{help}");
        }
    }
}
