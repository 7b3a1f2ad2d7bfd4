//! The bill as tables: RAM and flash of every method, what fits, time and energy by chip.

mod fit;

pub use fit::Limits;

use super::grid::{self, Column};
use super::units::thousands;
use super::{label, table};
use crate::budget::chip::Chip;
use crate::budget::figures::{Figure, Figures};
use crate::budget::{Answer, BATCH, Place, Question, labelled};
use crate::finetune::Guard;
use serde::Serialize;

/// A method's bill, as a line of JSON. Bytes and instructions; none where nothing was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The run, as in the ledger.
    pub run: String,
    /// Whose stack and flash: `m4f` or `v6m`.
    pub core: &'static str,
    /// Trainable weights.
    pub weights: usize,
    /// Weights that do not train and lie in RAM.
    pub frozen: usize,
    /// The gradient of those that do.
    pub gradient: usize,
    /// Vectors and scalars of method, optimizer and average.
    pub state: usize,
    /// Activations of one sample.
    pub activations: usize,
    /// One input sample.
    pub input: usize,
    /// The guard.
    pub guard: usize,
    /// Samples in RAM.
    pub samples: usize,
    /// Worst-case stack.
    pub stack: Option<u64>,
    /// Whether the stack is this run's own.
    pub stack_measured: bool,
    /// All RAM.
    pub ram: u64,
    /// Code and constants.
    pub flash: Option<u64>,
    /// Whether the flash is this run's own.
    pub flash_measured: bool,
    /// Whether it fits what was given; none where that depends on what was not measured.
    pub fits: Option<bool>,
    /// By chip: estimated seconds and joules of a fine-tuning run, at least and at most.
    pub chips: Vec<OnChip>,
}

/// An estimate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnChip {
    /// Which chip.
    pub chip: &'static str,
    /// Seconds, at least and at most.
    pub seconds: Option<[f64; 2]>,
    /// Joules, at least and at most.
    pub joules: Option<[f64; 2]>,
}

/// Lines of JSON.
pub fn lines(question: &Question, limits: Limits, chips: &[&'static Chip], figures: &Figures) -> Vec<Line> {
    let line = |answer: &Answer| {
        let bill = answer.bill;
        let on = |chip: &&'static Chip| {
            let instructions = question.instructions(&answer.run, chip.core, figures);
            let seconds = instructions.map(|instructions| chip.seconds(instructions));
            let joules = instructions.map(|instructions| chip.joules(instructions));
            OnChip { chip: chip.name, seconds, joules }
        };
        Line {
            run: answer.run.to_string(),
            core: question.core.name(),
            weights: bill.weights,
            frozen: answer.frozen,
            gradient: bill.gradient,
            state: bill.state + bill.scalars + bill.average,
            activations: bill.activations,
            input: bill.input,
            guard: bill.guard,
            samples: bill.samples,
            stack: answer.stack.bytes(),
            stack_measured: matches!(answer.stack, Figure::Measured(_)),
            ram: answer.ram(),
            flash: answer.flash.bytes(),
            flash_measured: matches!(answer.flash, Figure::Measured(_)),
            fits: limits.hold(answer),
            chips: chips.iter().map(on).collect(),
        }
    };
    question.answers(figures).iter().map(line).collect()
}

