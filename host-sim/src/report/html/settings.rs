//! What was asked for, and by what it was answered.

use super::Made;
use crate::finetune::sequence::LENGTH;
use crate::finetune::{BaseKind, Guard, Settings, Study};
use crate::gpu;
use crate::report::label;
use crate::train::Device;
use maud::{Markup, html};

pub(super) fn settings(settings: &Settings, made: &Made) -> Markup {
    html! {
        section aria-labelledby="settings" {
            h2 #settings { "Settings and versions" }
            p.conditions { "The same command gives the same numbers, times excepted, on every machine." }
            div.columns {
                (list("What was asked for", &asked(settings)))
                (list("What answered", &made.facts()))
            }
        }
    }
}

fn list(title: &str, facts: &[(&str, String)]) -> Markup {
    html! {
        div {
            h3 { (title) }
            dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        }
    }
}

fn asked(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { tasks, arms, person, seeds, lr, options, studies, replay, data, threads, .. } = settings;
    let asked_for = |study| studies.contains(&study);
    let tuned = || "tuned for each method".to_owned();
    let all_epochs = || "all epochs".to_owned();
    let two_methods = || "0; also 1 for sgd and sam".to_owned();
    vec![
        ("tasks", join(tasks, |task| label::task(*task))),
        ("methods", join(arms, |arm| label::arm(*arm))),
        ("people", people(*person, asked_for(Study::Sequence))),
        ("seeds", seeds_of(*seeds, asked_for(Study::WrongLabels))),
        ("learning rate", lr.map_or_else(tuned, |lr| lr.to_string())),
        ("wrong labels", format!("{} %", label::percent(options.noise))),
        ("what is trained", label::scope_title(options.scope).to_owned()),
        ("base model", base_model(settings)),
        ("guard", guard(options.guard, asked_for(Study::WrongLabels))),
        ("anchor", options.anchor.to_string()),
        ("Wise-FT", yes(options.wise_ft)),
        ("distillation", yes(options.distil)),
        ("selection of stored samples", label::selection(options.selection).to_owned()),
        ("tolerance of the guard", options.tolerance.map_or("any loss".to_owned(), |most| most.to_string())),
        ("patience of the guard", options.patience.map_or_else(all_epochs, |epochs| epochs.to_string())),
        ("features kept", yes(options.features)),
        ("stored old samples per labelled one", replay.map_or_else(two_methods, |count| count.to_string())),
        ("data", data.as_ref().map_or("embedded".to_owned(), |data| data.display().to_string())),
        ("trained on", trained_on(settings.device)),
        ("threads", threads_of(*threads)),
    ]
}

fn join<T>(items: &[T], name: impl Fn(&T) -> &'static str) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn yes(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

fn people(person: Option<u8>, sequence: bool) -> String {
    match person {
        Some(person) => format!("only number {person}"),
        None if sequence => {
            format!(
                "{LENGTH} at random for each seed, one after another; the base model has seen none of them"
            )
        }
        None => "everyone in turn".to_owned(),
    }
}

fn seeds_of(seeds: u32, wrong_labels: bool) -> String {
    let numbers = if seeds == 1 { "0".to_owned() } else { format!("0 to {}", seeds.saturating_sub(1)) };
    let draws =
        if wrong_labels { "; for each, the study of wrong labels draws labels three times" } else { "" };
    numbers + draws
}

fn base_model(Settings { options, blob, .. }: &Settings) -> String {
    match (options.base, blob) {
        (BaseKind::Method(arm), _) => format!("trained with {}", label::arm(arm)),
        (BaseKind::File, Some(blob)) => blob.display().to_string(),
        (BaseKind::File, None) => "a file".to_owned(),
    }
}

fn guard(guard: Guard, wrong_labels: bool) -> String {
    match guard {
        Guard::Off if wrong_labels => "none, but in the tables that say so",
        Guard::Off => "none",
        guard => label::guard(guard),
    }
    .to_owned()
}

fn trained_on(device: Device) -> String {
    match device {
        Device::Cpu => "the CPU".to_owned(),
        Device::CpuWithCheapNoise => "the CPU, with cheap noise".to_owned(),
        Device::Gpu => gpu::describe().unwrap_or_else(|_| "a GPU".to_owned()) + "; tested on the CPU",
    }
}

fn threads_of(threads: usize) -> String {
    match threads {
        0 => "one a core (results do not depend on it)".to_owned(),
        threads => format!("{threads} (results do not depend on it)"),
    }
}
