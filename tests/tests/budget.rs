//! The printed bill against what images really use: static memory in the linked image, stack by painting, flash by weight.

use flatmin_sim::budget::Question;
use flatmin_sim::budget::chip::Core;
use flatmin_sim::budget::figures::Figures;
use flatmin_sim::finetune::{Guard, Scope};
use flatmin_sim::mcu::{self, Error, Measured, Run, ledger};
use flatmin_sim::model::Trained;
use flatmin_sim::report::budget::{Limits, Line, lines};
use flatmin_tests::say;

/// The methods that are held to their bills: plain momentum SGD, SAM, LPF-SGD, Adam.
const METHODS: [(&str, &str); 5] =
    [("plain", "sgd"), ("sam", "sgd"), ("lpf_sgd", "sgd"), ("lpf_sgd_residual", "sgd"), ("plain", "adam")];

fn wrist(method: &'static str, optimizer: &'static str, scope: Scope) -> Run {
    Run { net: Trained::Wrist, scope, method, optimizer, average: None }
}

/// What is asked of a run whose samples lie in flash.
fn question(run: Run, core: Core) -> Question {
    Question {
        net: run.net,
        methods: vec![run.method],
        optimizers: vec![run.optimizer],
        scope: run.scope,
        average: run.average,
        guard: Guard::Off,
        replay: 0,
        samples_in_ram: false,
        core,
    }
}

/// What `flatmin-sim budget --samples flash --json` prints of a run.
fn printed(run: Run, core: Core) -> Line {
    lines(&question(run, core), Limits::default(), &[], &Figures::carried().unwrap()).remove(0)
}

/// A bill is not below the use, nor more than 10 % above it.
fn holds(what: &str, printed: u64, used: u64) -> Result<(), String> {
    let said = format!("{what}: {printed} bytes are printed, {used} are used");
    if printed < used {
        return Err(format!("{said}: too little"));
    }
    if 10 * printed > 11 * used { Err(format!("{said}: more than 10 % too much")) } else { Ok(()) }
}

fn compare(line: &Line, measured: &Measured) -> Result<(), String> {
    holds(&format!("RAM of {}", line.run), line.ram, measured.statics + measured.stack)?;
    holds(&format!("flash of {}", line.run), line.flash.unwrap_or(0), measured.flash)
}

/// Measures, unless a compiler or an emulator is missing or another one built the ledger.
fn measure(run: Run, core: Core) -> Option<Measured> {
    let why = match run.measure(mcu::find(core.machine()).unwrap()) {
        Ok(measured) => {
            let (here, there) = (ledger::here().unwrap(), Figures::carried().unwrap().compiler);
            if here == there {
                return Some(measured);
            }
            format!("the ledger has no figures of rustc {here}")
        }
        Err(Error::Missing(why)) => why,
        Err(error) => panic!("{run}: {error}"),
    };
    say(&format!("skipped: budget {} ({why})", core.name()));
    assert!(std::env::var_os("FLATMIN_MUST_RUN").is_none(), "CI must run this");
    None
}

#[test]
fn a_printed_bill_is_what_an_image_uses() {
    for core in Core::ALL {
        for scope in [Scope::All, Scope::Last] {
            for (method, optimizer) in METHODS {
                let run = wrist(method, optimizer, scope);
                if scope == Scope::Last && optimizer == "adam" {
                    continue; // no image of it is in the ledger
                }
                let Some(measured) = measure(run, core) else { return };
                let line = printed(run, core);
                assert!(line.stack_measured && line.flash_measured, "{run} is not in the ledger");
                compare(&line, &measured).unwrap();
            }
        }
        say(&format!("ran: budget {}", core.name()));
    }
}

#[test]
fn a_bill_without_a_vector_and_one_with_a_vector_too_many_are_found_out() {
    let Some(measured) = measure(wrist("sam", "sgd", Scope::All), Core::M4f) else { return };
    let refusal = |method, optimizer| {
        compare(&printed(wrist(method, optimizer, Scope::All), Core::M4f), &measured).unwrap_err()
    };
    assert!(refusal("plain", "sgd").contains("too little"));
    assert!(refusal("sam", "adam").contains("too much"));
    say("ran: budget canary");
}

/// The whole firmware of `examples/wrist`, from the ledger: its figures are measured again where the ledger is checked.
#[test]
fn the_bill_of_the_wrist_session_is_what_its_image_uses_and_less_than_64_kib() {
    let committed = ledger::committed().unwrap();
    let column = &committed[&Figures::carried().unwrap().compiler]["mps2-an386"];
    let used = column["memory:wrist"] + column["stack:wrist"];
    let question = Question {
        guard: Guard::Trust,
        samples_in_ram: true,
        replay: 1,
        ..question(wrist("lpf_sgd", "sgd", Scope::All), Core::M4f)
    };
    let line = lines(&question, Limits::default(), &[], &Figures::carried().unwrap()).remove(0);
    assert!(line.stack_measured);
    holds("RAM of the wrist session", line.ram, used).unwrap();
    assert!(line.ram <= 64 * 1024);
}

#[test]
fn the_limits_are_the_use_and_a_tenth_more() {
    assert!(holds("", 1000, 1000).is_ok() && holds("", 1100, 1000).is_ok());
    assert!(holds("", 999, 1000).is_err() && holds("", 1101, 1000).is_err());
}

#[test]
fn what_is_lent_is_billed_to_the_byte() {
    let line = printed(wrist("lpf_sgd", "adam", Scope::All), Core::M4f);
    let n = 4 * 1_911;
    assert_eq!((line.weights, line.gradient, line.activations, line.input), (n, n, 4 * 711, 4 * 384));
    // Two moments, saved weights, 42 filters; a part, a count of updates.
    assert_eq!(line.state, 3 * n + 4 * 42 + 4 * 2);
    assert_eq!((line.guard, line.samples), (0, 0));
}
