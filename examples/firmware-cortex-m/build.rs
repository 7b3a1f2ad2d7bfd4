//! Puts `memory.x` where the linker looks for it, and asks for cortex-m-rt's linker script.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let armv8m = env::var("TARGET").expect("cargo sets TARGET").starts_with("thumbv8m");
    let memory = if armv8m { "memory-an505.x" } else { "memory.x" };
    fs::copy(memory, out.join("memory.x")).expect("the memory layout lies next to Cargo.toml");
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed={memory}");
    println!("cargo::rerun-if-changed=build.rs");

    println!("cargo::rustc-check-cfg=cfg(flatmin_armv8m)");
    if armv8m {
        println!("cargo::rustc-cfg=flatmin_armv8m");
    }

    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // Without it, a flash that starts at an address not aligned to 64 KiB is padded.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
