//! Where results go. A file appears under its name only when it is complete.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Why results cannot be filed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder does not exist and cannot be made, or takes no files.
    #[error("cannot write results to the folder {}: {source}; choose another one with --out", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file in it.
    #[error("cannot write {}: {source}; is the disk full, or the path a folder?", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A folder that takes files.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder where it is missing, and tries whether it takes a file.
    ///
    /// # Errors
    /// When it does not.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::Folder { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(fail)?;
        temporary(path).map_err(fail)?;
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file under a temporary name, then gives it its own: there is never half a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.0.join(name);
        place(&self.0, &path, text.as_bytes()).map_err(|source| Error::File { path, source })
    }
}

/// A single file that will be written.
#[derive(Debug)]
pub struct File {
    folder: PathBuf,
    path: PathBuf,
}

impl File {
    /// Makes the file's folder where it is missing, and tries whether it takes a file; the file itself stays as it is.
    ///
    /// # Errors
    /// When it does not, or the path is a folder.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::File { path: path.to_owned(), source };
        if path.is_dir() || path.file_name().is_none() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        std::fs::create_dir_all(&folder).and_then(|()| temporary(&folder)).map_err(fail)?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Writes it under a temporary name, then gives it its own: there is never half a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let fail = |source| Error::File { path: self.path.clone(), source };
        place(&self.folder, &self.path, bytes).map_err(fail)
    }
}

fn place(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// A file in `folder` that vanishes unless it is given a name.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flatmin-");
    // As readable for others as any other new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn files_are_written_and_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let folder = Folder::open(&path).unwrap();
        assert_eq!(names(&path), [""; 0]);
        folder.write("t.txt", "long text").unwrap();
        folder.write("t.txt", "short").unwrap();
        assert_eq!(names(&path), ["t.txt"]);
        assert_eq!(std::fs::read_to_string(path.join("t.txt")).unwrap(), "short");
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let file = NamedTempFile::new().unwrap();
        let message = Folder::open(&file.path().join("out")).unwrap_err().to_string();
        assert!(message.contains("/out: ") && message.contains("--out"), "{message}");
    }

    #[test]
    fn a_file_in_the_way_is_named_and_nothing_is_left() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        std::fs::create_dir(root.path().join("t.txt")).unwrap();
        assert!(folder.write("t.txt", "").unwrap_err().to_string().contains("t.txt"));
        assert_eq!(names(root.path()), ["t.txt"]);
    }
}
