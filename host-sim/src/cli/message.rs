//! A refused command line in one line.

/// What was wrong, where, and what to do, without line breaks.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> =
        text.split("\n\n").filter(|part| !part.starts_with("Usage:")).flat_map(str::lines).collect();
    let parts: Vec<&str> = lines.into_iter().map(str::trim).filter(|line| !line.is_empty()).collect();
    parts.join("; ").replace("'; [", "' [").replace(":; ", ": ").replace("; For more", "; for more")
}
