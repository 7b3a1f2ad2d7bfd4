//! Chooses the fine-tuning run that the image `run` holds, and shows the linker its memory.

use std::env;

/// What can be chosen, with what it is by default and else.
const CHOICES: [(&str, &[&str]); 5] = [
    ("net", &["wrist", "digits", "fmnist"]),
    ("scope", &["all", "last", "bias"]),
    ("method", &["plain", "sam", "rst", "lpf_sgd", "lpf_sgd_residual"]),
    ("optimizer", &["sgd", "adam", "adamw"]),
    ("average", &["none", "swa", "ema"]),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=run.x");
    println!("cargo::rerun-if-env-changed=FLATMIN_RUN");
    let asked = env::var("FLATMIN_RUN").unwrap_or_default();
    let mut asked = asked.split_whitespace();
    for (name, values) in CHOICES {
        let value = asked.next().unwrap_or(values[0]);
        assert!(values.contains(&value), "FLATMIN_RUN: {name} is one of {values:?}, not {value}");
        println!("cargo::rustc-check-cfg=cfg({name}, values({values:?}))", values = Values(values));
        println!("cargo::rustc-cfg={name}=\"{value}\"");
    }
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rustc-link-arg-bin=run=-T{folder}/run.x");
    println!("cargo::rustc-link-arg-bin=run=--nmagic");
}

/// Values as `check-cfg` wants them.
struct Values(&'static [&'static str]);

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let quoted: Vec<String> = self.0.iter().map(|value| format!("{value:?}")).collect();
        f.write_str(&quoted.join(", "))
    }
}
