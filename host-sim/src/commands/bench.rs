//! `bench`: what every kernel costs on this CPU.

use super::Error;
use crate::bench;
use crate::cli::Bench;
use std::io::{Write, stderr, stdout};

/// Measures and prints.
///
/// # Errors
/// When standard output cannot be written, and when a GPU is asked for and fails.
pub fn run(args: &Bench) -> Result<(), Error> {
    if args.gpu {
        return gpu(args.json);
    }
    // The notes on the way are a courtesy: nothing depends on them.
    let measured =
        bench::run(&mut |bytes| drop(writeln!(stderr(), "measuring at {} a vector", bench::size(bytes))));
    let mut out = stdout().lock();
    if args.json {
        for measurement in &measured {
            writeln!(out, "{}", serde_json::to_string(measurement)?)?;
        }
    } else {
        out.write_all(bench::table(&measured).as_bytes())?;
    }
    Ok(())
}

#[cfg(feature = "gpu")]
fn gpu(json: bool) -> Result<(), Error> {
    let announce =
        &mut |bytes: usize| drop(writeln!(stderr(), "measuring {} M elements a vector", bytes >> 22));
    let bench = bench::gpu::run(announce).map_err(|error| Error::Job(error.into()))?;
    let mut out = stdout().lock();
    if json {
        // A courtesy, as above.
        let _ = writeln!(stderr(), "{}", bench.device.device);
        if let Some(why) = &bench.stopped {
            let _ = writeln!(stderr(), "{why}");
        }
        out.write_all(bench.json()?.as_bytes())?;
    } else {
        out.write_all(bench::gpu::table(&bench).as_bytes())?;
    }
    Ok(())
}

#[cfg(not(feature = "gpu"))]
fn gpu(_: bool) -> Result<(), Error> {
    Err(Error::Job(crate::gpu::Error::NotBuilt.into()))
}
