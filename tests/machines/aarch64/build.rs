//! Links by `virt.x`.

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg-bins=-T{here}/virt.x");
    println!("cargo::rerun-if-changed=virt.x");
    println!("cargo::rerun-if-changed=build.rs");
}
