//! Shows the linker the memory of the board, and asks for cortex-m-rt's linker script.

use std::env;

fn main() {
    let variable = |name: &str| env::var(name).expect("cargo sets it");
    // The linker looks for memory.x in the package's folder first: there must be none.
    let armv8m = variable("TARGET").starts_with("thumbv8m");
    let board =
        format!("{}/boards/{}", variable("CARGO_MANIFEST_DIR"), if armv8m { "mps2-an505" } else { "mps2" });
    println!("cargo::rustc-link-search={board}");
    println!("cargo::rerun-if-changed={board}/memory.x");
    println!("cargo::rerun-if-changed=build.rs");

    println!("cargo::rustc-check-cfg=cfg(flatmin_armv8m)");
    if armv8m {
        println!("cargo::rustc-cfg=flatmin_armv8m");
    }

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
    // Without it, a flash that starts at an address not aligned to 64 KiB is padded.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
