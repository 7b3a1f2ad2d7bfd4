//! Images, built by `.ci/bare-metal`, which knows the compilers.

use super::{Error, Machine};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// What is built: the image, or one that must be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    True,
    /// Its backend has one wrong kernel (`--cfg flatmin_canary`).
    Canary,
    /// Its start-up code switches the FPU to flush-to-zero (`--cfg flatmin_flush_to_zero`).
    FlushToZero,
}

impl Variant {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::True => &[],
            Self::Canary => &["--", "--cfg", "flatmin_canary"],
            Self::FlushToZero => &["--", "--cfg", "flatmin_flush_to_zero"],
        }
    }
}

/// A built image: a copy of its own, since the next variant takes the place of this one.
#[derive(Debug)]
pub struct Image {
    folder: tempfile::TempDir,
    name: String,
}

impl Image {
    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }
}

/// The profile of images that are run: optimised for speed.
const FAST: &str = "o3";

/// The checkout: this folder or one above it that holds the script, else the one this program was built from.
///
/// # Errors
/// [`Error::NoCheckout`].
pub(super) fn root() -> Result<PathBuf, Error> {
    let here = std::env::current_dir().map_err(|_| Error::NoCheckout)?;
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut candidates = here.ancestors().chain([&*built]);
    candidates
        .find(|folder| folder.join(".ci/bare-metal").is_file())
        .map(Path::to_owned)
        .ok_or(Error::NoCheckout)
}

fn script(arguments: &[&str], folder: &str, variables: &[(&'static str, String)]) -> Result<Output, Error> {
    let root = root()?;
    let path = root.join(".ci/bare-metal");
    let folder = root.join(folder);
    let output = Command::new(&path)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .output();
    output.map_err(|source| Error::File { path, source })
}

/// What the script prints, or what is missing.
fn ask(arguments: &[&str]) -> Result<String, Error> {
    let output = script(arguments, ".", &[])?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(Error::Missing(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// The compiler of a target: version, commit, and whether `core` was compiled from source with the image's own settings.
///
/// # Errors
/// [`Error::Missing`] if there is none, with what to do.
pub fn compiler(target: &str) -> Result<String, Error> {
    ask(&["compiler", target])
}

/// Builds the image `name` for a machine.
///
/// # Errors
/// [`Error::Missing`] if there is no compiler, [`Error::Build`] if it refuses.
pub(super) fn image(machine: &Machine, name: &'static str, variant: Variant) -> Result<Image, Error> {
    build(machine.package, machine.target, name, FAST, variant, &[])
}

/// Builds a program of a package; its build script sees the variables.
pub(super) fn build(
    package: &str,
    target: &'static str,
    name: &'static str,
    profile: &str,
    variant: Variant,
    variables: &[(&'static str, String)],
) -> Result<Image, Error> {
    /// Variants share their place in the target folder.
    static PLACE: Mutex<()> = Mutex::new(());
    let _place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = ask(&["target-dir", target])?;
    let call = ["cargo", target, "rustc", "--quiet", "--locked", "--profile", profile, "--bin", name];
    let output = script(&[&call[..], variant.arguments()].concat(), package, variables)?;
    if !output.status.success() {
        return Err(Error::Build { image: name, target, said: last_lines(&output.stderr) });
    }
    let file = if target.starts_with("wasm32") { format!("{name}.wasm") } else { name.to_owned() };
    let built = Path::new(&folder).join(target).join(profile).join(&file);
    let failed = |source| Error::File { path: built.clone(), source };
    let image = Image { folder: tempfile::tempdir().map_err(failed)?, name: file };
    std::fs::copy(&built, image.path()).map_err(failed)?;
    Ok(image)
}

impl Image {
    /// Its bytes.
    pub(super) fn read(&self) -> Result<Vec<u8>, Error> {
        let path = self.path();
        std::fs::read(&path).map_err(|source| Error::File { path, source })
    }
}

/// The last lines of what a program said, in one.
pub(super) fn last_lines(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
