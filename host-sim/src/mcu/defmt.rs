//! What images say through `defmt`: frames, whose texts lie in the image's file.

use super::Error;
use super::build::Image;
use defmt_decoder::{DecodeError, Table};

/// The text of what `image` said: decoded if it speaks through `defmt`, else as it is.
///
/// # Errors
/// [`Error::File`]; [`Error::Broken`] for a table of another version of `defmt`.
pub(super) fn text(image: &Image, said: Vec<u8>) -> Result<String, Error> {
    let file = image.read()?;
    // No ELF file (WebAssembly), or one without texts.
    let table = Table::parse(&file).ok().flatten().filter(|table| !table.is_empty());
    let Some(table) = table else { return Ok(String::from_utf8_lossy(&said).into_owned()) };
    let (mut text, mut decoder) = (String::new(), table.new_stream_decoder());
    decoder.received(&said);
    loop {
        match decoder.decode() {
            Ok(frame) => text.extend([&frame.display_message().to_string(), "\n"]),
            Err(DecodeError::UnexpectedEof) => break,
            // A panic says its message in plain text, between frames.
            Err(DecodeError::Malformed) => text.push_str("a line that is no defmt frame\n"),
        }
    }
    // Whatever comes after the last frame.
    let rest = said.rsplit(|byte| *byte == 0).next().unwrap_or_default();
    text.push_str(&String::from_utf8_lossy(rest));
    Ok(text)
}
