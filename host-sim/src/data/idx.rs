//! Gzipped idx files of bytes, the format of MNIST and its successors: `0 0 8 axes`, one big-endian u32 an axis, values.

use super::DataError;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

/// Unsigned bytes of some shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Idx<const AXES: usize> {
    pub(super) dims: [usize; AXES],
    pub(super) values: Vec<u8>,
}

/// Reads the file at `path`, which must have `AXES` axes.
///
/// # Errors
/// When the file cannot be read or unpacked, or is not what its header says; the message names it.
pub(super) fn read<const AXES: usize>(path: &Path) -> Result<Idx<AXES>, DataError> {
    let failed = |source| DataError::Unpack { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut file = GzDecoder::new(BufReader::new(file));
    let mut word = || {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes).map(|()| bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => damaged(path, "its header is cut short".into()),
            _ => failed(error),
        })
    };
    let magic = word()?;
    if magic != [0, 0, 8, AXES as u8] {
        return Err(damaged(
            path,
            format!("it is not an idx file of bytes with {AXES} axes: it begins {magic:?}"),
        ));
    }
    let mut dims = [0; AXES];
    for dim in &mut dims {
        *dim = u32::from_be_bytes(word()?) as usize;
    }
    let expected = dims.iter().fold(1_u64, |product, &dim| product.saturating_mul(dim as u64));
    let mut values = Vec::new();
    // One more than announced, to see whether there is more; what a header announces is not believed.
    file.take(expected.saturating_add(1)).read_to_end(&mut values).map_err(failed)?;
    match values.len() as u64 {
        found if found < expected => {
            Err(damaged(path, format!("its header announces {expected} values, there are {found}")))
        }
        found if found > expected => {
            Err(damaged(path, format!("there is more than the {expected} values announced")))
        }
        _ => Ok(Idx { dims, values }),
    }
}

/// The error for a file whose content is wrong.
pub(super) fn damaged(path: &Path, problem: String) -> DataError {
    DataError::Damaged { path: path.to_owned(), problem }
}