/// The tables of a question.
pub fn text(question: &Question, limits: Limits, chips: &[&'static Chip], figures: &Figures) -> String {
    let answers = question.answers(figures);
    let blocks = [
        wrapped(&head(question)),
        memory(&answers, limits),
        notes(question, &answers, limits, figures),
        estimates(question, &answers, chips, figures),
    ];
    blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(question: &Question) -> String {
    let Question { net, scope, guard, replay, samples, epochs, core, .. } = question;
    let model = net.model(*scope);
    let place = match samples {
        Place::Ram => "RAM, as i8",
        Place::Flash => "flash",
    };
    let session = match (question.around(), epochs) {
        (None, _) => "",
        (Some(_), Place::Ram) => "; a whole session",
        (Some(_), Place::Flash) => "; a whole session, epochs in flash",
    };
    let replay = match replay {
        0 => String::new(),
        n => format!("; {n} old beside each, in flash"),
    };
    let guard = match guard {
        Guard::Off => String::new(),
        guard => format!("; guard: {}", label::guard(*guard)),
    };
    format!(
        "The bill. {}: {} of {} weights train; {} labelled samples in {place}{replay}{guard}{session}; mini-batches of {BATCH}; {}.",
        model.name(),
        thousands(model.trainable() as u64),
        thousands(model.params() as u64),
        labelled(*net),
        core.title(),
    )
}

/// Bytes; `~` where they were put together from other images.
fn figure(figure: Figure) -> String {
    match figure {
        Figure::Measured(bytes) => thousands(bytes),
        Figure::Estimate(bytes) => format!("~{}", thousands(bytes)),
        Figure::Unknown => "?".to_owned(),
    }
}

fn memory(answers: &[Answer], limits: Limits) -> String {
    let columns = [
        Column::left("bytes"),
        Column::right("weights"),
        Column::right("gradient"),
        Column::right("state"),
        Column::right("acti-\nvations"),
        Column::right("input"),
        Column::right("guard"),
        Column::right("samples"),
        Column::right("stack"),
        Column::right("RAM"),
        Column::right("flash"),
        Column::left(""),
    ];
    let row = |answer: &Answer| {
        let Answer { bill, frozen, stack, flash, .. } = answer;
        let state = bill.state + bill.scalars + bill.average;
        let [weights, gradient, state, activations, input, guard, samples] = [
            bill.weights + frozen,
            bill.gradient,
            state,
            bill.activations,
            bill.input,
            bill.guard,
            bill.samples,
        ]
        .map(|bytes| thousands(bytes as u64));
        let about = if matches!(stack, Figure::Measured(_)) { "" } else { "~" };
        let ram = format!("{about}{}", thousands(answer.ram()));
        let (stack, flash) = (figure(*stack), figure(*flash));
        let fits = fit::verdict(answer, limits);
        [name(answer), weights, gradient, state, activations, input, guard, samples, stack, ram, flash, fits]
    };
    let rows: Vec<_> = answers.iter().map(row).collect();
    grid::render(&columns, &rows)
}

/// The name of a row: method, optimizer, average.
fn name(answer: &Answer) -> String {
    let run = answer.run;
    let average = run.average.map_or_else(String::new, |average| format!("+{average}"));
    format!("{}+{}{average}", run.method, run.optimizer)
}

/// What would fit instead, and what the figures are.
fn notes(question: &Question, answers: &[Answer], limits: Limits, figures: &Figures) -> String {
    let mut notes = Vec::new();
    if answers.iter().any(|answer| limits.hold(answer) == Some(false)) {
        notes.push(fit::remedies(question, answers, limits, figures));
    }
    notes.push(format!(
        "Stack and flash: measured in QEMU on images of opt-level s, rustc {} (flash without start-up code, factory weights \
         and samples). Interrupts, and what else the firmware does, come on top.",
        figures.compiler
    ));
    if question.around().is_some() {
        notes.push(of_a_session(question, figures));
    }
    let about = |figure: Figure| !matches!(figure, Figure::Measured(_));
    if answers.iter().any(|answer| about(answer.stack) || about(answer.flash)) {
        notes.push(
            "~: an estimate, since no image of exactly this was measured: put together from measured ones \
             (docs/budget.md). ?: nothing like it was measured."
                .to_owned(),
        );
    }
    notes.iter().map(|note| wrapped(note)).collect()
}

/// What a session's stack and flash are.
fn of_a_session(question: &Question, figures: &Figures) -> String {
    let row = |name: &str| figures.row(question.core, name);
    let log = row("flash:wrist").zip(row("flash:wrist-silent"));
    let log = log.map_or_else(String::new, |(with, without)| {
        format!(", {} bytes of it for the log", thousands(with.saturating_sub(without)))
    });
    format!(
        "A session is the image of examples/wrist: driver, windows, training, guard, checkpoints and storage, with an emulated \
         bus and flash{log}. Its weights include those that do not train, which it reads into RAM."
    )
}

fn estimates(question: &Question, answers: &[Answer], chips: &[&'static Chip], figures: &Figures) -> String {
    if chips.is_empty() {
        return String::new();
    }
    let cell = |answer: &Answer, chip: &Chip, of: fn(&Chip, f64) -> [f64; 2]| {
        let instructions = question.instructions(&answer.run, chip.core, figures);
        instructions.map(|instructions| of(chip, instructions))
    };
    let table = |title: &str, of: fn(&Chip, f64) -> [f64; 2], unit: &str| {
        let head =
            |chip: &&'static Chip| Column::right("").headed(format!("{}\n{} MHz", chip.name, chip.mhz));
        let first = Column::left("").headed(title.to_owned());
        let columns: Vec<Column> = std::iter::once(first).chain(chips.iter().map(head)).collect();
        let row = |answer: &Answer| {
            let cells = chips.iter().map(|chip| range(cell(answer, chip, of), unit));
            [name(answer)].into_iter().chain(cells).collect::<Vec<_>>()
        };
        grid::render(&columns, &answers.iter().map(row).collect::<Vec<_>>())
    };
    let time = table("time, estimate", Chip::seconds, "s");
    let energy = table("energy, estimate", Chip::joules, "J");
    let note = wrapped(
        "Estimates of one fine-tuning run as the main job makes it: instructions counted in QEMU, times a range of cycles an \
         instruction, times current and voltage (sources: docs/budget.md).",
    );
    [time, energy, note].join("\n")
}

/// `6.5 to 10.8 s`.
fn range(range: Option<[f64; 2]>, unit: &str) -> String {
    let Some([least, most]) = range else { return "-".to_owned() };
    let (factor, prefix) = if most < 1.0 { (1e3, "m") } else { (1.0, "") };
    let digits = |x: f64| match x * factor {
        x if x < 9.95 => format!("{x:.1}"),
        x => format!("{x:.0}"),
    };
    format!("{} to {} {prefix}{unit}", digits(least), digits(most))
}

fn wrapped(text: &str) -> String {
    grid::wrap(text, table::WIDTH).join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::chip::{Core, find};
    use crate::finetune::Scope;
    use crate::mcu::ledger::Columns;
    use crate::model::Trained;
    use crate::tolerance::F64_SUM;

    fn question() -> Question {
        Question {
            net: Trained::Digits,
            methods: vec!["plain", "sam"],
            optimizers: vec!["sgd"],
            scope: Scope::All,
            average: None,
            guard: Guard::Off,
            replay: 0,
            samples: Place::Flash,
            epochs: Place::Ram,
            session: false,
            core: Core::M4f,
        }
    }

    /// A ledger in which plain SGD was measured, and the stack of SAM.
    fn figures() -> Figures {
        let rows = [
            ("stack:digits:all:plain+sgd", 500),
            ("flash:digits:all:plain+sgd", 4000),
            ("step:digits:all:plain+sgd", 100_000),
            ("sample:digits:all:plain+sgd", 90_000),
            ("stack:digits:all:sam+sgd", 600),
        ];
        let column = rows.into_iter().map(|(row, figure)| (row.to_owned(), figure)).collect();
        Figures::new("1.0".to_owned(), Columns::from([("mps2-an386".to_owned(), column)]))
    }

    #[test]
    fn what_does_not_fit_says_by_how_much_and_what_would() {
        // 3 vectors of 2,410 weights, a count and a flag, 42 activations, an input of 64, and the stack.
        let plain = 4 * (3 * 2_410 + 2 + 42 + 64) + 500;
        let text = text(&question(), Limits { ram: Some(plain), flash: None }, &[], &figures());
        assert!(text.contains("fits, 0 left"), "{text}");
        let more = 4 * 2_410 + 100;
        assert!(text.contains(&format!("no: {} too much RAM", thousands(more))), "{text}");
        assert!(
            text.contains("To fit: plain+sgd, up to") && text.contains("--scope last (every method)"),
            "{text}"
        );
        assert!(text.contains(" ?  no:") && text.contains("~: an estimate"), "{text}");
    }

    #[test]
    fn flash_is_a_limit_too_and_nothing_may_help() {
        let said = |ram, flash| text(&question(), Limits { ram, flash }, &[], &figures());
        let both = said(Some(1), Some(3_999));
        assert!(both.contains("1 too much flash") && both.contains("it needs more RAM and flash."), "{both}");
        let flash = said(Some(1 << 20), Some(3_999));
        assert!(flash.contains("it needs more flash.") && !flash.contains("needs more RAM"), "{flash}");
    }

    #[test]
    fn what_was_not_measured_does_not_fit_by_being_unknown() {
        let question = Question { methods: vec!["rst"], ..question() };
        let limits = |ram, flash| Limits { ram: Some(ram), flash: Some(flash) };
        let said = |limits| text(&question, limits, &[], &figures());
        let unknown = said(limits(64 << 10, 1 << 10));
        assert!(unknown.contains("unknown whether it fits: RAM, flash not measured"), "{unknown}");
        assert_eq!(lines(&question, limits(64 << 10, 1 << 10), &[], &figures())[0].fits, None);
        let lent = said(limits(1 << 10, 1 << 10));
        assert!(lent.contains("too much RAM") && !lent.contains("unknown whether"), "{lent}");
    }

    #[test]
    fn a_fit_says_what_is_left_of_each() {
        let question = Question { methods: vec!["plain"], ..question() };
        let said = text(&question, Limits { ram: Some(64 << 10), flash: Some(4_010) }, &[], &figures());
        assert!(said.contains("RAM, 10 flash left"), "{said}");
        let flash = text(&question, Limits { ram: None, flash: Some(4_010) }, &[], &figures());
        assert!(flash.contains("fits, 10 left"), "{flash}");
    }

    #[test]
    fn a_time_is_cycles_over_the_clock_and_an_energy_that_times_current_and_voltage() {
        let chip = find("stm32f411").unwrap();
        // 30 samples are 3 steps of 8 in each of 30 epochs.
        let instructions = 90.0 * (100_000.0 + 7.0 * 90_000.0);
        let line = &lines(&question(), Limits::default(), &[chip], &figures())[0];
        let [least, most] = line.chips[0].seconds.unwrap();
        assert!(
            (least - instructions * 1.2 / 100e6).abs() < F64_SUM.value
                && (most / least - 2.0 / 1.2).abs() < F64_SUM.value
        );
        let [low, high] = line.chips[0].joules.unwrap();
        assert!(
            (low - least * 11.6e-3 * 3.6).abs() < F64_SUM.value,
            "the fewest cycles at the least current"
        );
        assert!((high - most * 22.5e-3 * 3.6).abs() < F64_SUM.value, "the most cycles at the most current");
        let sam = &lines(&question(), Limits::default(), &[chip], &figures())[1];
        assert_eq!(sam.chips[0].seconds, None, "no step of it was counted");
        assert!(!sam.flash_measured && line.flash_measured);
    }

    #[test]
    fn ranges_are_short() {
        assert_eq!(range(Some([6.51, 10.84]), "s"), "6.5 to 11 s");
        assert_eq!(range(Some([0.0321, 0.0644]), "J"), "32 to 64 mJ");
        assert_eq!(range(None, "J"), "-");
    }
}
