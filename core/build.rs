//! Sets `flatmin_turns` where loops should take several elements or lanes a turn: at opt-level 3 for a core that has an
//! FPU but no vector registers. It changes the speed of loops and the size of their code, never a result.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(flatmin_turns)");
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    let has =
        |feature: &str| var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|all| all.split(',').any(|f| f == feature));
    let cortex_m = is("CARGO_CFG_TARGET_ARCH", "arm")
        && is("CARGO_CFG_TARGET_ABI", "eabihf")
        && is("CARGO_CFG_TARGET_OS", "none");
    let riscv = is("CARGO_CFG_TARGET_ARCH", "riscv32") && has("f");
    if (cortex_m || riscv) && is("OPT_LEVEL", "3") {
        println!("cargo::rustc-cfg=flatmin_turns");
    }
}
