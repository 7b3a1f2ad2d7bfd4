//! Sets `flatmin_turns` where loops should take several elements or lanes a turn: at opt-level 3 for a core that has an
//! FPU but no vector registers, and `flatmin_small` where noise should be drawn by one copy of its code: at opt-level s for
//! a core without vector registers. They change the speed of loops and the size of their code, never a result.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(flatmin_turns, flatmin_small)");
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    let has =
        |feature: &str| var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|all| all.split(',').any(|f| f == feature));
    let cortex_m = is("CARGO_CFG_TARGET_ARCH", "arm")
        && is("CARGO_CFG_TARGET_ABI", "eabihf")
        && is("CARGO_CFG_TARGET_OS", "none");
    let riscv = is("CARGO_CFG_TARGET_ARCH", "riscv32") && has("f");
    let scalar = ["arm", "riscv32"].iter().any(|arch| is("CARGO_CFG_TARGET_ARCH", arch)) && !has("neon");
    if scalar && (is("OPT_LEVEL", "s") || is("OPT_LEVEL", "z")) {
        println!("cargo::rustc-cfg=flatmin_small");
    }
    if (cortex_m || riscv) && is("OPT_LEVEL", "3") {
        println!("cargo::rustc-cfg=flatmin_turns");
    }
}
