//! Where results go. A file appears under its name only when it is complete, and those of a run appear together.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
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
        sweep(path);
        temporary(path).map_err(fail)?;
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the files of a run, names with texts: all of them under temporary names first, then each gets its own. There
    /// is never half a file, and a file that cannot be written leaves the folder as it was. In a folder with a report of
    /// ours, files of an earlier run that this one does not write are removed; others never are.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, files: &[(String, String)]) -> Result<(), Error> {
        let mut ready = Vec::with_capacity(files.len());
        for (name, text) in files {
            let path = self.0.join(name);
            let written = written(&self.0, &path, text.as_bytes());
            ready.push((written.map_err(|source| Error::File { path: path.clone(), source })?, path));
        }
        let stale = self.stale(files);
        for (file, path) in ready {
            file.persist(&path).map_err(|error| Error::File { path, source: error.error })?;
        }
        // What cannot be removed stays: the run itself has succeeded.
        stale.into_iter().for_each(|path| drop(std::fs::remove_file(path)));
        Ok(())
    }

    /// Files of an earlier run of ours that are not among `files`.
    fn stale(&self, files: &[(String, String)]) -> Vec<PathBuf> {
        let report = std::fs::read_to_string(self.0.join(REPORT)).unwrap_or_default();
        if !report.contains("<title>flatmin-sim report</title>") {
            return Vec::new();
        }
        let kept = |name: &str| files.iter().any(|(known, _)| known == name);
        named(&self.0, |name| is_result(name) && !kept(name))
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
        std::fs::create_dir_all(&folder).map_err(fail)?;
        sweep(&folder);
        temporary(&folder).map_err(fail)?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Writes it under a temporary name, then gives it its own: there is never half a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let fail = |source| Error::File { path: self.path.clone(), source };
        let file = written(&self.folder, &self.path, bytes).map_err(fail)?;
        file.persist(&self.path).map(drop).map_err(|error| fail(error.error))
    }
}

/// The page of a run.
pub(crate) const REPORT: &str = "report.html";

/// Whether a run of ours writes files of this name.
fn is_result(name: &str) -> bool {
    const TEXTS: [&str; 5] = ["rows.jsonl", "table.txt", "sequence.jsonl", "sequence.txt", REPORT];
    const PICTURES: [&str; 4] = ["tradeoff-", "curves-", "harm-", "ram-"];
    TEXTS.contains(&name)
        || name.ends_with(".svg") && PICTURES.iter().any(|picture| name.starts_with(picture))
}

/// A complete file for `path`, still under a temporary name.
fn written(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Files in a folder by their names.
fn named(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_name().to_str().is_some_and(&wanted));
    files.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// How temporary names begin; the number of the process follows.
const PREFIX: &str = ".flatmin-";
/// Nobody needs so long from a temporary name to the final one.
const LONG: Duration = Duration::from_secs(3600);

/// Removes temporary files of runs that were killed: those whose process is gone (where that can be told), and old ones.
fn sweep(folder: &Path) {
    let left = named(folder, |name| name.starts_with(PREFIX));
    for path in left.into_iter().filter(|path| is_dead(path)) {
        // A courtesy: what cannot be removed is in nobody's way.
        let _ = std::fs::remove_file(path);
    }
}

fn is_dead(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
    let process = name.and_then(|name| name.split_once('-')).and_then(|(id, _)| id.parse::<u32>().ok());
    let processes = Path::new("/proc");
    let gone =
        process.is_some_and(|id| processes.join("self").exists() && !processes.join(id.to_string()).exists());
    let age =
        std::fs::metadata(path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    gone || age.is_some_and(|age| age > LONG)
}

/// A file in `folder` that vanishes unless it is given a name.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let prefix = format!("{PREFIX}{}-", std::process::id());
    builder.prefix(&prefix);
    // As readable for others as any other new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

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
        folder.write(&texts(&[("t.txt", "long text")])).unwrap();
        folder.write(&texts(&[("t.txt", "short")])).unwrap();
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
        let both = texts(&[("a.txt", ""), ("t.txt", "")]);
        assert!(folder.write(&both).unwrap_err().to_string().contains("t.txt"));
        assert_eq!(names(root.path()), ["t.txt"], "not even the first file was written");
    }

    #[test]
    fn files_of_an_earlier_run_go_and_those_of_others_stay() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let run = |name, page| folder.write(&texts(&[(name, ""), (REPORT, page)])).unwrap();
        let page = "<title>flatmin-sim report</title>";
        std::fs::write(root.path().join("mine.svg"), "").unwrap();
        std::fs::write(root.path().join("table.txt"), "mine too").unwrap();
        run("ram-spar.svg", page);
        let sorted = || {
            let mut names = names(root.path());
            names.sort();
            names
        };
        assert_eq!(sorted(), ["mine.svg", "ram-spar.svg", REPORT, "table.txt"], "there was no report before");
        run("ram-turned.svg", page);
        assert_eq!(sorted(), ["mine.svg", "ram-turned.svg", REPORT]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_killed_run_left_is_swept_and_what_a_living_one_writes_is_not() {
        let root = tempfile::tempdir().unwrap();
        // No process has such a number.
        let (dead, living) =
            (".flatmin-4294967295-aB3dEf", format!(".flatmin-{}-aB3dEf", std::process::id()));
        for name in [dead, &living] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        Folder::open(root.path()).unwrap();
        assert_eq!(names(root.path()), [living]);
    }
}
