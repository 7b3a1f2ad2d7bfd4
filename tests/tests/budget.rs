//! The printed bill against what images really use: static memory in the linked image, stack by painting, flash by weight.

use flatmin_sim::budget::chip::Core;
use flatmin_sim::budget::figures::Figures;
use flatmin_sim::budget::{Place, Question};
use flatmin_sim::finetune::{Guard, Scope};
use flatmin_sim::mcu::{self, Error, Measured, Run, Session, ledger};
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
        samples: Place::Flash,
        epochs: Place::Ram,
        session: false,
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
    measured(&run.to_string(), core, run.measure(mcu::find(core.machine()).unwrap()))
}

fn measured<T>(what: &str, core: Core, found: Result<T, Error>) -> Option<T> {
    let why = match found {
        Ok(measured) => {
            let (here, there) = (ledger::here().unwrap(), Figures::carried().unwrap().compiler);
            if here == there {
                return Some(measured);
            }
            format!("the ledger has no figures of rustc {here}")
        }
        Err(Error::Missing(why)) => why,
        Err(error) => panic!("{what}: {error}"),
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

/// What is asked of a session of `examples/wrist`.
fn session(method: &'static str, scope: Scope, guard: Guard, place: Place) -> Question {
    let question = question(wrist(method, "sgd", scope), Core::M4f);
    Question { guard, replay: 1, samples: place, epochs: place, session: true, ..question }
}

/// The sessions of the ledger: their figures are measured again where the ledger is checked.
#[test]
fn the_bill_of_a_session_of_the_ledger_is_what_its_image_uses() {
    let (committed, carried) = (ledger::committed().unwrap(), Figures::carried().unwrap());
    let sessions = [
        ("wrist", "lpf_sgd", Place::Ram, 64 * 1024),
        ("wrist-small", "lpf_sgd_residual", Place::Flash, 32 * 1024),
    ];
    for core in Core::ALL {
        let column = &committed[&carried.compiler][core.machine()];
        for (name, method, place, room) in sessions {
            let row = |kind: &str| column.get(&format!("{kind}:{name}")).copied();
            let question = Question { core, ..session(method, Scope::All, Guard::Trust, place) };
            let line = lines(&question, Limits::default(), &[], &carried).remove(0);
            if let (Some(statics), Some(stack)) = (row("memory"), row("stack")) {
                assert!(line.stack_measured);
                holds(&format!("RAM of {name}"), line.ram, statics + stack).unwrap();
                assert!(line.ram <= room, "{name} on {}: {}", core.name(), line.ram);
            } else {
                assert!(core == Core::V6m && !line.stack_measured, "{name} is not in the ledger");
            }
            if let Some(flash) = row("flash") {
                assert!(line.flash_measured);
                holds(&format!("flash of {name}"), line.flash.unwrap(), flash).unwrap();
            } else {
                assert!(name == "wrist-small" && !line.flash_measured, "{name} is not in the ledger");
            }
        }
    }
}

/// Sessions that are not in the ledger, so their bill is an estimate: built, weighed and run.
#[test]
fn the_estimate_of_another_session_is_close_to_what_its_image_uses() {
    let sessions = [
        ("sam", Scope::All, Guard::Accuracy),
        ("plain", Scope::Last, Guard::Accuracy),
        ("plain", Scope::Last, Guard::Off),
        ("plain", Scope::All, Guard::Trust),
    ];
    for (method, scope, guard) in sessions {
        let image = Session { method, scope, guard, memory: "large" };
        let what = format!("{method} of {scope:?} under {guard:?}");
        let found = image.measure(mcu::find(Core::M4f.machine()).unwrap());
        let Some(used) = measured(&what, Core::M4f, found) else { return };
        let question = session(method, scope, guard, Place::Ram);
        let line = lines(&question, Limits::default(), &[], &Figures::carried().unwrap()).remove(0);
        assert!(!line.stack_measured && !line.flash_measured, "{what}");
        holds(&format!("RAM of {what}"), line.ram, used.statics + used.stack).unwrap();
        let flash = line.flash.unwrap();
        if guard == Guard::Off {
            // The known session has a guard, whose code the estimate keeps: too much, and never too little.
            assert!(
                flash >= used.flash,
                "flash of {what}: {flash} bytes are printed, {} are used",
                used.flash
            );
        } else {
            holds(&format!("flash of {what}"), flash, used.flash).unwrap();
        }
    }
    say("ran: budget sessions");
}

#[test]
fn a_session_takes_more_than_its_training_step_on_every_core() {
    let carried = Figures::carried().unwrap();
    for (core, guard) in Core::ALL.into_iter().zip([Guard::Trust, Guard::Cross]) {
        let whole = Question { core, ..session("sam", Scope::All, guard, Place::Ram) };
        let step = Question { guard: Guard::Off, session: false, ..whole.clone() };
        let [whole, step] =
            [whole, step].map(|question| lines(&question, Limits::default(), &[], &carried).remove(0));
        assert!(whole.stack > step.stack && whole.flash > step.flash.map(|flash| 2 * flash));
        assert!(!whole.stack_measured && !whole.flash_measured);
    }
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
