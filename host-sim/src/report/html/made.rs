//! By what a report was made.

use crate::data::{digits, wrist};
use flatmin::backend::Cpu;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

/// By what a report was made, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The command line, quoted for a shell.
    pub command: String,
    /// When it was made.
    pub when: SystemTime,
    /// CRC-32 of the rows that it shows.
    pub rows: u32,
}

impl Made {
    /// Now, by this command line (program name first), from `rows`.
    pub fn now(args: impl IntoIterator<Item = OsString>, rows: &str) -> Self {
        Self { command: command(args), when: SystemTime::now(), rows: crc32fast::hash(rows.as_bytes()) }
    }

    /// Which software.
    pub(super) fn versions(&self) -> String {
        format!("flatmin-sim {}", env!("CARGO_PKG_VERSION"))
    }

    /// What else is to be known to make it again: names with values.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let data = |name, bytes: &[u8]| format!("{name}, CRC-32 {:08x}", stored_crc(bytes));
        vec![
            ("made", humantime::format_rfc3339_seconds(self.when).to_string()),
            ("versions", format!("{} with flatmin of the same version", self.versions())),
            (
                "machine",
                format!(
                    "{} on {}, kernels for {}; accuracies do not depend on it, times do",
                    std::env::consts::OS,
                    std::env::consts::ARCH,
                    Cpu::detect().name()
                ),
            ),
            ("embedded data", format!("{}; {}", data("digits", digits::BYTES), data("wrist", wrist::BYTES))),
            ("rows of this report", format!("CRC-32 {:08x}", self.rows)),
        ]
    }
}

/// The checksum at the end of a TDS file.
fn stored_crc(bytes: &[u8]) -> u32 {
    bytes.last_chunk::<4>().map_or(0, |crc| u32::from_le_bytes(*crc))
}

/// As it can be typed again; the program by its name alone.
fn command(args: impl IntoIterator<Item = OsString>) -> String {
    let mut args = args.into_iter();
    let program = args.next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or(&program).to_owned();
    let words: Vec<String> =
        [program].into_iter().chain(args).map(|word| word.to_string_lossy().into_owned()).collect();
    // Only a zero byte cannot be quoted, and no argument holds one.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        let args = ["/usr/bin/flatmin-sim", "--out", "my folder", "--noise", "0.2"].map(OsString::from);
        assert_eq!(command(args), "flatmin-sim --out 'my folder' --noise 0.2");
        assert_eq!(command([]), "''");
    }

    #[test]
    fn data_are_known_by_their_checksum() {
        let bytes = wrist::BYTES;
        assert_eq!(stored_crc(bytes), crc32fast::hash(&bytes[..bytes.len() - 4]));
    }
}
