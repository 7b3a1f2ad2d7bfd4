//! Puts `memory.x` where the linker looks for it, and asks for riscv-rt's linker script.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::copy("memory.x", out.join("memory.x")).expect("memory.x lies next to Cargo.toml");
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed=build.rs");

    println!("cargo::rustc-link-arg-bins=-Tmemory.x");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rerun-if-env-changed=FLATMIN_LOG");
    println!("cargo::rustc-check-cfg=cfg(flatmin_silent)");
    if env::var("FLATMIN_LOG").is_ok_and(|log| log == "off") {
        // Else defmt's linker script would keep a transport that nothing uses.
        println!("cargo::rustc-cfg=flatmin_silent");
    } else {
        // Where defmt's texts lie, which are not flashed.
        println!("cargo::rustc-link-arg-bin=wrist=-Tdefmt.x");
    }
}
